"""Camera feed and camera motion: followed smoothly, kept when the camera is gone, exact in a render."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from livegan.config.load import LoadedScene, load_scenes
from livegan.config.venue import CameraTable, Venue
from livegan.core.clock import ManualClock
from livegan.core.types import FramePlan
from livegan.datasets.cameras import film as film_camera
from livegan.datasets.cameras import open_camera
from livegan.engine.assemble import assemble
from livegan.engine.bind import Setlist, listen
from livegan.engine.camera import (
    ASKED_S,
    CLOSE_S,
    NO_CAMERA,
    RATE,
    RETRY_S,
    CameraFeed,
    camera_mistakes,
    camera_remark,
    check_camera,
)
from livegan.engine.guard import StrictGuard
from livegan.engine.vocabulary import parameter_table
from livegan.errors import DeviceError, MediaError
from livegan.mapping.latent_feed import LatentFeed
from livegan.mapping.motions.camera import Camera, CameraSettings
from livegan.mapping.motions.registry import MotionSetup
from livegan.networks.encoder import save_encoder
from livegan.networks.info import ENCODER_SUFFIX, NetworkInfo
from livegan.studio.film_facts import camera_digest, film_facts
from livegan.studio.film_job import RenderJob
from tests.building import PLAIN, heard
from tests.tiny_networks import tiny
from tests.unit.test_encoder import untrained

STYLED = NetworkInfo("styled", Path("styled.json"), "stylegan2", (16, 16), 32, 0, w_dim=8, shape={"channels": [4, 4]})
VALUES = {name: parameter.default for name, parameter in parameter_table().items()}


class Mean:
    """Encoder whose w is the mean colour of the picture."""

    def __init__(self) -> None:
        self.pictures = 0

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.pictures += 1
        return np.full((STYLED.num_ws, STYLED.w_dim), pixels.mean() / 255, np.float32)


class Given(LatentFeed):
    """Feed of what a test says."""

    def __init__(self, w: float | None = None) -> None:
        self.w = w

    def read(self, network: NetworkInfo) -> NDArray[np.float32] | None:
        return None if self.w is None else np.full((network.num_ws, network.w_dim), self.w, np.float32)


def feed(device: str, clock: ManualClock, *, synchronous: bool = False, encoder: Mean | None = None) -> CameraFeed:
    return CameraFeed(device, clock, synchronous=synchronous, find=lambda info: encoder or Mean())


def motion(source: LatentFeed | None) -> Camera:
    return Camera(MotionSetup([STYLED], 3, CameraSettings(), feed=source))


def run(camera: Camera, seconds: float, dt_s: float = 1 / 60, **values: float) -> NDArray[np.float32]:
    latent = None
    for _ in range(round(seconds / dt_s)):
        latent = camera.step(heard(), {**VALUES, **values}, dt_s)
    assert latent is not None
    assert latent.w is not None
    return np.asarray(latent.w)


def test_without_a_camera_it_walks() -> None:
    for source in (None, Given()):
        camera = motion(source)
        places = [camera.step(heard(), VALUES, 1.0) for _ in range(4)]
        assert all(latent.w is None and latent.mix for latent in places)
        assert not np.allclose(places[0].z, places[3].z)


def test_what_is_seen_comes_in_over_the_walk_and_then_is_all() -> None:
    source = Given(0.5)
    camera = motion(source)
    first = camera.step(heard(), VALUES, 1 / 60)
    assert first.mix
    assert sum(weight for weight, _ in first.mix) > 0.9, "the walk is not cut off"
    np.testing.assert_allclose(run(camera, 8.0), 0.5, atol=1e-3)
    assert not camera.step(heard(), VALUES, 1 / 60).mix


def test_it_follows_without_a_jerk_and_at_any_frame_rate() -> None:
    paths = {}
    for fps in (30, 120):
        source = Given(0.0)
        camera = motion(source)
        run(camera, 8.0)
        source.w = 1.0
        paths[fps] = [run(camera, 1 / 30, 1 / fps)[0, 0] for _ in range(30)]
    np.testing.assert_allclose(paths[30], paths[120], atol=1e-4)
    steps = np.diff([0.0, *paths[120]])
    assert steps[0] < 0.5 * steps.max(), "it sets off gently"
    assert paths[120][-1] > 0.98


def test_the_music_bends_the_coarse_rows() -> None:
    source = Given(0.5)
    camera = motion(source)
    run(camera, 8.0)
    loud = heard(**{f"mel.{band}": 1.0 for band in range(8)})
    latent = None
    for _ in range(120):
        latent = camera.step(loud, {**VALUES, "motion.depth": 2.0, "motion.alpha": 0.5}, 1 / 60)
    assert latent is not None
    assert latent.w is not None
    np.testing.assert_allclose(latent.w[:2], 0.75, atol=0.01)
    np.testing.assert_allclose(latent.w[2:], 0.5, atol=1e-3)


def test_a_copy_of_a_motion_reads_the_same_feed() -> None:
    source = Given(0.5)
    again = deepcopy(motion(source))
    source.w = 0.25
    np.testing.assert_allclose(run(again, 9.0), 0.25, atol=1e-3)


def film(path: Path, fps: int = 10, frames: int = 20) -> Path:
    """A film whose k-th picture is of grey 12 k."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "bgr0"
        for index in range(frames):
            pixels = np.full((32, 32, 3), 12 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode())
    return path


