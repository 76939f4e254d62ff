"""Doors: each verdict from made-up figures and made-up machines; the page; no device is needed."""

import re
import socket
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from livegan.audio.device import SoundCard
from livegan.config.venue import AudioTable, Venue
from livegan.core.binding import Binding
from livegan.core.clock import WallClock
from livegan.core.controller import Controller
from livegan.networks.library import find_network
from livegan.studio import doors_sound
from livegan.studio.door_check import DoorCheck, worst
from livegan.studio.doors import DoorsReport, rehearsed
from livegan.studio.doors_controls import map_checks, phone_checks, port_checks, tcp_problem
from livegan.studio.doors_disk import folder_check, network_checks
from livegan.studio.doors_machine import ProgramTimes, heat_checks, load_check, power_checks, throttle_count
from livegan.studio.doors_page import page
from livegan.studio.doors_play import SceneFigures, percentiles
from livegan.studio.doors_plots import nice, scenes_plot
from livegan.studio.doors_scenes import memory_check, scene_check
from livegan.studio.doors_screen import judged_screens
from livegan.studio.doors_sound import heard_check, sound_check
from livegan.studio.finding import Finding
from livegan.ui.display import ScreenInfo
from tests.fake_portaudio import FakeDriver, device

GOOD = SceneFigures(
    "tide",
    "Tide",
    "house",
    load_s=1.5,
    played_s=10.0,
    fps=59.9,
    interval_ms=percentiles(np.full(599, 1 / 59.9)),
    frames=599,
    rss_mb=700.0,
    brightness=0.3,
    motion=0.02,
    intervals_ms=(16.7,) * 599,
    lights=(0.3,) * 50,
    memory_mb=(700.0,) * 50,
)


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, "pass", "59.9 fps"),
        ({"traded": "light"}, "pass", "light"),
        ({"late": 20}, "warn", "3.3% of its pictures come late"),
        ({"late": 200}, "fail", "33% of its pictures come late"),
        ({"fps": 30.0, "traded": "30 fps"}, "warn", "30 instead of 60 fps: 30 fps"),
        ({"fps": 12.0}, "fail", "only 12.0 of 60"),
        ({"brightness": 0.004}, "fail", "black"),
        ({"motion": 0.0001}, "fail", "does not move"),
        ({"faults": 2, "fault": "effect: ValueError"}, "fail", "2 faults, the newest: effect: ValueError"),
        ({"limited": 3, "limited_s": 1.2}, "warn", "acted 3 times, 1.2 s"),
        ({"load_s": 45.0}, "warn", "took 45 s to load"),
        ({"transition_ms": percentiles(np.array([0.02, 0.03]))}, "pass", "59.9 fps"),
        ({"transition_ms": percentiles(np.array([0.02, 0.4]))}, "warn", "stands still for 400 ms while it comes in"),
        ({"missing": "its network x cannot be loaded"}, "fail", "cannot be loaded"),
    ],
)
def test_a_scene_is_judged_by_its_worst_figure(changes: dict[str, object], verdict: str, said: str) -> None:
    check = scene_check(replace(GOOD, **changes), 60.0)  # type: ignore[arg-type]
    assert check.verdict == verdict
    assert said in check.detail
    assert bool(check.repair) == (verdict != "pass")


@pytest.mark.parametrize(
    ("fps", "late", "target_fps", "advised"),
    [
        (24.0, 0, 60.0, "--fps 20, or a smaller network"),
        (14.8, 0, 60.0, "--fps 15, or a smaller network"),
        (6.0, 0, 60.0, "a smaller network (livegan networks), or: livegan play --quality light"),
        (59.9, 20, 60.0, "--fps 50"),  # not the one that did not hold
        (15.0, 200, 15.0, "--quality light, or another --device"),
    ],
)
def test_only_a_rate_that_a_scene_can_hold_is_advised(fps: float, late: int, target_fps: float, advised: str) -> None:
    repair = scene_check(replace(GOOD, fps=fps, late=late), target_fps).repair
    assert advised in repair
    assert "--fps" in advised or "--fps" not in repair


