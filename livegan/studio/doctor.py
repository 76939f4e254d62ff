"""Diagnosis of this machine: what works, and the command that repairs what does not."""

import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from livegan.audio.devices import list_inputs
from livegan.audio.fluidsynth import Synth, find_soundfont
from livegan.config.load import load_scene, scene_paths
from livegan.config.venue import Venue
from livegan.control.osc import port_problem
from livegan.control.ports import list_midi_inputs
from livegan.core.clock import WallClock
from livegan.core.own_process import module_command, module_environment
from livegan.core.socket_address import is_loopback
from livegan.core.version import __version__
from livegan.datasets.cameras import list_cameras, open_camera
from livegan.engine.bind import listen
from livegan.engine.check import check
from livegan.engine.input_names import DEMO
from livegan.engine.loader import Loader, probe_plan
from livegan.engine.plugins import plugin_members, plugin_problems
from livegan.engine.sound import open_sound
from livegan.engine.telemetry import Meter
from livegan.errors import DeviceError, LiveganError
from livegan.networks.library import find_network
from livegan.outputs.formats import encoders
from livegan.rendering.load import load_generator
from livegan.rendering.registry import REHEARSAL
from livegan.rendering.threads import use_threads
from livegan.studio.finding import Finding

TRIES = 20
CAMERA_S = 3.0  # that the first picture of a camera may take
ROOM_MB = 500


def examine(display_program: str, venue: Venue, *, retry: bool = False) -> Iterator[Finding]:
    """All findings as they are found, in the order sound, controls, cameras, picture, files.

    `display_program` is the module that looks at screen, OpenGL and fonts, in a process of its own. With `retry`
    devices that failed before are tried again.
    """
    system = platform.platform(terse=True)
    yield Finding("livegan", True, f"{__version__}, Python {platform.python_version()}, {system}")
    yield from _sound()
    yield from _venue_input(venue)
    yield _midi()
    yield from osc_findings(venue)
    yield _synthesizer()
    yield from _cameras()
    yield from _venue_camera(venue)
    yield from display_findings(display_program)
    yield from _network(retry)
    yield from _scenes(venue)
    yield from _encoders()
    yield from _plugins()
    yield from _folders()


def _sound() -> Iterator[Finding]:
    demo = "without one the demo track plays: livegan play --input demo"
    try:
        inputs = list_inputs()
    except LiveganError as error:
        yield Finding("sound input", False, str(error), "sudo apt install libportaudio2")
        return
    if not inputs:
        yield Finding("sound input", False, f"none; {demo}", "pulseaudio --start")
    for device in inputs[:8]:
        what = "sound input" + (" *" if device.is_default else "")
        yield Finding(
            what, True, f"{device.name} [{device.host_api}], {device.channels} channels, {device.sample_rate:g} Hz"
        )


def _venue_input(venue: Venue) -> Iterator[Finding]:
    """Does the input that the venue names open?"""
    name = venue.audio.input
    if name in ("", DEMO):
        return
    try:
        source = open_sound(name, venue.audio)
        source.start(WallClock().now())
        source.stop()
        yield Finding("this venue", True, f"input '{name}' opens as {source.name}")
    except LiveganError as error:
        yield Finding("this venue", False, str(error), "livegan devices", needed=True)


def _midi() -> Finding:
    names = list_midi_inputs()
    if names:
        return Finding("MIDI", True, ", ".join(names))
    return Finding("MIDI", False, "no port; one is used as soon as it is plugged in", "aconnect -i")


def osc_findings(venue: Venue) -> Iterator[Finding]:
    """Can messages come in where the venue says?"""
    table = venue.osc
    if not table.enabled:
        return
    who = "this computer alone" if is_loopback(table.host) else "everybody on that network may play"
    problem = port_problem(table.host, table.port)
    if problem:
        free = f"livegan play --osc {table.host}:{table.port % 65535 + 1}"
        yield Finding("OSC", False, f"port {table.port} of {table.host} cannot be used ({problem})", free)
    else:
        yield Finding("OSC", True, f"{table.host}:{table.port}, {who}; addresses: livegan osc")


def _synthesizer() -> Finding:
    """FluidSynth and its SoundFont, for music that livegan writes."""
    try:
        font = find_soundfont()
        with Synth(font):
            return Finding("synthesizer", True, f"FluidSynth with {font.name}")
    except DeviceError as error:
        what, _, command = str(error).partition("; type: ")
        return Finding("synthesizer", False, what, command.partition(" (")[0].partition(",")[0])


