"""Benchmark of network backends: speed relative to the reference forward pass of the same weights, in one run.

Every candidate has a process of its own and they take turns, a few pictures each, so that other load on the machine
affects all of them. The plain forward runs twice: with torch's defaults, and with the memory setting of our backends
(`core.machine.keep_memory`), which makes it faster too. Synthesis and the conversion to uint8 are timed, noise
included; the mapping network is not.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from torch import Tensor

from livegan.core.clock import WallClock
from livegan.core.machine import keep_memory
from livegan.core.own_process import safe_spawn
from livegan.networks.architectures.stylegan2 import StyleGAN2, to_pixels
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.device import has_bf16, machine
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import psnr_db
from livegan.rendering.backends import stylegan2_openvino
from livegan.rendering.backends.protocol import Backend
from livegan.rendering.backends.stylegan2_cpu import StyleGAN2CpuBackend
from livegan.rendering.backends.stylegan2_cuda import StyleGAN2CudaBackend
from livegan.rendering.backends.stylegan2_openvino import OpenVinoBackend
from livegan.rendering.threads import threads_text, use_threads

Draw = Callable[[Tensor], Tensor]  # ws (num_ws, w_dim) to uint8 (height, width, 3)
Forward = Callable[[StyleGAN2], Draw]

# channels from 4 px up, size of w, pictures to draw with each candidate
SHAPES: Mapping[str, tuple[tuple[int, ...], int, int]] = {
    "house": ((256, 256, 256, 128, 64, 32, 16), 256, 60),
    "256": ((256, 256, 256, 256, 128, 64, 32), 256, 30),
    "256-full": ((512, 512, 512, 512, 256, 128, 64), 512, 15),
    "512": ((256, 256, 256, 256, 128, 64, 32, 16), 256, 20),
    "1024": ((512, 512, 512, 512, 512, 256, 128, 64, 32), 512, 4),
}
TURN_FRAMES = 5  # pictures timed in a turn, after one that is not
COMPARED_FRAMES = 2  # pictures compared with the plain forward's
PLAIN, KEPT, TORCH, OPENVINO = "plain", "plain, memory kept", "ours, torch", "ours, OpenVINO"
HALF, SINGLE = "ours, fp16", "ours, fp32"  # on a GPU


def plain(network: StyleGAN2) -> Draw:
    """The float32 reference of the package."""
    return lambda ws: to_pixels(network.synthesize(ws[None], SynthesisOptions())[0])


def random_network(shape: str) -> StyleGAN2:
    """A network of that shape with random weights in the proportions of a trained one, the same at every call."""
    channels, w_dim, _ = SHAPES[shape]
    generator = torch.Generator().manual_seed(len(channels))
    network = StyleGAN2(StyleGAN2Shape(w_dim, w_dim, channels))
    for name, tensor in network.synthesis.state_dict().items():
        normal = torch.randn(tensor.shape, generator=generator)
        if name.endswith("affine.bias"):
            normal = 1 + 0.1 * normal
        elif name.endswith(("bias", "noise_strength")):
            normal *= 0.1
        elif "torgb.weight" in name:
            normal *= 0.3
        tensor.copy_(normal)
    return network


def measure(
    shapes: Sequence[str] = tuple(SHAPES),
    threads: Sequence[int] = (1, 2),
    frames: int | None = None,
    forward: Forward = plain,
    device: str = "cpu",
) -> dict[str, Any]:
    """Every figure, ready for JSON: per shape, thread count and candidate its ms, fps, speed ratios and PSNR.

    Each candidate draws `frames` (None: a number that suits the shape); `forward` makes the plain forward. On another
    `device` of torch than "cpu" times include the copy of the picture to the CPU.
    """
    names = [PLAIN, KEPT, TORCH, *([OPENVINO] if stylegan2_openvino.is_installed() else [])]
    if device != "cpu":
        names = [PLAIN, HALF, SINGLE]
    rows: list[dict[str, Any]] = []
    for count in threads:
        with _workers(names, count, forward, device) as workers:
            for shape in shapes:
                rows += _compare(workers, shape, count, frames or SHAPES[shape][2])
    return {"machine": machine(), "forward": f"{forward.__module__}.{forward.__qualname__}", "rows": rows}


def _compare(workers: Mapping[str, Connection], shape: str, threads: int, frames: int) -> list[dict[str, Any]]:
    """One shape, all candidates in turn."""
    texts, pictures = {}, {}
    for name, worker in workers.items():
        texts[name], pictures[name] = _ask(worker, "make", shape)
    times_ms: dict[str, list[float]] = {name: [] for name in workers}
    for start in range(0, frames, TURN_FRAMES):
        for name, worker in workers.items():
            times_ms[name] += _ask(worker, "draw", min(TURN_FRAMES, frames - start))
    medians_ms = {name: float(np.median(times)) for name, times in times_ms.items()}
    lowest_db = {
        name: min(
            psnr_db(torch.from_numpy(picture), torch.from_numpy(plain_picture))
            for picture, plain_picture in zip(drawn, pictures[PLAIN], strict=True)
        )
        for name, drawn in pictures.items()
    }
    return [
        {
            "shape": shape,
            "pixels": list(pictures[name][0].shape[:2]),
            "threads": threads,
            "way": name,
            "text": texts[name],
            "ms": round(medians_ms[name], 3),
            "least_ms": round(min(times_ms[name]), 3),
            "fps": round(1000 / medians_ms[name], 1),
            "times_plain": round(medians_ms[PLAIN] / medians_ms[name], 2),
            "times_kept": round(medians_ms.get(KEPT, medians_ms[PLAIN]) / medians_ms[name], 2),
            "db": round(lowest_db[name], 1),
        }
        for name in workers
    ]


def _ask(worker: Connection, request: str, argument: Any) -> Any:
    worker.send((request, argument))
    return worker.recv()


@contextmanager
def _workers(
    names: Sequence[str], threads: int, forward: Forward, device: str = "cpu"
) -> Iterator[dict[str, Connection]]:
    """Pipes to one process per candidate; a pipe whose process has failed raises EOFError."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    processes = []
    try:
        for name in names:
            pipes[name], child_end = context.Pipe()
            process = context.Process(target=_work, args=(child_end, name, threads, forward, device), daemon=True)
            with safe_spawn():
                process.start()
            processes.append(process)
            child_end.close()
        yield pipes
    finally:
        for pipe in pipes.values():
            pipe.close()
        for process in processes:
            process.join()