def test_all_problems_of_a_scene_are_said_and_the_worst_decides_what_to_do() -> None:
    check = scene_check(replace(GOOD, limited=1, limited_s=0.5, brightness=0.0), 60.0)
    assert check.verdict == "fail"
    assert "black" in check.detail
    assert "limiter acted once" in check.detail
    assert "--scene tide" in check.repair


def test_little_memory_is_warned_of() -> None:
    verdicts = [next(memory_check([GOOD], free_mb)).verdict for free_mb in (8000.0, 700.0, 100.0)]
    assert verdicts == ["pass", "warn", "fail"]
    assert not list(memory_check([], 8000.0))
    assert "512 MB on the graphics card" in next(memory_check([replace(GOOD, gpu_mb=512.0)], 8000.0)).detail


def kernel(folder: Path, **files: str) -> Path:
    """Files of sysfs; "__" in a name is "/"."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return folder


def test_a_battery_that_empties_fails_and_a_full_one_on_mains_passes(tmp_path: Path) -> None:
    assert not list(power_checks(tmp_path)), "silent where the system does not say"
    battery = {"class__power_supply__BAT0__type": "Battery", "class__power_supply__BAT0__capacity": "81"}
    mouse = {"class__power_supply__mouse__type": "Battery", "class__power_supply__mouse__scope": "Device"}
    sys_folder = kernel(tmp_path, **battery, **mouse, class__power_supply__BAT0__status="Discharging")
    (check,) = power_checks(sys_folder)
    assert (check.verdict, check.repair) == ("fail", "plug the computer in")
    assert "81 %" in check.detail
    kernel(tmp_path, class__power_supply__BAT0__status="Charging", class__power_supply__AC__type="Mains")
    kernel(tmp_path, class__power_supply__AC__online="1")
    (check,) = power_checks(sys_folder)
    assert check.verdict == "pass"


@pytest.mark.parametrize(
    ("governor", "driver", "preference", "verdict"),
    [
        ("performance", "acpi-cpufreq", "", "pass"),
        ("powersave", "acpi-cpufreq", "", "warn"),
        ("powersave", "intel_pstate", "balance_performance", "pass"),
        ("powersave", "amd-pstate-epp", "power", "warn"),
    ],
)
def test_a_processor_that_saves_power_is_warned_of(
    governor: str, driver: str, preference: str, verdict: str, tmp_path: Path
) -> None:
    folder = tmp_path / "devices/system/cpu/cpu0/cpufreq"
    kernel(folder, scaling_governor=governor, scaling_driver=driver, energy_performance_preference=preference)
    (check,) = power_checks(tmp_path)
    assert check.verdict == verdict


def test_heat_that_slowed_the_processor_down_is_counted(tmp_path: Path) -> None:
    assert throttle_count(tmp_path) == 0
    assert not list(heat_checks(0, tmp_path))
    for core, count in ((0, 3), (1, 4)):
        kernel(tmp_path / f"devices/system/cpu/cpu{core}/thermal_throttle", core_throttle_count=str(count))
    assert throttle_count(tmp_path) == 7
    zone = tmp_path / "class/thermal/thermal_zone0"
    kernel(zone, temp="64000")
    assert [next(heat_checks(count, tmp_path)).verdict for count in (0, 7)] == ["pass", "warn"]
    kernel(zone, temp="95000")
    assert next(heat_checks(0, tmp_path)).verdict == "warn"


def test_busy_programs_are_named(tmp_path: Path) -> None:
    def spent(number: int, name: str, ticks: int) -> None:
        kernel(tmp_path / str(number), stat=f"{number} ({name}) S {' '.join(['0'] * 10)} {ticks} 0 0 0")

    spent(11, "sshd", 5)
    spent(12, "web (browser)", 100)
    programs = ProgramTimes(tmp_path)
    spent(12, "web (browser)", 400)
    spent(13, "python3.11", 250)
    spent(14, "sh", 200)
    (tmp_path / "14" / "cmdline").write_text("sh\0-c\0while :; do :; done\0")
    (tmp_path / "13" / "cmdline").write_text("/usr/bin/python3.11\0-u\0/home/me/upscale.py\0--all\0")
    share = pytest.approx
    assert programs.busiest(10.0) == [
        ("web (browser) (process 12)", share(0.3)),
        ("python3.11 upscale.py (process 13)", share(0.25)),
        ("sh (process 14)", share(0.2)),
    ]
    check = load_check(0.3, programs.busiest(10.0))
    assert (check.verdict, check.repair) == ("warn", "close web (browser) (process 12)")
    assert load_check(0.05, []).verdict == "pass"
    assert load_check(0.8, []).repair == "close what else runs"


def tone(amplitude: float) -> np.ndarray:
    wave = amplitude * np.sin(np.arange(96000) * 0.05)
    return np.stack((wave, np.zeros_like(wave)), axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("amplitude", "delay_s", "verdict", "said"),
    [
        (0.3, 0.01, "pass", "level -13 dB: it is heard"),
        (0.0, 0.01, "warn", "nothing but zeros"),
        (0.0005, 0.01, "warn", "silent"),
        (1.0, 0.01, "warn", "clips"),
        (0.3, 0.2, "warn", "200 ms late"),
    ],
)
def test_sound_is_heard_or_it_is_said_why_not(amplitude: float, delay_s: float, verdict: str, said: str) -> None:
    check = heard_check("Scarlett", tone(amplitude), AudioTable(), delay_s)
    assert check.verdict == verdict
    assert said in check.detail


def test_an_input_that_is_not_there_fails_and_the_demo_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = WallClock()
    assert sound_check(Venue(audio=AudioTable(input="demo")), clock).verdict == "pass"
    driver = FakeDriver([device("Built-in")])
    monkeypatch.setattr(doors_sound, "open_sound", lambda name, table, most: SoundCard(name, driver=driver))  # type: ignore[arg-type]
    check = sound_check(Venue(audio=AudioTable(input="Scarlett")), clock)
    assert check.verdict == "fail"
    assert "no sound input called 'Scarlett'" in check.detail
    for name in ("FIRST_S", "LISTEN_S", "SETTLE_S"):
        monkeypatch.setattr(doors_sound, name, 0.05)
    check = sound_check(Venue(audio=AudioTable(input="Built-in")), clock)
    assert (check.verdict, "hands nothing over" in check.detail) == ("fail", True)


def venue(**tables: object) -> Venue:
    return Venue.model_validate(tables)


def test_controllers_that_the_venue_names_must_be_there() -> None:
    named = venue(hands={"port": ["nano", "pads"]}, music={"midi_out": "synth"})
    checks = list(port_checks(named, ["nanoKONTROL2 20:0"], ["through"]))
    assert [(check.what, check.verdict) for check in checks] == [("MIDI", "fail"), ("MIDI out", "fail")]
    assert "'pads'" in checks[0].detail
    assert worst(port_checks(named, ["nanoKONTROL2", "Pads 1"], ["SYNTH"])) == "pass"
    assert worst(port_checks(Venue(), [], [])) == "pass"
    assert "switched off" in next(port_checks(venue(hands={"port": "none"}), [], [])).detail


BOX = Controller.model_validate({"name": "Box", "match": ["box"], "knobs": {"1": "knob.1", "2": "knob.2"}})


def bound(**knobs: str) -> dict[str, Binding]:
    return {name.replace("_", "."): Binding(to) for name, to in knobs.items()}


def test_knobs_that_clash_or_do_nothing_are_told() -> None:
    scenes = {"a": bound(knob_1="react", knob_2="motion.speed"), "b": bound(knob_1="react", knob_2="react"), "c": {}}
    checks = list(map_checks([BOX], scenes))
    assert [check.verdict for check in checks] == ["warn", "warn"]
    assert "does anything in: c" in checks[0].detail
    assert "knob.1 and knob.2 move react in b" in checks[1].detail
    assert [check.verdict for check in map_checks([BOX], {"a": scenes["a"]})] == ["pass"]
    learnt = BOX.model_copy(update={"bind": {"knob.2": Binding("effect.hue")}})
    assert [check.verdict for check in map_checks([learnt], scenes)] == ["pass"]
    assert "two of them" in list(map_checks([BOX, BOX], {"a": scenes["a"]}))[-1].detail
    usual = Controller.model_validate({"name": "Any", "match": [""], "usual": {"cc 70": "knob.1", "cc 74": "knob.5"}})
    assert [check.verdict for check in map_checks([usual], {"a": bound(cc_74="react")})] == ["pass"]
    (clash,) = map_checks([usual], {"a": bound(cc_74="react", knob_1="react")})
    assert "knob.1 and cc.74 move react in a" in clash.detail
    double = Controller.model_validate({**BOX.model_dump(), "controls": {"cc 1": "fader.1"}})
    assert "cc 1: knob.1, fader.1" in next(map_checks([double], {"a": scenes["a"]})).detail


def test_a_taken_port_of_the_phone_page_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (check,) = phone_checks(venue(remote={"enabled": True, "host": "127.0.0.1", "port": port}))
    assert check.verdict == "warn"
    assert f"port {port} is taken" in check.detail
    assert tcp_problem("127.0.0.1", 0) == ""
    assert not list(phone_checks(Venue()))


def test_the_screen_of_the_venue_must_be_there_and_fast_enough() -> None:
    screens = [ScreenInfo("HDMI-1", "BenQ", (1280, 720), (0, 0), 50.0, True)]
    findings = [Finding("display", True, "; ".join(map(str, screens))), Finding("screen blanking", False, "dark", "x")]

    def verdicts(**window: object) -> dict[str, str]:
        return {check.what: check.verdict for check in judged_screens(findings, venue(window=window))}

    assert verdicts(screen="benq") == {"display": "pass", "screen blanking": "warn", "refresh rate": "warn"}
    assert verdicts(screen="projector")["screen of the venue"] == "fail"
    assert verdicts(size=[1920, 1080])["window"] == "warn"
    assert "window" not in verdicts(size=[1920, 1080], fullscreen=True)
    further = judged_screens(findings, venue(windows=[{"screen": "HDMI"}, {"screen": "DP-2"}]))
    assert [check.what for check in further if check.verdict == "fail"] == ["window 3"]
    slow = venue(picture={"fps": 50})
    assert [check.verdict for check in judged_screens(findings[:1], slow)] == ["pass", "pass"]
    assert [check.verdict for check in judged_screens([Finding("display", False, "none")], slow)] == ["fail"]


def test_hours_of_recording_come_from_room_and_bit_rate(tmp_path: Path) -> None:
    ticks = iter(range(100))

    def now() -> float:
        return float(next(ticks))

    assert "hours at" in folder_check("film", tmp_path, 0.5, now).detail
    assert folder_check("film", tmp_path, 1e6, now).verdict == "fail"
    assert folder_check("film", tmp_path, 20.0, now).verdict in ("warn", "fail"), "32 MB in a second are too near"
    assert folder_check("film", tmp_path / "nowhere", 0.5, now).verdict == "fail"
    assert not list(tmp_path.iterdir())


def test_a_network_that_changed_since_the_last_time_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    info = replace(find_network("plain"), name="mine", path=tmp_path / "mine.json")
    assert not list(network_checks([info])), "it has no file"
    info.weights.write_bytes(b"one")
    assert [next(network_checks([info])).verdict for _ in range(2)] == ["pass", "pass"]
    info.weights.write_bytes(b"two!")
    (check,) = network_checks([info, info])
    assert check.verdict == "warn"
    assert check.detail.startswith("changed since the doors were opened last: mine (was ")
    assert next(network_checks([info])).verdict == "pass"


def test_a_rehearsal_touches_nothing_of_the_venue() -> None:
    tables = {
        "audio": {"input": "Scarlett", "channels": 8},
        "osc": {"enabled": True},
        "time": {"link": "lead", "midi_out": "x"},
        "music": {"midi_out": "x"},
        "remote": {"enabled": True},
        "safety": {"flashes": "off"},
        "outputs": [{"kind": "film", "path": "show.mp4"}],
    }
    played = rehearsed(Venue.model_validate(tables), [])
    assert (played.audio.input, played.audio.monitor, played.hands.port) == ("demo", False, "none")
    assert not any((played.osc.enabled, played.remote.enabled, played.outputs, played.music.midi_out))
    assert (played.time.link, played.time.midi_out, played.safety.flashes) == ("off", "", "limit")


def test_a_report_is_ready_only_when_all_was_checked() -> None:
    report = DoorsReport(60.0, checks=[DoorCheck("Sound", "input", "warn", "silent")])
    assert (report.verdict, report.sentence) == ("fail", "Broken off: no failure so far, 1 warning.")
    report.complete = True
    assert (report.verdict, report.sentence) == ("warn", "Ready for the audience, with 1 warning.")
    report.checks.append(DoorCheck("Scenes", "x", "fail", "black"))
    assert "broken off" in replace(report, complete=False).sentence
    assert (report.verdict, report.sentence) == ("fail", "Not ready: 1 failed, 1 warning.")
    assert DoorsReport(60.0, complete=True).sentence == "Ready for the audience."


def test_the_page_says_all_of_it_loads_nothing_and_escapes_names() -> None:
    hostile = replace(GOOD, name="<b>x</b>", title='"><script>alert(1)</script>', still=b"jpeg")
    checks = [DoorCheck("Sound", "input", "pass", "heard"), DoorCheck("Scenes", "<i>", "fail", "a < b", "livegan & co")]
    report = DoorsReport(60.0, checks=checks, scenes=[GOOD, hostile, SceneFigures("z", "Z", "n", missing="gone")])
    text = page(report)
    assert "<script" not in text
    assert "<b>x" not in text
    assert re.findall(r"(?:src|href)=\"(?!data:image/jpeg)", text) == []
    assert text.index("a &lt; b") < text.index("heard"), "what failed comes first"
    opened: list[str] = []

    class Balanced(HTMLParser):
        def handle_starttag(self, tag: str, _: object) -> None:
            opened.extend([] if tag in ("meta", "img", "br") else [tag])

        def handle_startendtag(self, tag: str, _: object) -> None:
            assert tag in ("line", "rect", "polyline")

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Balanced().feed(text)
    assert opened == []
    for number in range(text.count("<svg")):
        ElementTree.fromstring("<svg" + text.split("<svg")[number + 1].split("</svg>")[0] + "</svg>")
    assert "Broken off" not in page(replace(report, checks=[], scenes=[], complete=True))


def test_a_plot_has_every_scene_the_limit_and_a_round_scale() -> None:
    svg = ElementTree.fromstring(scenes_plot("time", "ms", [[16.0] * 3000, [], [30.0, 90.0]], high=50.0, peaks=True))
    lines = [node.attrib["points"].split() for node in svg if node.tag == "polyline"]
    assert [len(points) for points in lines] == [312, 2]
    heights = [float(point.split(",")[1]) for point in lines[1]]
    assert heights[1] == 10.0, "what is over the scale is at its top"
    assert [nice(value) for value in (0.7, 12.0, 50.0, 51.0, 300.0)] == [1.0, 20.0, 50.0, 100.0, 500.0]
