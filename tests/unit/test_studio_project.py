"""Projection of pictures and videos: files that GANce's reader takes, resuming bit for bit, and what cannot be."""

import json
import re
import signal
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from fractions import Fraction

import av
import h5py
import numpy as np
import pytest
import torch
import typer
from PIL import Image

from livegan.cli import app
from livegan.datasets.faces import Face, find_faces
from livegan.errors import LiveganError, MediaError
from livegan.networks.cache import file_hash
from livegan.networks.encoder_file import installed_path
from livegan.networks.latents.files import film_fps, read_path
from livegan.networks.latents.projection import read_history
from livegan.networks.library import find_network
from livegan.networks.weights import load_style_net
from livegan.studio import project as module
from livegan.studio import projector_network
from livegan.studio.convergence_plot import complete_at
from livegan.studio.distributed.pools import WorkerOptions
from livegan.studio.face_alignment import FaceAligner, cut, ffhq_quad
from livegan.studio.project import ProjectJob, project
from livegan.studio.projection_inputs import Selection
from livegan.studio.projection_plan import units
from livegan.studio.projection_work import ProjectionWork
from livegan.studio.projector import Projected, Projector, ProjectorSettings, noise_regularisation
from livegan.studio.projector_network import ProjectorNetwork, to_targets
from livegan.training.perceptual import Perceptual, perceptual
from tests.deadline import until
from tests.drawn_faces import drawn_face
from tests.shell import ROOT, runner_here
from tests.tiny_networks import TINY, tiny, tiny_net

FRAMES = 6


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


OTHER_PROCESSES = ("test_a_killed_projection_goes_on_bit_equal", "test_workers_one_of_them_killed_make_the_same_bytes")


@pytest.fixture(autouse=True)
def few_candidates(request, monkeypatch):
    """A fresh start looks at fewer random pictures, but where another process would look at all of them."""
    if request.node.name not in OTHER_PROCESSES:
        monkeypatch.setattr(projector_network, "CANDIDATES_IN_FULL", 8)


def pattern(shift=0, size=(24, 32)):
    rng = np.random.default_rng(1)
    blocks = np.kron(rng.integers(0, 255, (3, 4, 3)), np.ones((8, 8, 1)))
    return np.roll(blocks[: size[0], : size[1]], shift, axis=1).astype(np.uint8)


def write_video(path, frames=FRAMES, fps=30):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        for index in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pattern(index), "rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("project")
    tiny(place, "stylegan2")
    Image.fromarray(pattern()).save(place / "picture.png")
    write_video(place / "film.mp4")
    return place


def job(folder, *names, output=None, **changes):
    settings = {"steps": 12, "warm_steps": 3} | changes.pop("settings", {})
    selection = Selection(**{"fps": Fraction(30)} | changes.pop("selection", {}))
    return ProjectJob(
        tuple(folder / name for name in names),
        str(folder / "tiny.json"),
        output,
        ProjectorSettings(**settings),
        selection,
        features="pixels",
        device="cpu",
        **changes,
    )


