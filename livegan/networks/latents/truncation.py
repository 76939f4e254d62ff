"""Truncation trick in w (Karras et al. 2019, 1812.04948, appendix B)."""

import torch
from torch import Tensor


def truncated(ws: Tensor, w_avg: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
    """ws (..., num_ws, w_dim) interpolated towards the average w, in the first `cutoff` rows or in all.

    `w_avg`: one for all rows, (..., 1, w_dim) or (w_dim,), or one for each, (..., num_ws, w_dim). psi 1 leaves them,
    0 gives the average.
    """
    if psi == 1:
        return ws
    rows = ws.shape[-2] if cutoff is None else min(max(cutoff, 0), ws.shape[-2])
    average = w_avg[..., :rows, :] if w_avg.ndim > 1 and w_avg.shape[-2] > 1 else w_avg
    near = average + psi * (ws[..., :rows, :] - average)
    return torch.cat([near, ws[..., rows:, :]], dim=-2)
