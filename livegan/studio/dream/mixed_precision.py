"""Mixed precision: matrices in 16 bits where the machine multiplies those faster.

The decoder of a full-size VQGAN and its gradient take 2.3 times as long without it (AMD EPYC Zen 4, AVX-512 BF16), the
gradient has the same direction (cosine 0.999), and the picture differs by 44 dB. Only networks run in it: places in
pictures, the choice of codes and losses need all 32 bits. GPUs that only emulate bfloat16 (before Ampere) dream in 32
bits: in their float16 small gradients would be lost.
"""

from functools import cache

import torch


def mixed_precision(device: torch.device) -> torch.autocast:
    """The context for the networks of a dream on that device."""
    half = _half(device.type)
    return torch.autocast(device.type, half or torch.bfloat16, enabled=half is not None)


@cache
def _half(device: str) -> torch.dtype | None:
    """The 16-bit format that is fast there; None if none is."""
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    if device == "cpu":
        multiplies = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.bfloat16 if multiplies else None
    return None
