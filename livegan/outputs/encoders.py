"""Video encoders of films: hardware ones, each proven by a trial, and x264, whose threads give way to the show."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path

from av.container import OutputContainer
from av.video.stream import VideoStream

from livegan.core.own_process import module_command, module_environment
from livegan.outputs.formats import CODECS, VIDEO_OPTIONS
from livegan.outputs.frame_converter import is_rgb

BT709 = 1  # ITU-T H.273: primaries, transfer and matrix alike
RGB = 0  # its matrix
LIMITED, FULL = 1, 2
TRIAL = "livegan.outputs.encoder_trial"
TRIAL_S = 10.0  # time limit of a trial
COARSER = 3  # a constant quantiser looks like a CRF so much less
LIVE_THREADS = 2  # of x264: from two on it encodes on native threads of its own, not on the one that sends

# What there must be on Linux for a trial to make sense; elsewhere the trial alone decides. (Not VA-API: it takes
# pictures from the graphics card's memory only, which PyAV does not fill.)
DEVICES = {"h264_nvenc": "/dev/nvidiactl", "h264_qsv": "/dev/dri/renderD*"}
PLATFORMS = {
    "linux": ("h264_nvenc", "h264_qsv"),
    "darwin": ("h264_videotoolbox",),
    "win32": ("h264_nvenc", "h264_qsv", "h264_amf"),
}


LAYOUTS = {
    **dict.fromkeys(("h264_qsv", "h264_amf", "h264_videotoolbox"), "nv12"),
    "prores_ks": "yuv422p10le",
    "ffv1": "bgr0",
}
INTRA = frozenset({"prores_ks", "ffv1"})  # every picture is a key frame


def pixel_format(codec: str, transparent: bool = False) -> str:
    """In which layout an encoder takes pictures; `transparent`: with alpha."""
    if transparent:
        return next(known.transparent for known in CODECS.values() if known.encoder == codec)
    return LAYOUTS.get(codec, "yuv420p")


def _options(codec: str, quality: float, preset: str) -> dict[str, str]:
    """Options of an encoder for a quality given as CRF."""
    quantiser = str(round(min(quality + COARSER, 51)))
    match codec:
        case "h264_nvenc":
            return {"preset": "p1", "rc": "constqp", "qp": quantiser, "bf": "0"}
        case "h264_qsv":
            return {"preset": "veryfast", "global_quality": quantiser, "bf": "0", "async_depth": "1"}
        case "h264_amf":
            return {"quality": "speed", "rc": "cqp", "qp_i": quantiser, "qp_p": quantiser}
        case "h264_videotoolbox":
            return {"realtime": "1", "allow_sw": "0"}
        case "libx264":
            return {**_same_bytes(), "crf": f"{quality:g}", "preset": preset}
        case "libx265":
            return {**VIDEO_OPTIONS[codec], "crf": f"{quality:g}", "preset": preset}
        case "prores_ks" | "ffv1":
            return VIDEO_OPTIONS[codec]
        case _:
            return {**VIDEO_OPTIONS[codec], "crf": f"{quality:g}"}


def _same_bytes() -> dict[str, str]:
    """Options of x264 that make it write the same bytes each time: its AVX-512 code for the macroblock tree does not.

    It reads memory that nobody wrote where a row has few macroblocks (core 165; AVX2 or no tree at all: never seen).
    AVX2 gives the bytes that AVX-512 mostly gives, as fast.
    """
    features: dict[str, bool] = getattr(import_module("numpy._core._multiarray_umath"), "__cpu_features__", {})
    return {"x264-params": "asm=AVX2"} if features.get("AVX512F") and features.get("AVX2") else {}


def add_video(
    file: OutputContainer,
    codec: str,
    size: tuple[int, int],
    fps: Fraction,
    *,
    tick: Fraction | None = None,
    quality: float = 17.0,
    preset: str = "veryfast",
    threads: int = 0,
    transparent: bool = False,
) -> VideoStream:
    """A video stream of this encoder in `file`; `size` (width, height) [px], `tick`: unit of the time stamps [s]."""
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 talks about itself otherwise
    options = _options(codec, quality, preset)
    if transparent:
        options = options | {"prores_ks": {"profile": "4444"}, "libvpx-vp9": {"auto-alt-ref": "0"}}.get(codec, {})
    stream = file.add_stream(codec, rate=fps, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size
    stream.pix_fmt = pixel_format(codec, transparent)
    context = stream.codec_context
    context.time_base = tick or 1 / fps
    context.gop_size = max(1, round(fps))  # a key frame each second: quick to seek, little lost when killed
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    if is_rgb(stream.pix_fmt):
        context.colorspace, context.color_range = RGB, FULL
    context.thread_count = threads
    if codec == "h264_videotoolbox":  # has no constant quality on every Mac: 0.15 bit a pixel
        context.bit_rate = int(size[0] * size[1] * fps * Fraction(15, 100))
    return stream


def candidates(platform: str = sys.platform, root: Path = Path("/")) -> Iterator[str]:
    """Hardware encoders that this machine may have, the best first."""
    for name in PLATFORMS.get(platform, ()):
        device = DEVICES.get(name, "") if platform == "linux" else ""
        if not device or any(root.glob(device.lstrip("/"))):
            yield name


def hardware_encoder(size: tuple[int, int], fps: Fraction) -> str:
    """The first hardware encoder that encodes pictures of this size fast enough and rightly, or ""."""
    return next((name for name in candidates() if proves_itself(name, size, fps)), "")


@cache
def proves_itself(
    name: str, size: tuple[int, int], fps: Fraction, module: str = TRIAL, limit_s: float = TRIAL_S
) -> bool:
    """Whether an encoder passes its trial, in a process of its own that may hang or die; remembered for the session."""
    job = json.dumps({"codec": name, "size": size, "fps": str(fps)})
    null = subprocess.DEVNULL
    command, environment = module_command(module, job), module_environment()
    try:
        trial = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, env=environment)
    except OSError:  # no process for it: the film needs none
        return False
    try:
        return trial.wait(limit_s) == 0
    except subprocess.TimeoutExpired:
        trial.kill()
        with suppress(subprocess.TimeoutExpired):  # a dead driver may hold it for ever
            trial.wait(1.0)
        return False