def _cameras() -> Iterator[Finding]:
    cameras = list_cameras()
    if not cameras:
        yield Finding("camera", False, "none; only capture and camera scenes need one", "livegan capture --camera fake")
    for camera in cameras[:8]:
        detail = f"{camera.name}, {camera.title}"
        yield Finding("camera", not camera.problem, camera.problem or detail, "livegan devices")


def _venue_camera(venue: Venue) -> Iterator[Finding]:
    """Does the camera that the venue names give a picture?"""
    name = venue.camera.device
    if not name:
        return
    try:
        with open_camera(name) as camera:
            picture = camera.read(CAMERA_S)
    except LiveganError as error:
        yield Finding("this venue", False, str(error), "livegan devices")
        return
    size = "x".join(map(str, camera.size))
    detail = f"camera '{name}' gives pictures of {size} px" if picture else f"camera '{name}' gives no picture"
    yield Finding("this venue", picture is not None, detail, "livegan devices")


def display_findings(program: str) -> Iterator[Finding]:
    """Probe in another process: Qt without a usable display aborts its process."""
    command, environment = module_command(program), module_environment()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)
    except subprocess.TimeoutExpired:
        yield Finding("display", False, "Qt did not answer in 30 s", "play without it: livegan play --headless")
        return
    if done.returncode or not done.stdout.startswith("["):
        reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        yield Finding("display", False, f"Qt cannot start: {reason}", "sudo apt install libxcb-icccm4 libxcb-xinerama0")
        return
    for finding in json.loads(done.stdout):
        yield Finding(finding["what"], finding["well"], finding["detail"], finding["repair"])


def _network(retry: bool) -> Iterator[Finding]:
    """Load the default scene's network, let it draw, and say how fast; then which devices there are to draw on."""
    from livegan.studio.doctor_devices import device_findings, forget_trials  # late: brings torch

    if retry:
        forget_trials()
    try:
        info = find_network(load_scene("default").networks[0])
        generator = Loader(lambda network, options: load_generator(network, "auto", options)).make(info, REHEARSAL)
    except LiveganError as error:
        yield Finding("network", False, str(error), "livegan check default", needed=True)
        yield from device_findings()
        return
    clock, meter, plan = WallClock(), Meter(TRIES), probe_plan(info)
    use_threads(generator.threads(plan))
    for _ in range(TRIES):
        start_s = clock.now()
        generator.render(plan).cpu()
        meter.add(clock.now() - start_s)
    ms = meter.percentiles()["p50"]
    yield Finding("CPU or GPU", True, generator.device_text, needed=True)
    reason = generator.reason
    if reason:
        yield Finding("backend", True, reason)
    yield Finding(
        "network", True, f"{info.name}, {info.resolution[1]} px, {ms:.1f} ms a frame = up to {1e3 / ms:.0f} fps"
    )
    yield from device_findings()


def _scenes(venue: Venue) -> Iterator[Finding]:
    mistakes = check(venue, scene_paths())
    detail = "; ".join(mistakes) or f"{len(scene_paths())} can be played"
    yield Finding("scenes", not mistakes, detail, "livegan check", needed=True)
    features = len(listen(venue, 48000, 2).layout.names)
    yield Finding("features", True, f"{features} numbers, {48000 / 256:.0f} times a second")


def _encoders() -> Iterator[Finding]:
    for encoder in encoders():
        yield Finding(
            "encoder", encoder.available, f"{encoder.name}: {encoder.purpose}", "pip install --force-reinstall av"
        )


def _plugins() -> Iterator[Finding]:
    for kind, name, package in plugin_members():
        yield Finding("plugin", True, f"{kind} {name}: {package}")
    for problem in plugin_problems():
        yield Finding("plugin", False, problem, "pip install --upgrade that package, or pip uninstall it")


def _folders() -> Iterator[Finding]:
    import platformdirs

    for what, folder in (("here", Path.cwd()), ("settings", Path(platformdirs.user_config_dir("livegan")))):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                free_mb = shutil.disk_usage(there).free / 2**20
        except OSError as error:
            yield Finding(what, False, f"{folder}: {error.strerror}", f"chmod u+w '{there}'")
            continue
        enough = free_mb > ROOM_MB
        yield Finding(what, enough, f"{folder}, {free_mb / 1024:.1f} GB free", "make room for films: df -h")
