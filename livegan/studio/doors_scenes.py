"""Verdicts of `livegan doors` on scenes: frame rate, picture, flashes and faults, from what a rehearsal measured."""

from collections.abc import Iterator, Sequence

from livegan.studio.door_check import DoorCheck, Verdict
from livegan.studio.doors_play import SceneFigures

GROUP = "Scenes"
BLACK = 0.01  # mean brightness, 0..1, below which a scene is black
STILL = 0.0005  # mean change of a pixel in 0.2 s, 0..1, below which a picture stands still
LEAST_FRAMES = 10  # by which movement is judged
LATE_WARN, LATE_FAIL = 0.02, 0.2  # share of late frames
LEAST_SHARE, LEAST_FPS = 0.45, 15.0  # of the target rate; below that it is no show
RATES = (60.0, 50.0, 30.0, 25.0, 20.0, LEAST_FPS)  # that are advised
SLOW_S = 20.0  # that a network may take to load without a word
HITCH_MS = 250.0  # between two pictures, that is seen while a scene comes in

Problem = tuple[Verdict, str, str]  # verdict, sentence, what to type


def scene_check(figures: SceneFigures, target_fps: float) -> DoorCheck:
    """The verdict on one scene: the worst of its problems with every sentence, or its figures."""
    if figures.missing:
        return DoorCheck(GROUP, figures.name, "fail", figures.missing, f"livegan check {figures.name}")
    problems = list(_problems(figures, target_fps))
    figure = f"{figures.fps:.1f} fps, p99 {figures.interval_ms['p99']:.0f} ms, {figures.late} of {figures.frames} late"
    if not problems:
        return DoorCheck(GROUP, figures.name, "pass", figure + (f"; {figures.traded}" if figures.traded else ""))
    verdict: Verdict = "fail" if any(problem[0] == "fail" for problem in problems) else "warn"
    first = next(problem for problem in problems if problem[0] == verdict)
    sentences = "; ".join(problem[1] for problem in problems)
    return DoorCheck(GROUP, figures.name, verdict, f"{sentences} ({figure})", first[2])


def _problems(figures: SceneFigures, target_fps: float) -> Iterator[Problem]:
    lighter = _lighter(figures.fps, target_fps)
    late = figures.late / figures.frames if figures.frames else 0.0
    if figures.fps < max(LEAST_SHARE * target_fps, min(LEAST_FPS, target_fps) * 0.8):
        yield "fail", f"only {figures.fps:.1f} of {target_fps:g} pictures a second", lighter
    elif late > LATE_FAIL:
        yield "fail", f"{late:.0%} of its pictures come late", lighter
    elif late > LATE_WARN:
        yield "warn", f"{late:.1%} of its pictures come late", lighter
    elif figures.fps < 0.9 * target_fps:
        yield "warn", f"it plays at {figures.fps:.0f} instead of {target_fps:g} fps: {figures.traded}", lighter
    if figures.transition_ms is not None and figures.transition_ms["max"] > HITCH_MS:
        hitch = f"the picture stands still for {figures.transition_ms['max']:.0f} ms while it comes in"
        yield "warn", hitch, 'a cut (kind = "cut"), or a smaller network'
    if figures.brightness < BLACK:
        yield "fail", "it is black", f"livegan play --scene {figures.name} --input demo"
    elif figures.motion < STILL and figures.frames >= LEAST_FRAMES:
        yield "fail", "it does not move", f"livegan routes {figures.name}"
    if figures.faults:
        yield "fail", f"{figures.faults} faults, the newest: {figures.fault}", f"livegan check {figures.name}"
    if figures.limited:
        often = "once" if figures.limited == 1 else f"{figures.limited} times"
        text = f"it flashes: the strobe limiter acted {often}, {figures.limited_s:.1f} s in all"
        yield "warn", text, f"calm the routes to effect.flash and effect.invert: livegan routes {figures.name}"
    if (figures.load_s or 0.0) > SLOW_S:
        yield "warn", f"its network took {figures.load_s:.0f} s to load", "keep it among the first scenes of the set"


def _lighter(fps: float, target_fps: float) -> str:
    """What to do about a scene that reached `fps`: a lower rate that holds, where one does that is still a show."""
    rates = (rate for rate in RATES if rate < target_fps and rate <= fps * 1.02)
    if (rate := next(rates, None)) is None:
        return "a smaller network (livegan networks), or: livegan play --quality light, or another --device"
    return f"livegan play --fps {rate:g}, or a smaller network"


def memory_check(figures: Sequence[SceneFigures], free_mb: float) -> Iterator[DoorCheck]:
    """Memory over all scenes; `free_mb`: what is still free at their end."""
    rows = [row for row in figures if row.rss_mb]
    if not rows:
        return
    most = max(row.rss_mb for row in rows)
    gpu = [row.gpu_mb for row in rows if row.gpu_mb is not None]
    card = f", {max(gpu):.0f} MB on the graphics card" if gpu else ""
    detail = f"{most:.0f} MB at most{card}; {free_mb:.0f} MB of the computer are free"
    if free_mb < 300:
        yield DoorCheck(GROUP, "memory", "fail", detail, "close other programs, or play fewer networks")
    elif free_mb < 1000:
        yield DoorCheck(GROUP, "memory", "warn", detail, "close other programs")
    else:
        yield DoorCheck(GROUP, "memory", "pass", detail)
