"""Layers: laws of every kind and blend, media by time, gates, files of scenes, and what a plan says of them."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from livegan.config.load import load_scenes
from livegan.config.scene import LayerTable, Scene
from livegan.config.venue import Venue, WindowTable
from livegan.core import layer_files
from livegan.core.layer_files import lacking_letters, open_video
from livegan.core.layers import BLEND_MODES, DRAWN, LAYER_KINDS, Layer, blend_layers
from livegan.core.parameters import DRAWING, PLACING
from livegan.core.plan_json import from_json, to_json
from livegan.core.score import EMPTY, Score
from livegan.core.sound import SILENT, Sound
from livegan.core.types import FeatureFrame, FramePlan
from livegan.engine.assemble import sized
from livegan.engine.bind import Binder, check_scene, listen, with_parameters
from livegan.engine.guard import FaultGuard
from livegan.engine.layers import boxed_letters
from livegan.engine.patch import Patch
from livegan.errors import MediaError
from livegan.mapping.gate import MusicGate
from livegan.networks.library import find_network
from livegan.rendering.compositor import Compositor
from livegan.rendering.drawings.light import HALO_PX, halo
from livegan.rendering.media import Media
from livegan.rendering.videos import Video, VideoAhead, pixels_of

SOUND = Sound(np.sin(np.arange(1024) / 9).astype(np.float32), np.linspace(1, 0.2, 128, dtype=np.float32))
SCORE = Score(np.array([[-0.4, 1.0, 60, 0, 0.8], [0.5, 0.5, 48, 2, 1.0]], np.float32), 0.3, 2.0)
SIZES = ((36, 64), (33, 47), (1, 1), (200, 9))
VALUES = {p.name: p.default for p in (*PLACING, *DRAWING)}
FPS, FRAMES = 10, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an image, a logo, a video of eight levels of grey, and a mask."""
    folder = tmp_path_factory.mktemp("layers")
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(noise).save(folder / "image.png")
    logo = np.dstack((noise[:40, :40], np.tri(40, dtype=np.uint8) * 255))
    Image.fromarray(logo).save(folder / "logo.png")
    Image.fromarray((np.tri(20, 30) * 255).astype(np.uint8)).save(folder / "mask.png")
    with av.open(str(folder / "video.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for k in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((36, 64, 3), 20 + 25 * k, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return folder


def layer(folder: Path, kind: str, blend: str = "over", amount: float = 1.0, **values: float) -> Layer:
    sources = {"image": "image.png", "logo": "logo.png", "video": "video.mp4"}
    options = {"source": str(folder / sources[kind])} if kind in sources else {}
    options |= {"text": "Ag\n1"} if kind == "text" else {"seed": "3"} if kind in DRAWN else {}
    return Layer(kind, blend, amount, {**VALUES, "travel": 0.3, "turn": 0.0, "time": 0.25, **values}, options)


def pixels(size: tuple[int, int] = (36, 64), seed: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8))


def laid(picture: torch.Tensor, *layers: Layer, sound: Sound | None = SOUND, on_top: bool = False) -> torch.Tensor:
    out = Compositor().step(picture, layers, sound, EMPTY if sound is SILENT else sound and SCORE, on_top=on_top)
    assert isinstance(out, torch.Tensor)
    return out


@pytest.mark.parametrize("blend", BLEND_MODES)
@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_laws_of_every_layer(folder: Path, kind: str, blend: str) -> None:
    """Shape and type are kept, the input is untouched, amount 0 is the identity, half of it lies between."""
    for size in SIZES:
        picture = pixels(size)
        kept = picture.clone()
        full = laid(picture, layer(folder, kind, blend))
        assert (full.shape, full.dtype) == (picture.shape, torch.uint8)
        assert full.is_contiguous()
        assert torch.equal(picture, kept)
        assert torch.equal(full, laid(picture, layer(folder, kind, blend)))
        assert laid(picture, layer(folder, kind, blend, 0.0)) is picture
        near = laid(picture, layer(folder, kind, blend, 0.004))
        assert int((near.int() - picture.int()).abs().max()) <= 2
    assert not torch.equal(laid(pixels(), layer(folder, kind, blend)), pixels())


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_layers_may_be_anywhere_of_any_size_and_look(folder: Path, kind: str) -> None:
    for parameter in (*PLACING, *DRAWING):
        for value in (parameter.low, parameter.high):
            out = laid(pixels(), layer(folder, kind, "screen", **{parameter.name: value}))
            assert out.shape == (36, 64, 3)


@pytest.mark.parametrize("kind", DRAWN)
def test_drawings_of_silence_are_there_and_none_is_drawn_of_no_sound(folder: Path, kind: str) -> None:
    black = torch.zeros(36, 64, 3, dtype=torch.uint8)
    assert torch.equal(
        laid(black, layer(folder, kind, "add"), sound=None), laid(black, layer(folder, kind, "add"), sound=SILENT)
    )
    assert torch.equal(laid(black, layer(folder, kind, "add")), laid(black, layer(folder, kind, "add")))


def test_layers_on_top_are_drawn_apart(folder: Path) -> None:
    under, over = layer(folder, "image"), replace(layer(folder, "logo"), on_top=True)
    picture = pixels()
    assert torch.equal(laid(picture, under, over), laid(picture, under))
    assert torch.equal(laid(picture, under, over, on_top=True), laid(picture, replace(over, on_top=False)))


def test_an_image_at_scale_1_covers_the_picture_exactly(tmp_path: Path) -> None:
    own = np.random.default_rng(3).integers(0, 256, (36, 64, 3), np.uint8)
    Image.fromarray(own).save(tmp_path / "own.png")
    shown = Layer("image", "over", 1.0, VALUES, {"source": str(tmp_path / "own.png")})
    assert torch.equal(laid(pixels(), shown), torch.from_numpy(own))
    half = laid(pixels(), replace(shown, values={**VALUES, "scale": 0.5}))
    assert torch.equal(half[:8], pixels()[:8])
    assert not torch.equal(half[17:19, 30:34], pixels()[17:19, 30:34])


def test_masks_boxes_and_keys_make_parts_transparent(folder: Path) -> None:
    black, white = (torch.full((36, 64, 3), value, dtype=torch.uint8) for value in (0, 255))
    image = layer(folder, "image")
    boxed = laid(
        white, replace(image, values={**image.values, "left": 0.5, "top": 0, "right": 1, "bottom": 1, "feather": 0})
    )
    assert torch.equal(boxed[:, :30], white[:, :30])
    assert not torch.equal(boxed[:, 34:], white[:, 34:])
    masked = laid(black, replace(image, options={**image.options, "mask": str(folder / "mask.png")}))
    assert int(masked[0, 40:].max()) < 40
    assert int(masked[30:, :20].max()) > 100
    keyed = laid(white, replace(image, options={**image.options, "key": "luminance"}))
    assert keyed.float().mean() > laid(white, image).float().mean()


def test_a_mask_layer_hides_what_it_does_not_cover(folder: Path) -> None:
    out = laid(pixels() | 128, layer(folder, "logo", "mask"))
    assert int(out[:4].max()) == 0
    assert int(out.max()) > 0


def grey_of(pixels: np.ndarray) -> int:
    return round((float(pixels[..., :3].mean()) - 20) / 25)


def test_a_video_plays_by_time_and_begins_again(folder: Path) -> None:
    video = Video(folder / "video.mp4")
    shown = [grey_of(pixels_of(video.frame_at(k / FPS + 0.01)[1], (4, 4))) for k in range(3 * FRAMES)]
    assert shown == list(range(FRAMES)) * 3
    for at_s, expected in ((0.05, 0), (0.35, 3), (50 * FRAMES / FPS + 0.21, 2), (0.0, 0)):  # backwards, far ahead
        assert grey_of(pixels_of(video.frame_at(at_s)[1], (4, 4))) == expected
    video.close()


@pytest.mark.parametrize("rate", [1000, 60000])
def test_a_video_of_a_moment_does_not_begin_again_without_end(rate: int, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "fast.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    video = Video(tmp_path / "fast.mp4")
    starts = [video.frame_at(0.0)[0]]
    while len(starts) < 5:
        starts.append(video.next_s)
        video.frame_at(video.next_s)
    assert starts[4] > 4 / 1000
    video.close()


def test_a_video_with_frames_larger_than_any_screen_is_refused(tmp_path: Path) -> None:
    head = b"GIF89a" + struct.pack("<HH", 16000, 16000) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    (tmp_path / "bomb.gif").write_bytes(head + b"," + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02\x4c\x01\0;")
    with pytest.raises(MediaError, match="no larger than 4096x4096"):
        open_video(tmp_path / "bomb.gif")


def test_a_video_is_shown_alike_at_any_frame_rate(folder: Path) -> None:
    slow, fast = Media(), Media()
    for k in range(30):
        at_s = k / 30
        fast.video(str(folder / "video.mp4"), at_s - 1 / 60, (4, 4))
        one, other = (media.video(str(folder / "video.mp4"), at_s, (4, 4)) for media in (slow, fast))
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one[1], other[1])


def test_two_layers_show_different_moments_of_one_video(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr("livegan.rendering.videos.open_video", lambda path: opened.append(path) or open_video(path))
    exact, live = Media(), Media(synchronous=False)
    for k in range(2 * FRAMES):
        for at_s in (k / FPS + 0.01, k / FPS + 0.41):
            live.video(str(folder / "video.mp4"), at_s, (4, 4))
            while live.poll(k / FPS) < 0.01:
                pass
            for media in (exact, live):
                shown = media.video(str(folder / "video.mp4"), at_s, (4, 4))
                assert shown is not None
                assert grey_of(shown[1]) == int(at_s * FPS) % FRAMES
    assert len(opened) <= 4 * 3, "it goes on, and is not opened anew for every picture"
    live.close()
    exact.close()


def test_a_video_that_is_left_and_begun_again_takes_no_reader_more(folder: Path) -> None:
    media = Media(synchronous=False)
    for scene in range(6):
        media.poll(10.0 * scene)
        media.video(str(folder / "video.mp4"), 0.0, (4, 4))
    assert [len(readers) for readers in media._readers.values()] == [1]
    media.close()


def test_a_frame_of_a_video_is_scaled_to_the_same_pixels_every_time() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format="yuv420p", threads=1)
    first = pixels_of(frame, (100, 180))  # a size at which swscale's threads overwrite each other's rows
    for _ in range(60):
        np.testing.assert_array_equal(pixels_of(frame, (100, 180)), first)


def test_live_the_newest_frame_that_is_there_is_shown_and_nothing_waits(folder: Path) -> None:
    ahead = VideoAhead(folder / "video.mp4")
    assert ahead.frame_at(0.0, (4, 4)) is None
    while ahead.decode():
        pass
    assert grey_of(ahead.frame_at(0.0, (4, 4))[1]) == 0  # type: ignore[index]
    assert grey_of(ahead.frame_at(0.1, (4, 4))[1]) == 1  # type: ignore[index]
    assert grey_of(ahead.frame_at(0.7, (4, 4))[1]) <= 2  # type: ignore[index]  # late: the newest that is there
    while ahead.decode():
        pass
    assert grey_of(ahead.frame_at(0.7, (4, 4))[1]) == 7  # type: ignore[index]
    assert len(ahead._ready) <= 8
    ahead.close()


def test_live_layers_come_when_they_are_ready(folder: Path) -> None:
    media = Media(synchronous=False)
    compositor = Compositor(media=media)
    text, picture = layer(folder, "text"), pixels()
    assert compositor.step(picture, [text], None, on_top=False) is picture
    while media.poll(0.0) < 0.02:
        pass
    assert torch.equal(torch.as_tensor(compositor.step(picture, [text], None, on_top=False)), laid(picture, text))
    media.close()


@pytest.mark.parametrize("kind", ["text", "logo"])
def test_live_a_layer_that_grows_is_seen_while_it_is_made_anew(folder: Path, kind: str) -> None:
    media = Media(synchronous=False)
    compositor = Compositor(media=media)

    def shown(scale: float) -> torch.Tensor:
        grown = replace(made := layer(folder, kind), values={**made.values, "scale": scale})
        return torch.as_tensor(compositor.step(pixels(), [grown], None, on_top=False))

    for _ in range(3):
        shown(0.4)
        while media.poll(0.0) < 0.02:
            pass
    assert not torch.equal(shown(0.4), pixels())
    before = shown(1.1)
    assert not torch.equal(before, pixels())
    while media.poll(0.0) < 0.02:
        pass
    assert (shown(1.1).float() - before.float()).abs().mean() < 8, "as before, but sharper"
    media.close()


def test_live_a_mask_that_is_not_made_yet_hides_nothing(folder: Path) -> None:
    media = Media(synchronous=False)
    compositor, mask = Compositor(media=media), layer(folder, "logo", "mask")
    assert torch.equal(torch.as_tensor(compositor.step(pixels(), [mask], None, on_top=False)), pixels())
    media.close()


@pytest.mark.parametrize("colour", [1.0, 0.5])
def test_a_mask_that_lies_outside_hides_all(folder: Path, colour: float) -> None:
    made = layer(folder, "logo", "mask")
    outside = replace(made, values={**made.values, "x": 3.0, "colour": colour})
    assert int(laid(pixels() | 128, outside).max()) == 0


def test_a_file_that_breaks_in_the_show_is_left_out_counted_and_not_tried_for_ever(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"no image")
    guard = FaultGuard(lambda: 0.0)
    media = Media(guard, synchronous=False)
    compositor = Compositor(guard, media)
    broken = Layer("image", "over", 1.0, VALUES, {"source": str(tmp_path / "image.png")})
    for _ in range(5):
        assert torch.equal(torch.as_tensor(compositor.step(pixels(), [broken], None, on_top=False)), pixels())
        media.poll(0.0)
    assert guard.faults == 1


def test_a_gate_is_open_while_little_changes_whatever_the_frame_rate() -> None:
    for fps in (30, 120):
        gate, other = MusicGate("below"), MusicGate("above")
        for _ in range(fps):
            still, loud = gate.step(0.4, 0.5, 1 / fps), other.step(0.4, 0.5, 1 / fps)
        assert (still, loud) == (1.0, 0.0)
        for k in range(fps * 2):
            value = 0.5 + 0.5 * np.sin(2 * np.pi * 2 * k / fps)
            still, loud = gate.step(value, 0.5, 1 / fps), other.step(value, 0.5, 1 / fps)
        assert (still, loud) == (0.0, 1.0)
    level = MusicGate("above", "value")
    for _ in range(60):
        shown = level.step(0.8, 0.5, 1 / 60)
    assert shown == 1.0


def test_like_layers_blend_and_unlike_ones_fade(folder: Path) -> None:
    one, other = layer(folder, "text", x=0.0, travel=0.95), layer(folder, "text", x=1.0, travel=0.05)
    (between,) = blend_layers((one,), (other,), 0.5)
    assert between.values["x"] == 0.5
    assert between.values["travel"] in (0.0, pytest.approx(1.0), pytest.approx(0.0))
    first, second = blend_layers((one,), (layer(folder, "logo"),), 0.25)
    assert (first.kind, first.amount, second.kind, second.amount) == ("text", 0.75, "logo", 0.25)
    assert blend_layers((one,), (), 0.0) == (one,)
    assert blend_layers((one,), (), 1.0) == ()


def plan(**changes: object) -> FramePlan:
    made = FramePlan(0, 0.0, 1 / 60, np.zeros(4, np.float32), np.zeros(0, np.float32), "a")
    return replace(made, **changes)


def test_in_a_transition_each_picture_keeps_its_layers_and_those_on_top_blend(folder: Path) -> None:
    under, top = layer(folder, "image"), replace(layer(folder, "logo"), on_top=True)
    first, second = plan(layers=(under,)), plan(layers=(layer(folder, "text"), top), network="b", sound=SOUND)
    assert first.fade(second, 0.25).layers == (under,)
    assert first.fade(second, 0.25).over[0][1].layers == second.layers
    mixed = first.blend(second, 0.25)
    assert mixed.layers == (under, replace(top, amount=0.25))
    ((_, cover),) = mixed.over
    assert [each.kind for each in cover.layers] == ["text"]
    assert cover.sound == mixed.sound == SOUND


TABLES = """
[[layers]]
kind = "starfield"
[[layers]]
kind = "text"
text = "LIVEGAN"
after_effects = true
[[layers]]
kind = "video"
source = "video.mp4"
gate_from = "complexity"
"""


@cache
def binder() -> Binder:
    return Binder(listen(Venue(), 48000, 2).layout, Venue())


def bound(folder: Path, text: str = TABLES, network: str = "plain") -> Patch:
    path = folder / "scene.toml"
    path.write_text(f'title = "T"\nnetwork = "{network}"\n{text}')
    return binder().bind(load_scenes([str(path)])[0])


def heard(value: float = 0.5) -> FeatureFrame:
    layout = binder().vocabulary.layout
    return FeatureFrame(0.0, layout, np.full(len(layout.names), value, np.float32))


@pytest.mark.parametrize("network", ["plain", "starfield"])
def test_stars_and_videos_are_where_their_time_says_at_any_frame_rate(folder: Path, network: str) -> None:
    ends = []
    for fps in (20, 80):
        patch = bound(folder, network=network)
        features = heard()
        for k in range(fps * 3):
            made = patch.plan(k, k / fps, 1 / fps, features)
        values = {each.kind: each.values for each in made.layers}
        ends.append((values["starfield"]["travel"], values["video"]["time"], made.parameters.get("canvas.travel", 0)))
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)
    assert ends[0][1] == pytest.approx(3.0)


def test_a_plan_with_layers_and_sound_is_drawn_alike_after_a_journey_through_json(folder: Path) -> None:
    patch = bound(folder)
    made = patch.plan(0, 0.0, 0.5, heard())
    assert [each.kind for each in made.layers] == ["starfield", "text", "video"]
    again = from_json(to_json(made))
    assert again == made
    for on_top in (False, True):
        first, second = (Compositor().step(pixels(), each.layers, each.sound, on_top=on_top) for each in (made, again))
        assert torch.equal(torch.as_tensor(first), torch.as_tensor(second))


def test_scenes_without_drawings_carry_no_sound(folder: Path) -> None:
    patch = bound(folder, "")
    assert patch.plan(0, 0.0, 0.1, heard()).sound is None
    assert bound(folder).plan(0, 0.0, 0.1, heard()).sound is not None


def test_drawings_are_as_large_as_the_window_and_networks_as_large_as_they_are() -> None:
    venue = Venue(window=WindowTable(size=(320, 180)))
    assert sized(find_network("starfield"), venue).resolution == (180, 320)
    assert sized(find_network("plain"), venue) == find_network("plain")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('kind = "image"', "needs a file beside the scene"),
        ('kind = "image"\nsource = "nothing.png"', "there is no file 'nothing.png'"),
        ('kind = "image"\nsource = "../image.png"', "outside the folder of the scene"),
        ('kind = "image"\nsource = "/etc/passwd"', "outside the folder of the scene"),
        ('kind = "image"\nsource = "scene.toml"', "does not end in .png"),
        ('kind = "image"\nsource = "fake.png"', "no image that can be read"),
        ('kind = "video"\nsource = "fake.mp4"', "no video that can be read"),
        ('kind = "video"\nsource = "list.mp4"', "no video that can be read"),
        ('kind = "video"\nsource = "link.mp4"', "outside the folder of the scene"),
        ('kind = "text"', "a text says something"),
        ('kind = "text"\ntext = "a"\nfont = "fake.ttf"', "no font that can be read"),
        ('kind = "spectrum"\ntext = "a"', "has no text"),
        ('kind = "spectrum"\nmask = "mask.png"', "has no fit, key, mask or box"),
        ('kind = "spectrum"\nsource = "image.png"', "has no file"),
        ('kind = "spektrum"', "input should be 'oscilloscope'"),
        ('kind = "logo"\nsource = "logo.png"\nbox = [0.9, 0, 0.1, 1]', "left of right and top above"),
        ('kind = "logo"\nsource = "logo.png"\ngate_from = "levl"', "did you mean 'level'"),
        ('kind = "text"\ntext = "a"\nsouce = "b"', "did you mean 'source'"),
    ],
)
def test_what_is_wrong_in_a_layer_is_said(folder: Path, tmp_path: Path, text: str, reason: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("logo.png", "mask.png", "image.png"):
        (inside / name).write_bytes((folder / name).read_bytes())
    for name in ("fake.png", "fake.mp4", "fake.ttf"):
        (inside / name).write_bytes(b"nothing of the kind")
    (inside / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    (tmp_path / "outside.mp4").write_bytes((folder / "video.mp4").read_bytes())
    (inside / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    (inside / "scene.toml").write_text(f'title = "T"\nnetwork = "plain"\n[[layers]]\n{text}')
    lines = check_scene(load_scenes([str(inside / "scene.toml")])[0], binder().vocabulary).mistakes
    assert any(reason in line for line in lines), lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[parameters]\nlayer.2.scale = 1\nlayer.1.scale = 1",
            ["parameters.layer.2.scale: 'layer.2.scale' is of layer 2, and the scene has 1 layer"],
        ),
        (
            '[[routes]]\nsource = "bass"\ntarget = "layer.4.x"\namount = 0.1',
            ["routes.0.target: 'layer.4.x' is of layer 4, and the scene has 1 layer"],
        ),
        ("[parameters]\nlayer.2.scal = 1", ["parameters.layer.2.scal: no parameter called 'layer.2.scal'"]),
        ('[[layers]]\nkind = "spektrum"\n[parameters]\nlayer.2.scale = 1', ["layers.1.kind: input should be"]),
        ('[knobs]\n"knob.1" = "layer.2.scale"', []),
    ],
)
def test_a_scene_sets_and_pushes_layers_that_it_has(tmp_path: Path, text: str, expected: list[str]) -> None:
    path = tmp_path / "scene.toml"
    path.write_text(f'title = "T"\nnetwork = "plain"\n[[layers]]\nkind = "spectrum"\n{text}\n')
    lines = check_scene(load_scenes([str(path)])[0], binder().vocabulary).mistakes
    assert len(lines) == len(expected)
    assert all(said in line for said, line in zip(expected, lines, strict=True)), lines