class TextbookReader:
    """GANce's reader, as it is described: groups, attributes, members sorted by the number their names end in."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        assert self.file.attrs["version_number"] == 2

    def members(self, group):
        return [self.file[group][name] for name in sorted(self.file[group], key=lambda name: int(name.split("_")[-1]))]

    def images(self, group):
        return np.stack([member[()] for member in self.members(group)])

    def latents(self):
        parts = [member[()] for member in self.members("final_latents")]
        assert all(part.shape[0] == 1 and part.dtype == np.float32 for part in parts)
        return np.stack([part[0] for part in parts])

    def at_step(self, frame, step):
        return self.members(f"latents_histories/latents_histories_{frame}")[step][0]


@pytest.mark.parametrize("space", ["w", "w+"])
def test_a_video_becomes_a_file_that_gances_reader_takes(folder, tmp_path, space):
    output = tmp_path / "film.hdf5"
    changes = {"settings": {"space": space, "histories": ("latents", "images")}, "selection": {"fps": Fraction(15)}}
    (result,) = project(job(folder, "film.mp4", output=output, **changes))
    assert (result.frames, result.is_complete) == (FRAMES // 2, True)
    reader = TextbookReader(output)
    attributes = dict(reader.file.attrs)
    assert attributes["complete"]
    assert attributes["latents_histories_enabled"]
    assert attributes["images_histories_enabled"]
    assert not attributes["noises_histories_enabled"]
    assert np.isnan(attributes["noises_shapes"])
    assert list(attributes["original_width_height"]) == [32, 24]
    assert list(attributes["projection_width_height"]) == [16, 16]
    assert (attributes["original_fps"], attributes["projection_fps"]) == (30, 15)
    assert (attributes["original_frame_count"], attributes["projection_frame_count"]) == (FRAMES, FRAMES // 2)
    assert re.fullmatch("[0-9a-f]{32}", attributes["target_md5_hash"] or "")
    assert re.fullmatch("[0-9a-f]{32}", attributes["network_md5_hash"] or "")
    latents = reader.latents()
    assert latents.shape == (FRAMES // 2, 6, 8)
    assert (space == "w") == np.array_equal(latents, np.broadcast_to(latents[:, :1], latents.shape))
    assert reader.images("target_images").shape == reader.images("final_images").shape == (FRAMES // 2, 16, 16, 3)
    for member in reader.members("final_images"):
        assert (member.compression, member.compression_opts, member.shuffle) == ("gzip", 9, True)
    assert reader.at_step(0, 0).shape == (6, 8)
    assert len(read_history(output, 0, "images", 10**6)) == len(read_history(output, 0, "latents", 10**6)) > 1
    points = read_path([output.name], 8, 8, tmp_path)
    np.testing.assert_array_equal(points.array, latents)
    assert film_fps([output.name], tmp_path) == 15
    net = load_style_net(module.find_network(folder / "tiny.json"))
    drawn = ProjectorNetwork(net).pixels(torch.from_numpy(latents))
    np.testing.assert_array_equal(np.stack(drawn), reader.images("final_images"))


def test_ctrl_c_keeps_what_is_finished_and_the_same_line_ends_bit_equal(folder, tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole" / "film.hdf5", tmp_path / "broken" / "film.hdf5"
    project(job(folder, "film.mp4", output=whole, batch=2))
    real, saved = ProjectionWork.finish, []

    def finish(work, index, result):
        if len(saved) == 3:
            raise KeyboardInterrupt
        saved.append(index)
        real(work, index, result)

    with monkeypatch.context() as patched:
        patched.setattr(ProjectionWork, "finish", finish)
        (result,) = project(job(folder, "film.mp4", output=broken, batch=2))
    assert (result.frames, result.expected) == (3, FRAMES)
    reader = TextbookReader(broken)
    assert not reader.file.attrs["complete"]
    assert len(reader.latents()) == 3
    reader.file.close()
    said = []
    (result,) = project(job(folder, "film.mp4", output=broken, batch=2), said.append)
    assert result.is_complete
    assert f"{broken}: going on after frame 3 of {FRAMES}" in said
    assert broken.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in broken.parent.iterdir()) == ["film.hdf5", "film.toml"]


def test_pictures_side_by_side_are_projected_again_together(folder, tmp_path, monkeypatch):
    """A batch that was killed between two of its files gives the same bits: it is the same batch again."""
    names = []
    for number in range(3):
        Image.fromarray(pattern(number * 3)).save(tmp_path / f"{number}.png")
        names.append(tmp_path / f"{number}.png")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    project(job(folder, *names, output=whole, batch=3, scene=False))
    real = ProjectionWork.finish

    def finish(work, index, result):
        if work.output.stem.endswith("1"):
            raise KeyboardInterrupt
        real(work, index, result)

    with monkeypatch.context() as patched:
        patched.setattr(ProjectionWork, "finish", finish)
        project(job(folder, *names, output=broken, batch=3, scene=False))
    results = project(job(folder, *names, output=broken, batch=3, scene=False))
    assert all(result.is_complete for result in results)
    for number in range(3):
        name = f"projection_of_{number}.hdf5"
        assert (broken / name).read_bytes() == (whole / name).read_bytes()


def test_a_killed_projection_goes_on_bit_equal(folder, tmp_path):
    pictures, whole, killed = tmp_path / "pictures", tmp_path / "whole", tmp_path / "killed"
    pictures.mkdir()
    for number in range(3):
        Image.fromarray(pattern(number * 5)).save(pictures / f"{number}.png")
    words = ["project", str(pictures), "-n", str(folder / "tiny.json"), "-o", f"{killed}/", "--batch", "1"]
    words += ["--features", "pixels", "--fps", "30", "--steps", "60", "--warm-steps", "3", "--device", "cpu"]
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *words],
        env={"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    works = [ProjectionWork(killed / f"projection_of_{number}.hdf5") for number in range(3)]
    try:
        until(lambda: works[0].is_finished(0) or running.poll() is not None, "the first picture", pause_s=0.005)
        running.send_signal(signal.SIGKILL)
    finally:
        running.kill()
        _, said = running.communicate()
    assert works[0].is_finished(0), said
    assert not works[2].is_finished(0)
    assert not any(work.output.exists() for work in works)
    for output in (killed, whole):
        project(job(folder, pictures, output=output, batch=1, settings={"steps": 60}, scene=False))
    for work in works:
        assert work.output.read_bytes() == (whole / work.output.name).read_bytes()


def test_the_scene_beside_it_plays_in_a_render(folder, tmp_path):
    from livegan.cli.options import venue_with
    from livegan.studio.render import RenderJob, render_film

    (result,) = project(job(folder, "film.mp4", output=tmp_path / "film.hdf5", selection={"frames": 2}))
    song = ROOT / "livegan" / "audio" / "demo.ogg"
    film = RenderJob(song, tmp_path / "out.mkv", str(result.scene), Fraction(10), (32, 32), duration_s=0.3)
    assert render_film(film, venue_with(None, device="cpu")).frames == 3
    assert module.play_line(result) == f"livegan play --scene {result.scene}"


def test_a_preview_and_a_plot_are_made_when_asked(folder, tmp_path):
    said = []
    preview, plot = tmp_path / "preview.mkv", tmp_path / "plot.png"
    request = job(folder, "film.mp4", output=tmp_path / "film.hdf5", preview=preview, convergence=plot)
    project(request, said.append)
    with av.open(str(preview)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert (len(frames), frames[0].shape) == (FRAMES, (16, 32, 3))
    with Image.open(plot) as picture:
        assert picture.size == (1200, 410)
    assert any("80 % of the way after" in line for line in said)


def test_completeness_is_gances():
    assert complete_at(np.array([10, 8, 4, 2, 1, 0], np.float32)) == 3
    assert complete_at(np.zeros(5, np.float32)) == 0


def refusal(*arguments, **changes):
    with pytest.raises(LiveganError) as caught:
        project(job(*arguments, **changes))
    return str(caught.value)


def test_what_cannot_be_projected_is_said_in_one_sentence(folder, tmp_path):
    output = tmp_path / "x.hdf5"
    assert "no file called" in refusal(folder, "none.png")
    (tmp_path / "text.png").write_text("hello")
    assert "cannot be read as a picture" in refusal(folder, tmp_path / "text.png", output=output)
    (tmp_path / "text.mp4").write_text("hello")
    assert "no picture and no video" in refusal(folder, tmp_path / "text.mp4", output=output)
    (tmp_path / "empty").mkdir()
    assert "no pictures and no videos" in refusal(folder, tmp_path / "empty")
    assert "written as .hdf5" in refusal(folder, "picture.png", output=tmp_path / "x.npy")
    assert "is one file and there are 2 inputs" in refusal(folder, "picture.png", "film.mp4", output=output)
    assert "no frame at 9 s" in refusal(folder, "film.mp4", output=output, selection={"start_s": 9.0})
    scene, beside = tmp_path / "mine.toml", tmp_path / "mine.hdf5"
    scene.write_text("title = 'Mine'")
    assert "mine.toml is there already, and a scene is written" in refusal(folder, "picture.png", output=beside)
    assert scene.read_text() == "title = 'Mine'"
    request = job(folder, "picture.png", output=output)
    assert project(request)[0].is_complete
    assert "is there already; type --overwrite" in refusal(folder, "picture.png", output=output)
    with pytest.raises(LiveganError, match="has no w"):
        project(replace(job(folder, "picture.png", output=output, overwrite=True), network="plain"))


def test_a_work_folder_of_other_options_is_not_gone_on_with(folder, tmp_path, monkeypatch):
    output = tmp_path / "x.hdf5"
    with monkeypatch.context() as patched:
        patched.setattr(module, "run_unit", interrupt)
        assert project(job(folder, "film.mp4", output=output))[0].frames == 0
        assert project(job(folder, "picture.png", output=output))[0].frames == 0  # there was nothing to lose
    first = Projected(np.zeros((6, 8), np.float32), pattern()[:16, :16], 1.0, 1.0, 1, np.zeros(1, np.float32))
    ProjectionWork(output).finish(0, first)
    assert "steps was 12 and is 5" in refusal(folder, "picture.png", output=output, settings={"steps": 5})
    assert project(job(folder, "picture.png", output=output, settings={"steps": 5}, overwrite=True))[0].is_complete


def interrupt(*_):
    raise KeyboardInterrupt


def test_workers_one_of_them_killed_make_the_same_bytes(folder, tmp_path, monkeypatch):
    """Three parts, of which two are frames that follow one another, with noise inputs that go from frame to frame."""
    names = ["film.mp4", "picture.png", folder / "other.mp4"]
    write_video(folder / "other.mp4", 3)
    settings = {"noise": True, "histories": ("latents",)}
    changes = {"settings": settings, "batch": 1, "scene": False}
    plain, many = tmp_path / "plain", tmp_path / "many"
    project(job(folder, *names, output=plain, **changes))
    real_open, real_finish, opened, killed = module.open_workers, ProjectionWork.finish, [], []

    def open_workers(*arguments):
        opened.append(real_open(*arguments))
        return opened[0]

    def finish(work, index, result):
        if not killed:
            (scheduler,) = opened
            number, process = next(iter(scheduler._carrier._processes.items()))
            killed.append(number)
            process.process.kill()
        real_finish(work, index, result)

    monkeypatch.setattr(module, "open_workers", open_workers)
    monkeypatch.setattr(ProjectionWork, "finish", finish)
    said = []
    results = project(job(folder, *names, output=many, workers=WorkerOptions(2), **changes), said.append)
    assert all(result.is_complete for result in results)
    assert (opened[0].lost, len(opened)) == (1, 1)
    assert any("1 worker ended early" in line for line in said)
    for path in sorted(plain.iterdir()):
        assert (many / path.name).read_bytes() == path.read_bytes()
    assert len(list(many.iterdir())) == len(names)


def test_units_do_not_depend_on_who_runs_them():
    assert [[(c.input, c.first, c.end) for c in unit] for unit in units([130, 1], 2, 60)] == [
        [(0, 0, 60), (0, 60, 120)],
        [(0, 120, 130), (1, 0, 1)],
    ]


class Lab:
    """A projector into a tiny network, and pictures of its own."""

    def __init__(self, kind="stylegan2", **settings):
        net = tiny_net(kind)
        for name, tensor in net.state_dict().items():
            if "torgb" in name and "affine" not in name:
                tensor.mul_(0.3)  # random weights are far too bright
        self.network = ProjectorNetwork(net)
        self.projector = Projector(self.network, perceptual("pixels"), ProjectorSettings(**settings))
        w = self.network.samples[5000:5003]
        self.ws = w[:, None].expand(-1, self.network.rows, -1)
        self.targets = to_targets(self.network.pixels(self.ws))

    def project(self, targets=None, before=None):
        targets = self.targets if targets is None else targets
        return self.projector.project(targets, before or [[] for _ in targets])


@pytest.mark.parametrize("kind", sorted(TINY))
def test_every_architecture_is_projected_into_and_more_steps_come_nearer(kind):
    few, many = (sum(each.loss for each in Lab(kind, steps=steps).project()) for steps in (2, 60))
    assert many < 0.6 * few


def test_a_batch_is_its_pictures():
    lab = Lab(steps=10)
    together = lab.project()
    for index, each in enumerate(together):
        (alone,) = lab.project(lab.targets[index : index + 1])
        np.testing.assert_allclose(alone.ws, each.ws, atol=0.02)


def test_a_frame_starts_from_the_one_before_but_not_over_a_cut():
    lab = Lab(steps=60, warm_steps=4)
    (first,) = lab.project(lab.targets[:1])
    (same,) = lab.project(lab.targets[:1], [[first]])
    assert same.steps <= 4
    assert same.loss <= first.loss * 1.001
    other = lab.network.samples[3].expand(1, lab.network.rows, -1)  # one of the pictures that are compared with
    (cut_to,) = lab.project(to_targets(lab.network.pixels(other)), [[first, same]])
    assert cut_to.loss == cut_to.goal < first.goal


def test_the_original_projector_has_the_papers_schedule_and_regulariser():
    lab = Lab(steps=60, original=True)
    assert lab.network.has_noise
    (result,) = lab.project(lab.targets[:1])
    assert result.steps == 60 == len(result.curve)
    assert np.array_equal(result.ws, np.broadcast_to(result.ws[:1], result.ws.shape))
    sizes = [plane[0].numel() for plane in lab.network.noise_planes(1)]
    for plane in np.split(result.noise, np.cumsum(sizes)[:-1]):
        assert abs(plane.mean()) < 1e-5
        assert abs(np.mean(plane**2) - 1) < 0.01
    noise = torch.randn(2, 1, 16, 16)
    half = torch.nn.functional.avg_pool2d(noise, 2)
    expected = [
        sum((p * p.roll(1, axis)).mean() ** 2 for p in (noise[index], half[index]) for axis in (1, 2))
        for index in (0, 1)
    ]
    torch.testing.assert_close(noise_regularisation([noise]), torch.stack(expected))
    rates = []
    track = next(iter(lab.projector._starts(lab.targets[:1], torch.zeros(1, 1), [[]], [0])[1]))
    for _ in range(60):
        rates.append(lab.projector._rate(track))
        lab.projector._advance(track)
    t = np.arange(60) / 60
    down = np.minimum(1, (1 - t) / 0.25)
    np.testing.assert_allclose(rates, 0.1 * (0.5 - 0.5 * np.cos(np.pi * down)) * np.minimum(1, t / 0.05), atol=1e-6)


def test_optimised_noise_comes_nearer_and_is_kept():
    plain, noisy = Lab(steps=30).project(), Lab(steps=30, noise=True, histories=("noises",)).project()
    assert plain[0].noise is None
    assert noisy[0].histories["noises"].shape == (noisy[0].steps, noisy[0].noise.size)
    assert np.isfinite(noisy[0].noise).all()


def face(angle=0.0, scale=1.0, middle=(200.0, 180.0)):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    eyes = [tuple(np.array(middle) + turn @ (scale * np.array(place))) for place in ((-20, 0), (20, 0))]
    return Face((0.0, 0.0, 1.0, 1.0), (eyes[0], eyes[1]))


def test_ffhqs_square_turns_and_grows_with_the_face():
    quad = ffhq_quad(face())
    np.testing.assert_allclose(quad[3] - quad[0], [160, 0], atol=1e-9)  # four times the distance of the eyes
    np.testing.assert_allclose(quad[1] - quad[0], [0, 160], atol=1e-9)
    np.testing.assert_allclose(quad.mean(axis=0), [200, 180 + 0.1 * 44])
    turned = ffhq_quad(face(0.3, 2.0))
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    np.testing.assert_allclose(turned - [200, 180], (quad - [200, 180]) @ turn.T * 2, atol=1e-9)


def test_an_aligned_face_is_upright_and_in_its_place():
    for angle in (0.0, 0.5):
        tilted = face(angle)
        picture = np.zeros((360, 400, 3), np.uint8)
        for x, y in tilted.eyes:
            picture[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 255
        square = np.asarray(cut(Image.fromarray(picture), ffhq_quad(tilted)))[:, :, 0] > 128
        side = len(square)
        rows, columns = np.nonzero(square)
        left, right = columns < side / 2, columns >= side / 2
        for half, place in ((left, 0.375), (right, 0.625)):
            assert columns[half].mean() / side == pytest.approx(place, abs=0.01)
            assert rows[half].mean() / side == pytest.approx(0.5 - 0.11 / 4, abs=0.015)


def test_align_without_a_face_or_a_detector_says_so(folder, tmp_path, monkeypatch):
    request = {"output": tmp_path / "x.hdf5", "selection": {"align": True}}
    assert "no face is found" in refusal(folder, "picture.png", **request)
    monkeypatch.setattr("livegan.datasets.faces.detector_name", lambda: None)
    assert "pip install" in refusal(folder, "picture.png", **request)


def test_a_drawn_face_is_aligned_before_it_is_projected(folder, tmp_path):
    picture, eyes = drawn_face(size=(400, 500), centre=(300, 180), side=160, roll_deg=8)
    Image.fromarray(picture).save(tmp_path / "face.png")
    square = FaceAligner().align(Image.fromarray(picture), "face.png")
    assert square.width == pytest.approx(4 * np.hypot(eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]), rel=0.15)
    (found,) = find_faces(np.asarray(square))
    (left, top), (right, other) = np.array(found.eyes) / square.width
    assert abs(top - other) < 0.02
    assert (left, right) == (pytest.approx(0.375, abs=0.03), pytest.approx(0.625, abs=0.03))
    request = job(folder, tmp_path / "face.png", output=tmp_path / "x.hdf5", selection={"align": True})
    assert project(request)[0].is_complete


def test_a_result_is_read_back_as_it_was_kept(tmp_path):
    work = ProjectionWork(tmp_path / "x.hdf5")
    work.begin({}, False)
    rng = np.random.default_rng(0)
    kept = Projected(
        rng.random((2, 3), np.float32),
        np.zeros((4, 4, 3), np.uint8),
        0.1234567891234,
        0.1,
        3,
        np.ones(3, np.float32),
        rng.random(5, np.float32),
        {"latents": rng.random((3, 2, 3), np.float32)},
    )
    work.finish(0, kept)
    read = work.result(0)
    assert (read.loss, read.goal, read.steps) == (kept.loss, kept.goal, kept.steps)
    for name in ("ws", "pixels", "curve", "noise"):
        np.testing.assert_array_equal(getattr(read, name), getattr(kept, name))
    np.testing.assert_array_equal(read.histories["latents"], kept.histories["latents"])


def test_a_damaged_work_folder_is_one_sentence(tmp_path):
    work = ProjectionWork(tmp_path / "x.hdf5")
    work.begin({}, False)
    for frames in ("null", "1e400", str(10**18), "-1", "1"):
        (work.folder / "targets.json").write_text(f'{{"frames": {frames}}}')
        with pytest.raises(MediaError, match="remove that folder"):
            work.extract(iter(()))
    (work.folder / "targets.json").unlink()
    assert work.extract(iter([pattern()])) == work.extract(iter(())) == 1
    work.finish(0, Projected(np.zeros((6, 8), np.float32), pattern(), 1.0, 1.0, 1, np.zeros(1, np.float32)))
    frame = work.folder / "frame-000000.npz"
    for damaged in (frame.read_bytes()[:200], b"PK\x03\x04", b""):
        frame.write_bytes(damaged)
        with pytest.raises(MediaError, match="remove that folder"):
            work.result(0)
    header = struct.pack(">II5B", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", b""), (b"IEND", b""))
    )
    (work.folder / "target-000000.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bomb)
    with pytest.raises(MediaError, match="remove that folder"):
        work.target(0)


def test_other_features_or_another_encoder_are_another_plan(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    info = find_network(str(folder / "tiny.json"))
    plans = []
    for content in (b"one", b"two"):
        (tmp_path / "vgg.pth").write_bytes(content)
        installed = installed_path(file_hash(info.weights))
        installed.parent.mkdir(parents=True, exist_ok=True)
        installed.write_bytes(content)
        begun = replace(job(folder, "picture.png"), features=tmp_path / "vgg.pth")
        vgg, output = Perceptual("vgg16", "", lambda x: iter(())), tmp_path / f"{content.decode()}.hdf5"
        module._begin(begun, folder / "picture.png", output, info, vgg, "cpu", print)
        plans.append(json.loads((tmp_path / f"{output.name}.work" / "plan.json").read_text(encoding="utf-8")))
    first, second = plans
    assert {key for key in first if first[key] != second[key]} == {"features_sha256", "encoder"}


PAGE = (ROOT / "docs" / "studio.md").read_text(encoding="utf-8").split("## Projection")[1].split("\n## ")[0]


def test_the_options_of_the_page_exist_and_its_commands_are_typed_rightly():
    commands = typer.main.get_command(app)
    own = {
        name
        for parameter in commands.commands["project"].params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    asked = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert asked <= own
    lines = [line.split() for line in PAGE.splitlines() if line.startswith("    livegan")]
    assert len(lines) >= 2
    for _, name, *words in lines:
        commands.commands[name].make_context(name, words)


def test_the_command_says_what_it_made_and_how_to_play_it(folder, tmp_path, monkeypatch, capsys):
    run = runner_here(tmp_path, monkeypatch, capsys)
    words = ["project", str(folder / "picture.png"), "-n", str(folder / "tiny.json"), "--steps", "5"]
    done = run(*words, "--features", "pixels", "--device", "cpu")
    assert done.returncode == 0
    assert "projection_of_picture.hdf5: 1 frame, 5 steps a frame" in done.stderr
    assert "play it: livegan play --scene projection_of_picture.toml" in done.stderr
    again = run(*words)
    assert (again.returncode, again.stderr.count("is there already; type --overwrite")) == (2, 1)
    assert run(*words, "--history", "colours").stderr.count("is not one of latents, images, noises") == 1
    assert "did you mean 'efficientnet'" in run(*words, "--features", "eficientnet", "--overwrite").stderr