def test_a_render_reads_a_film_by_its_time(tmp_path: Path) -> None:
    clock = ManualClock()
    source = feed(str(film(tmp_path / "film.mkv")), clock, synchronous=True)
    seen = []
    for index in range(60):
        clock.wait_until(index / 30)
        source.advance(index / 30)
        if index >= 20:  # a scene that comes in later sees what is due then
            w = source.read(STYLED)
            assert w is not None
            seen.append(round(float(w[0, 0]) * 255 / 12))
    source.close()
    expected = [int(index / 30 * 10 + 1e-6) for index in range(20, 60)]
    assert max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= 1
    assert seen[-1] >= 18
    assert source.notice == ""


def test_the_same_render_sees_the_same(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv")

    def seen() -> list[float]:
        clock = ManualClock()
        source = feed(str(path), clock, synchronous=True)
        found = []
        for index in range(40):
            clock.wait_until(index / 24)
            source.advance(index / 24)
            w = source.read(STYLED)
            assert w is not None
            found.append(float(w[0, 0]))
        source.close()
        return found

    assert seen() == seen()


def polled(source: CameraFeed, clock: ManualClock, seconds: float, asks: bool = True) -> None:
    end_s = clock.now() + seconds
    while clock.now() < end_s:
        if asks:
            source.read(STYLED)
        clock.wait_until(clock.now() + max(source.poll(clock.now()), 1e-3))


def test_nothing_is_opened_or_encoded_unless_a_scene_asks() -> None:
    clock, encoder = ManualClock(), Mean()
    source = feed("fake", clock, encoder=encoder)
    polled(source, clock, 1.0, asks=False)
    assert encoder.pictures == 0
    polled(source, clock, 2.0)
    assert 0.5 * RATE * 2 < encoder.pictures <= RATE * 2 + 2, "at its own rate, not the camera's"
    polled(source, clock, ASKED_S, asks=False)
    before = encoder.pictures
    polled(source, clock, 3.0, asks=False)
    assert encoder.pictures == before
    source.close()


def test_a_camera_is_closed_when_nobody_has_asked_for_a_while_and_opened_again() -> None:
    clock, encoder = ManualClock(), Mean()
    source = feed("fake", clock, encoder=encoder)
    polled(source, clock, 1.0)
    camera = source._camera
    assert camera is not None
    polled(source, clock, CLOSE_S - 0.5, asks=False)
    assert source._camera is camera
    polled(source, clock, 1.0, asks=False)
    assert source._camera is None
    before = encoder.pictures
    polled(source, clock, 1.0)
    assert encoder.pictures > before
    source.close()


def test_a_frame_far_ahead_is_that_of_a_film_seen_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encoded(tmp_path / "film.mp4")

    def seen(times: list[float]) -> list[NDArray[np.uint8]]:
        clock, pictures = ManualClock(), []
        with open_camera(str(path), (32, 32), 30.0, clock=clock) as camera:
            for time_s in times:
                clock.wait_until(time_s)
                picture = camera.read(0.0)
                assert picture is not None
                pictures.append(picture.pixels)
        return pictures

    far = [0.0, 3.3, 5.9, 22.5, 100.1]  # 6 s, over and over
    sought = seen(far)
    monkeypatch.setattr("livegan.datasets.cameras.film.AHEAD_S", 1e9)
    np.testing.assert_array_equal(sought, seen(far))
    near = seen([index / 10 for index in range(60)])
    np.testing.assert_array_equal(sought[:3], [near[0], near[33], near[59]])
    monkeypatch.undo()
    decoded = 0
    stamped = film_camera._stamped

    def counted(*given: Any) -> Iterator[tuple[float, Any]]:
        nonlocal decoded
        for each in stamped(*given):
            decoded += 1
            yield each

    monkeypatch.setattr(film_camera, "_stamped", counted)
    seen([0.0, 3600.1])
    assert decoded < 60, "neither an hour, nor the film once"


def encoded(path: Path) -> Path:
    """A film of 6 s with B-frames and a key frame every second."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 32, 32, "yuv420p", 10
        for index in range(60):
            pixels = np.full((32, 32, 3), 4 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")))
        container.mux(stream.encode())
    return path


def test_a_film_of_nobody_is_said(tmp_path: Path) -> None:
    loaded = scene(tmp_path)
    for check in (check_camera, lambda device: camera_remark([loaded], device)):
        with pytest.raises(MediaError, match="--camera ~nobody-here/x: cannot be a film or a camera"):
            check("~nobody-here/x")
    with pytest.raises(DeviceError, match="'~nobody-here/x' cannot be a camera"):
        open_camera("~nobody-here/x", (32, 32))


def test_the_digest_of_a_camera_is_that_of_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "film.mp4").write_bytes(b"film")
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"one")
    assert camera_digest("~/film.mp4") == camera_digest(str(tmp_path / "film.mp4")) != ""
    before = camera_digest("~/pictures")
    assert before == camera_digest(str(folder)) != ""
    (folder / "notes.txt").write_text("not shown", encoding="utf-8")
    assert camera_digest("~/pictures") == before
    (folder / "a.png").write_bytes(b"two")
    assert camera_digest("~/pictures") != before
    venue, song = Venue(camera=CameraTable(device="~/pictures")), tmp_path / "song.wav"
    for sound in (None, tmp_path / "film.mp4"):
        job = RenderJob(song, tmp_path / "out.mp4", sound=sound)
        facts = [film_facts(job, venue, Setlist([scene(tmp_path)]), [], "cpu") for _ in range(2)]
        assert facts[0] == facts[1], "a stopped render goes on"
        assert ("sound" in facts[0]) == (sound is not None)
    assert camera_digest("webcam") == camera_digest("~nobody-here/x") == ""


def test_without_a_device_it_says_so() -> None:
    clock = ManualClock()
    source = feed("", clock)
    assert source.read(STYLED) is None
    source.poll(clock.now())
    assert source.notice == NO_CAMERA


def test_a_camera_that_is_unplugged_is_said_and_tried_again_and_the_last_picture_stays() -> None:
    clock = ManualClock()
    source = feed("fake:unplugs", clock)
    notices, opened = set(), 0
    for _ in range(200):
        source.read(STYLED)
        wait_s = source.poll(clock.now())
        opened += wait_s == RETRY_S
        notices.add(source.notice)
        assert opened == 0 or source.read(STYLED) is not None
        clock.wait_until(clock.now() + max(wait_s, 0.02))
    assert "" in notices
    assert any(notice.startswith("camera gone: ") for notice in notices)
    assert opened >= 2, "it was there again, and gone again"
    source.close()


def test_in_a_render_a_camera_that_fails_is_an_error() -> None:
    source = feed("fake:busy", ManualClock(), synchronous=True)
    with pytest.raises(DeviceError):
        source.advance(0.0)


def scene(folder: Path) -> LoadedScene:
    path = folder / "seen.toml"
    path.write_text('title = "Seen"\n[motion]\nmodel = "camera"\n', encoding="utf-8")
    return load_scenes([str(path)])[0]


def test_a_scene_whose_network_has_no_encoder_says_what_to_type(tmp_path: Path) -> None:
    loaded = scene(tmp_path)
    assert loaded.scene is not None
    (mistake,) = camera_mistakes(loaded.scene, [STYLED])
    assert "livegan train encoder --network styled" in mistake
    (mistake,) = camera_mistakes(loaded.scene, [PLAIN])
    assert "no w" in mistake


def test_a_film_that_is_not_there_stops_the_show_from_starting_and_a_camera_may_come_later(tmp_path: Path) -> None:
    for name in ("fims/dance", "dance.mp4"):
        with pytest.raises(MediaError, match=f"--camera {name}: there is no such film"):
            check_camera(name)
    for name in ("", "camera", "HD Webcam 2.0", "opencv:3", "/dev/video63", str(tmp_path)):
        check_camera(name)


def test_a_render_says_what_it_needs_for_a_camera(tmp_path: Path) -> None:
    loaded = scene(tmp_path)
    assert "--camera film.mp4" in camera_remark([loaded], "")
    with pytest.raises(MediaError, match=r"--camera webcam: a render reads a film"):
        camera_remark([loaded], "webcam")
    assert camera_remark([loaded], str(tmp_path)) == ""
    assert camera_remark([], "webcam") == ""


def test_the_same_render_of_a_film_gives_the_same_plans_and_no_camera_gives_a_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    info = tiny(tmp_path, "stylegan2")
    encoder = untrained(info)
    save_encoder(info.path.with_suffix(ENCODER_SUFFIX), encoder.info, encoder.net)
    (tmp_path / "seen.toml").write_text(
        'title = "Seen"\nnetwork = "tiny.json"\n[motion]\nmodel = "camera"\n[parameters]\nmotion.alpha = 0\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    pictures = str(film(tmp_path / "film.mkv"))

    def rendered(device: str) -> list[FramePlan]:
        clock = ManualClock()
        venue = Venue(camera=CameraTable(device=device))
        loaded = load_scenes(["seen.toml"])
        listening = listen(venue, 8000, 1, loaded)
        session = assemble(Setlist(loaded), venue, listening, clock, StrictGuard(clock.now), synchronous=True)
        plans = []
        for index in range(12):
            clock.wait_until(index / 12)
            plans.append(session.performer.step(index, index / 12, 1 / 12, None, ()).plan)
        session.feed.close()
        return plans

    first, second, without = rendered(pictures), rendered(pictures), rendered("")
    assert first == second
    assert all(plan.w is not None for plan in first)
    assert all(plan.w is None and plan.mix for plan in without)