def test_setlists_and_knobs_may_turn_layers_that_a_scene_lacks_and_what_is_saved_of_it_can_be_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "scene.toml"
    path.write_text('title = "T"\nnetwork = "plain"\n[[layers]]\nkind = "spectrum"\n')
    (loaded,) = load_scenes([str(path)])
    patch = binder().bind(with_parameters(loaded, {"layer.1.scale": 0.5, "layer.2.scale": 0.5}))
    patch.controls.moved.update({"layer.1.x": 0.5, "layer.3.x": 0.5})
    assert set(patch.scene_now().parameters) == {"layer.1.scale", "layer.1.x"}


WORDS = st.text(max_size=8) | st.sampled_from(["image.png", "video.mp4", "..", "/", "logo.png", "level", "\0", "~"])
ANYTHING = WORDS | st.floats() | st.integers() | st.booleans() | st.lists(st.floats(0, 1), max_size=4)
KEYS = dict.fromkeys((*LayerTable.model_fields, "other"), ANYTHING)
FILES = {"source": WORDS, "text": WORDS, "mask": WORDS}
TABLE = st.fixed_dictionaries({}, optional=KEYS) | st.fixed_dictionaries(
    {"kind": st.sampled_from(LAYER_KINDS)}, optional=FILES
)


def as_toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() else f"\\u{ord(c):04x}" if ord(c) < 65536 else "x" for c in value) + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return str(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TABLE, max_size=5))
def test_no_layers_table_however_broken_raises(folder: Path, tables: list[dict[str, object]]) -> None:
    text = "".join("[[layers]]\n" + "".join(f"{k} = {as_toml(v)}\n" for k, v in table.items()) for table in tables)
    path = folder / "fuzzed.toml"
    path.write_text(f'title = "T"\nnetwork = "plain"\n{text}', encoding="utf-8", errors="replace")
    loaded = load_scenes([str(path)])[0]
    lines = check_scene(loaded, binder().vocabulary).mistakes
    assert all(isinstance(line, str) for line in lines)
    if not lines:
        patch = binder().bind(loaded)
        made = patch.plan(0, 0.0, 0.1, heard())
        assert laid(pixels(), *made.layers, sound=made.sound).shape == (36, 64, 3)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_light_around_a_text_ends_before_its_region_does() -> None:
    core = torch.zeros(2 * HALO_PX + 40, 2 * HALO_PX + 200)
    core[HALO_PX:-HALO_PX, HALO_PX:-HALO_PX] = 1.0
    shed = halo(core)
    assert shed[HALO_PX + 20, HALO_PX - 10] > 0.1
    for edge in (shed[0], shed[-1], shed[:, 0], shed[:, -1]):
        assert edge.abs().max() < 1e-3


def test_letters_that_no_font_has_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(layer_files, "COMMON_FONTS", ("no such font.ttf",))
    assert lacking_letters(None, "ZOE, 20 %") == ""
    assert lacking_letters(None, "ZOЖ夜夜") == "Ж夜"
    scene = Scene.model_validate(
        {"title": "T", "layers": [{"kind": "text", "text": "夜"}, {"kind": "text", "text": "A"}]}
    )
    (line,) = boxed_letters("mine", scene, tmp_path)
    assert "layer 1" in line
    assert "夜" in line
