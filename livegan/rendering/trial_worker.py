"""Worker subprocess of a trial: makes one backend, draws two pictures, compares and times them; started by `trial`.

It appends lines of JSON to the file of its job: {"doing": what}, with "slowdown" when it comes to the device (how many
times slower it is than it would be without other programs), and in the end {"outcome": ..., "reason": ...}. If the
driver hangs or kills it, the last line says where.
"""

import faulthandler
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

PICTURES, ROUNDS = 2, 3
SLOW = 2.0  # so many times slower than the plain forward on this CPU: it cannot win
PR_SET_PDEATHSIG, SIGKILL = 1, 9  # prctl(2)

Say = Callable[..., None]


def main() -> None:
    """Do the job on the command line."""
    from livegan.rendering.trial import Job

    job = Job(**json.loads(sys.argv[-1]))
    _be_mortal(job.seconds, job.nice)

    def say(**line: object) -> None:
        with Path(job.answer).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    say(doing="loading torch")
    say(**(_judge(job, say) if job.network else _judge_torch(job.device, say)))
    os._exit(0)  # a driver may hang or crash while it is unloaded, which is no concern of a show


def _be_mortal(seconds: float, nice: int) -> None:
    """Low priority, no core file, and an end with the parent or after so many seconds at the latest."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    with suppress(AttributeError, OSError):
        os.nice(nice)


def _judge(job: Any, say: Say) -> dict[str, str]:
    """The outcome of the trial and its reason; where it fails before the device is touched, an exception."""
    import torch

    from livegan.networks.info import read_info
    from livegan.networks.weights import load_style_net
    from livegan.rendering.accuracy import OPTIONS, is_accurate, psnr_db, random_ws, reference_picture
    from livegan.rendering.autotune import UNAVAILABLE
    from livegan.rendering.threads import use_threads

    use_threads(1)
    say(doing="loading the network")
    with torch.inference_mode():
        net = load_style_net(read_info(Path(job.network)))
        ws = [random_ws(net, seed) for seed in range(PICTURES)]
        say(doing="drawing the reference")
        references, times_s, cpu_s = [], [], process_time()
        for row in ws:
            start_s = perf_counter()
            references.append(reference_picture(net, row))
            times_s.append(perf_counter() - start_s)
        slowdown = _slowdown(sum(times_s), process_time() - cpu_s)
        specs = import_module(job.backends).backend_specs(net, job.device)
        spec = next(spec for spec in specs if spec.name == job.backend)
        say(doing="making it ready", slowdown=slowdown)
        try:
            backend = spec.make()
            say(doing="drawing")
            lowest_db = min(
                psnr_db(backend.render(row, OPTIONS).cpu(), picture)
                for row, picture in zip(ws, references, strict=True)
            )
            say(doing="being timed")
            drawn_s = []
            for index in range(ROUNDS):
                start_s = perf_counter()
                backend.render(ws[index % PICTURES], OPTIONS).cpu()
                drawn_s.append(perf_counter() - start_s)
        except UNAVAILABLE as error:
            return {"outcome": "failed", "reason": " ".join(str(error).split())[:200] or type(error).__name__}
    if not is_accurate(lowest_db):
        return {"outcome": "wrong", "reason": f"draws another picture: {lowest_db:.1f} dB from the network's"}
    ms, reference_ms = min(drawn_s) * 1000, min(times_s) * 1000
    text = f"{ms:.1f} ms a picture"
    if ms > SLOW * reference_ms:
        return {"outcome": "slow", "reason": f"{text}; the plain forward on this CPU takes {reference_ms:.1f} ms"}
    return {"outcome": "safe", "reason": f"{text}, {lowest_db:.0f} dB"}


def _slowdown(wall_s: float, cpu_s: float) -> float:
    """How many times longer something took than the processor worked on it."""
    return max(1.0, wall_s / max(cpu_s, 1e-3))


def _judge_torch(device: str, say: Say) -> dict[str, str]:
    """Whether a convolution by torch on the device is what it is on the CPU."""
    import torch

    x = torch.linspace(-1, 1, 8 * 64 * 64).sin().reshape(1, 8, 64, 64)
    weight = torch.linspace(-3, 3, 8 * 72).cos().reshape(8, 8, 3, 3)
    start_s, cpu_s = perf_counter(), process_time()
    for _ in range(ROUNDS * 10):
        expected = torch.nn.functional.conv2d(x, weight)
    say(doing="computing", slowdown=_slowdown(perf_counter() - start_s, process_time() - cpu_s))
    try:
        found = torch.nn.functional.conv2d(x.to(device), weight.to(device)).cpu()
    except RuntimeError as error:
        return {"outcome": "failed", "reason": " ".join(str(error).split())[:200]}
    right = torch.allclose(found, expected, atol=0.1, rtol=0.01)
    return {"outcome": "safe" if right else "wrong", "reason": f"torch computes {'rightly' if right else 'wrongly'}"}


if __name__ == "__main__":
    main()