def _work(pipe: Connection, name: str, threads: int, forward: Forward, device: str = "cpu") -> None:
    """Draw on request until the pipe is closed; where that fails, the other end gets an EOFError instead of waiting."""
    with pipe:
        _draw_on_request(pipe, name, threads, forward, device)


def _draw_on_request(pipe: Connection, name: str, threads: int, forward: Forward, device: str) -> None:
    use_threads(threads)
    if name == KEPT:
        keep_memory()
    clock = WallClock()
    with torch.inference_mode():
        while True:
            try:
                request, argument = pipe.recv()
            except EOFError:
                return
            if request == "make":
                network = random_network(argument)
                draw, text, torch_threads, ws = _candidate(name, threads, forward, network, device)
                use_threads(torch_threads)
                pipe.send((text, [draw(rows).numpy() for rows in ws[:COMPARED_FRAMES]]))
                continue
            draw(ws[0])
            times_ms = []
            for index in range(argument):
                start_s = clock.now()
                draw(ws[index % len(ws)])
                times_ms.append((clock.now() - start_s) * 1000)
            pipe.send(times_ms)


def _candidate(
    name: str, threads: int, forward: Forward, network: StyleGAN2, device: str
) -> tuple[Draw, str, int, list[Tensor]]:
    """What draws `network`, how it describes itself, its number of torch threads, and the ws to draw."""
    generator = torch.Generator().manual_seed(0)
    ws = [
        torch.randn(1, network.w_dim, generator=generator).expand(network.num_ws, -1).contiguous()
        for _ in range(TURN_FRAMES + 1)
    ]
    if name in (PLAIN, KEPT):
        plain_forward, where = forward(network.to(device)), "" if device == "cpu" else f"{device}, "
        text = f"{where}fp32, {threads_text(threads)}"
        return lambda rows: plain_forward(rows.to(device)).cpu(), text, threads, ws
    backend: Backend
    if name in (HALF, SINGLE):
        backend = StyleGAN2CudaBackend(network, device, half=name == HALF)
    elif name == TORCH:
        backend = StyleGAN2CpuBackend(network, 4 if has_bf16() else None, threads)
    else:
        backend = OpenVinoBackend(network, "bf16" if stylegan2_openvino.has_bf16() else "f32", threads)
    return lambda rows: backend.render(rows, SynthesisOptions()).cpu(), backend.text, backend.threads, ws


def table(figures: Mapping[str, Any]) -> str:
    """The figures as a text table."""
    lines = [
        f"{figures['machine']}",
        f"plain: {figures['forward']} in float32 with torch's defaults; kept: the same with our memory setting",
        "",
        f"{'network':9} {'threads':>7}  {'way':19} {'ms':>9} {'least':>9} {'fps':>7}"
        f" {'x plain':>8} {'x kept':>7} {'dB':>6}",
    ]
    for row in figures["rows"]:
        if row["way"] == PLAIN and len(lines) > 4:
            lines.append("")
        lines.append(
            f"{row['shape']:9} {row['threads']:7}  {row['way']:19} {row['ms']:9.2f} {row['least_ms']:9.2f}"
            f" {row['fps']:7.1f} {row['times_plain']:8.2f} {row['times_kept']:7.2f} {row['db']:6.1f}"
        )
    return "\n".join(lines)
