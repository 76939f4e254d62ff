"""FastGAN: read and drawn as by the definition, and the laws of its two rows, its noise and its classes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan import load_network
from livegan.core.types import Bend
from livegan.errors import NetworkError
from livegan.networks.analysis import analyse
from livegan.networks.architectures.fastgan import FastGAN
from livegan.networks.architectures.fastgan_shape import FastGANShape
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_network
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import load_style_net
from livegan.rendering.backends.fastgan import FastGANBackend
from tests import fastgan_textbook as textbook
from tests import foreign
from tests.reference_networks import FOLDER, answers, far, needed
from tests.tiny_networks import tiny_info, tiny_net

SHAPE = {"channels": [16, 8, 8, 8, 8], "convolutions": [2, 1, 2, 1]}
PLAIN, STILL = SynthesisOptions(), SynthesisOptions(noise=(0.0, 0.0, 0.0))
WITHIN = 1e-5  # of the picture's range: float32 against float64


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These networks are too small for two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network_of(imported: ImportedNetwork) -> FastGAN:
    values = {**imported.values, "resolution": tuple(imported.values["resolution"])}
    net = FastGAN.from_info(NetworkInfo("x", Path("x.json"), **values))
    net.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in imported.tensors.items()})
    return net


def read(folder: Path, data: bytes) -> FastGAN:
    return network_of(foreign.read_network(foreign.written(folder, "fast.pth", data)))


def planes_of(net: FastGAN, seed: int) -> list[np.ndarray]:
    """A plane for each convolution with noise, as the reference networks say."""
    rng = np.random.RandomState(seed)
    sides = [layer.side for layer in net.layers if layer.noise_strength is not None]
    return [rng.randn(1, 1, side, side).astype(np.float16).astype(np.float32)[0, 0] for side in sides]


def drawn(net: FastGAN, z: np.ndarray, label: int | None, planes: list[np.ndarray] | None) -> np.ndarray:
    classes = torch.zeros(1, net.c_dim)
    if label is not None:
        classes[0, label] = 1
    w = net.map(torch.from_numpy(z.astype(np.float32))[None], classes)
    given = None if planes is None else [torch.from_numpy(plane) for plane in planes]
    return net.synthesize(w[:, None].expand(-1, net.num_ws, -1), STILL, given)[0].numpy()


# -- files


@needed
@pytest.mark.parametrize(
    "name",
    [
        "fastgan-all-256.pth",
        "fastgan-g-256.pth",
        "pg-fastgan-128.pkl",
        "pg-fastgan-lite-128.pkl",
        "pg-fastgan-cond-128.pkl",
    ],
)
def test_reference_networks(name: str) -> None:
    net = load_style_net(find_network(FOLDER / name))
    assert isinstance(net, FastGAN)
    for case, known in answers(name):
        z = np.random.RandomState(case["seed"]).randn(1, net.z_dim).astype(np.float32)[0]
        np.testing.assert_allclose(z, known["z"], atol=1e-6)
        planes = planes_of(net, case["noise_seed"]) if case["noise_mode"] == "planes" else None
        assert planes is None or len(planes) == case["planes"]
        every = case["every"]
        assert far(drawn(net, z, case["label"], planes)[:, ::every, ::every], known["img"]) <= WITHIN, case


@pytest.mark.parametrize(("side", "prefix"), [(256, ""), (256, "module."), (1024, "")])
def test_its_own_checkpoints_draw_as_by_the_definition(tmp_path: Path, side: int, prefix: str) -> None:
    arrays = textbook.tensors("own", side)
    net = read(tmp_path, foreign.saved(textbook.checkpoint(arrays, prefix=prefix)))
    assert net.resolution == (side, side)
    z = np.random.default_rng(1).standard_normal(net.z_dim)
    for planes in (planes_of(net, 3), None)[: 1 if side > 256 else 2]:
        assert far(drawn(net, z, None, planes), textbook.picture(arrays, "own", side, z, None, planes)) <= WITHIN


@pytest.mark.parametrize(
    ("form", "side", "c_dim"), [("projected", 128, 0), ("light", 256, 0), ("classes", 128, 3), ("light", 128, 2)]
)
def test_pickles_of_projected_gan_draw_as_by_the_definition(tmp_path: Path, form: str, side: int, c_dim: int) -> None:
    arrays = textbook.tensors(form, side, c_dim=c_dim)
    net = read(tmp_path, textbook.projected(arrays, side))
    assert (net.resolution, net.c_dim) == ((side, side), c_dim)
    z = np.random.default_rng(1).standard_normal(net.z_dim)
    label = c_dim - 1 if c_dim else None
    embedded = arrays["embed.weight"][label] if c_dim else None
    for planes in (None, planes_of(net, 3)):
        assert far(drawn(net, z, label, planes), textbook.picture(arrays, form, side, z, embedded, planes)) <= WITHIN


SAID: list[tuple[dict[str, Any], str]] = [
    ({"img_resolution": 64}, "'img_resolution' that no FastGAN has"),
    ({"img_resolution": 512}, "it has no 'feat_512"),
    ({"z_dim": 9}, "it says z_dim is 9, its tensors say 5"),
    ({"c_dim": 2}, "it says c_dim is 2, its tensors say 3"),
]


@pytest.mark.parametrize(("said", "words"), SAID)
def test_a_pickle_that_contradicts_itself_is_refused(tmp_path: Path, said: dict[str, Any], words: str) -> None:
    with pytest.raises(NetworkError, match=words):
        read(tmp_path, textbook.projected(textbook.tensors("light", 128, c_dim=3), 128, **said))


def test_a_level_that_nothing_draws_is_refused(tmp_path: Path) -> None:
    arrays = textbook.tensors("light", 256)
    arrays["feat_512.1.weight_orig"] = arrays["feat_256.1.weight_orig"]
    with pytest.raises(NetworkError, match=r"'feat_512\.1\.weight_orig' that no FastGAN has"):
        read(tmp_path, textbook.projected(arrays, 256))


def test_of_a_checkpoint_with_an_average_the_average_is_drawn(tmp_path: Path) -> None:
    running, averaged = (textbook.tensors("own", 256, seed=seed) for seed in (0, 1))
    for name, array in running.items():
        if name.endswith(textbook.LISTED):
            averaged[name] = array  # buffers are not averaged
    path = foreign.written(tmp_path, "all_1.pth", foreign.saved(textbook.checkpoint(running, averaged)))
    net = load_network(path)
    assert (net.kind, net.z_dim, net.num_ws, net.w_dim) == ("fastgan", 5, 2, 5)
    z = np.random.default_rng(1).standard_normal((1, 5)).astype(np.float32)
    assert far(net.synthesize(net.map(z), "none")[0], textbook.picture(averaged, "own", 256, z[0])) <= WITHIN


def test_an_average_may_be_a_state_dict(tmp_path: Path) -> None:
    running, averaged = (textbook.tensors("own", 256, seed=seed) for seed in (0, 1))
    whole = textbook.checkpoint(running) | {"g_ema": textbook.torched(averaged)}
    net = read(tmp_path, foreign.saved(whole))
    z = np.random.default_rng(1).standard_normal(5)
    assert far(drawn(net, z, None, None), textbook.picture(averaged, "own", 256, z)) <= WITHIN


def change(name: str, value: Any = None) -> Any:
    def changed(whole: dict[str, Any]) -> None:
        if value is None:
            del whole["g"][name]
        else:
            whole["g"][name] = value

    return changed


BROKEN: list[tuple[Any, str]] = [
    (change("attention.gamma", torch.zeros(1)), "'attention.gamma' that no FastGAN has"),
    (change("feat_8.2.weight"), "it has no 'feat_8.2.weight'"),
    (change("feat_256.1.weight_orig"), "it has no 'feat_256.1.weight_orig'"),
    (change("feat_8.2.weight", torch.zeros(3)), "'feat_8.2.weight' of 3 numbers"),
    (change("feat_64.1.weight_u", torch.zeros(5)), "'feat_64.1' whose vectors do not fit"),
    (change("feat_64.1.weight_u", torch.zeros(6)), "'feat_64.1' that is no number other than 0"),
    (change("feat_64.2.running_var", torch.ones(1)), "'feat_64.2' of several sizes"),
    (change("to_big.weight_u", 3), "something else where the tensor 'to_big.weight_u'"),
    (lambda whole: whole.update(g_ema=[torch.zeros(1)]), "'g_ema' that is no list of the 44 tensors of 'g'"),
    (lambda whole: whole.update(g_ema=whole["g_ema"][::-1]), "order is not that of 'g'"),
]


@pytest.mark.parametrize(("broken", "words"), BROKEN)
def test_a_checkpoint_that_is_none_is_refused_in_one_sentence(tmp_path: Path, broken: Any, words: str) -> None:
    arrays = textbook.tensors("own", 256)
    whole = textbook.checkpoint(arrays, arrays if "'g'" in words else None)
    broken(whole)
    with pytest.raises(NetworkError, match=words):
        read(tmp_path, foreign.saved(whole))


LIES: list[tuple[str, Any]] = [
    ("channels", []),
    ("channels", [16, 8, True]),
    ("channels", [16000] * 3),
    ("convolutions", [2, 1, 2]),
    ("convolutions", [2, 3]),
    ("normalised", 1),
    ("tanh", None),
    ("colours", 2),
]


@pytest.mark.parametrize(("key", "lie"), LIES)
def test_a_shape_that_lies_is_refused_before_memory_is_taken(key: str, lie: Any) -> None:
    info = tiny_info("fastgan")
    with pytest.raises(NetworkError, match=r"tiny\.json"):
        FastGANShape.of(replace(info, shape={**info.shape, key: lie}))
    for wrong in ({"w_dim": 8}, {"c_dim": 0}, {"resolution": (16, 32)}):
        with pytest.raises(NetworkError, match=r"tiny\.json"):
            FastGANShape.of(replace(info, **wrong))


# -- laws


def some_ws(net: FastGAN, count: int = 1, seed: int = 3) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    w = net.map(torch.randn(count, net.z_dim, generator=rng), torch.eye(count, net.c_dim))
    return w[:, None].expand(-1, net.num_ws, -1).contiguous()


def fast(**fields: Any) -> FastGAN:
    """One of 64 px, with an excitation."""
    net = tiny_net("fastgan", **{"resolution": (64, 64), "shape": SHAPE, **fields})
    assert isinstance(net, FastGAN)
    return net


def test_psi_scales_z_and_leaves_the_class() -> None:
    net = fast()
    z, classes = torch.randn(2, 8, generator=torch.Generator().manual_seed(1)), torch.eye(2, 3)
    w, averages = net.map(z, classes), net.averages(classes)[:, 0]
    half = averages + 0.5 * (w - averages)
    torch.testing.assert_close(half[:, :8], w[:, :8] / 2)
    torch.testing.assert_close(half[:, 8:], net.embed.weight[:2])
    torch.testing.assert_close(w[:, :8].square().mean(dim=1), torch.ones(2))
    own = fast(c_dim=0, w_dim=8, shape={**SHAPE, "normalised": False})
    assert torch.equal(own.map(z, torch.zeros(2, 0)), z)
    assert torch.equal(own.averages(torch.zeros(2, 0)), torch.zeros(2, 1, 8))


def test_classes_mix_by_their_shares() -> None:
    net, z = fast(), torch.ones(1, 8)
    embedded = [net.map(z, torch.tensor([weights]))[0, 8:] for weights in ([1.0, 3.0, 0.0], [0.25, 0.75, 0.0])]
    torch.testing.assert_close(embedded[0], embedded[1])
    torch.testing.assert_close(embedded[1], 0.25 * net.embed.weight[0] + 0.75 * net.embed.weight[1])
    torch.testing.assert_close(net.map(z, torch.zeros(1, 3))[0, 8:], net.embed.weight.mean(dim=0))


def test_the_second_row_acts_through_the_excitations_alone() -> None:
    net = fast()
    one, two = some_ws(net, 2)
    mixed = torch.stack([one, two, torch.stack([one[0], two[1]]), torch.stack([two[0], one[1]])])
    pictures = net.synthesize(mixed, PLAIN)
    singles = torch.cat([net.synthesize(ws[None], PLAIN) for ws in mixed])
    torch.testing.assert_close(pictures, singles, atol=1e-5, rtol=1e-4)
    assert min(float((pictures[i] - pictures[j]).abs().max()) for i in range(4) for j in range(i)) > 1e-2
    for block in net.blocks:
        if block.excitation is not None:
            block.excitation.conv1.weight.zero_()  # a factor of a half for all
    pictures = net.synthesize(mixed, PLAIN)
    torch.testing.assert_close(pictures[2], pictures[0], atol=1e-5, rtol=1e-4)


def test_noise_has_fixed_planes_or_those_of_a_seed_and_gains_by_group() -> None:
    net = fast()
    ws = some_ws(net)
    still = net.synthesize(ws, PLAIN)
    assert torch.equal(still, net.synthesize(ws, PLAIN))
    assert (net.synthesize(ws, SynthesisOptions(noise_seed=7)) - still).abs().max() > 1e-3
    for gains in ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0)):
        assert (net.synthesize(ws, SynthesisOptions(noise=gains)) - still).abs().max() > 1e-3
    assert torch.equal(net.synthesize(ws, SynthesisOptions(noise=(1.0, 1.0, 0.0))), still)  # 64 px: no noise
    zeros = [torch.zeros(layer.side, layer.side) for layer in net.layers if layer.noise_strength is not None]
    assert torch.equal(net.synthesize(ws, STILL), net.synthesize(ws, PLAIN, zeros))


def test_bends_act_in_their_layer() -> None:
    net = fast()
    ws = some_ws(net)
    still = net.synthesize(ws, PLAIN)
    for layer in ("coarse", "middle", "fine", "all", "4", "64"):
        bent = net.synthesize(ws, SynthesisOptions(bends=(Bend("flip-x", layer, 1.0),)))
        assert (bent - still).abs().max() > 1e-3, layer
    assert torch.equal(net.synthesize(ws, SynthesisOptions(bends=(Bend("flip-x", "128", 1.0),))), still)


def test_directions_are_what_the_first_layer_answers_to() -> None:
    net = fast(c_dim=0, w_dim=8)
    directions = torch.nn.functional.normalize(analyse(net, "").directions, dim=1)
    torch.testing.assert_close(directions @ directions.T, torch.eye(8), atol=1e-4, rtol=0)
    answers = (net.init.weight.flatten(1).T @ directions.T).norm(dim=0)
    assert torch.equal(answers.argsort(descending=True), torch.arange(8))


def test_the_backend_doubles_and_convolves_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    net = fast()
    for least in (8, 10**6):
        monkeypatch.setattr("livegan.rendering.backends.fastgan.FUSED_FROM_PX", least)
        backend = FastGANBackend(net, "cpu", 1)
        assert sum(kernel is not None for kernel in backend.kernels) == (4 if least == 8 else 0)
        ws = some_ws(net)
        found = net.synthesize(ws, PLAIN, kernels=backend.kernels)
        torch.testing.assert_close(found, net.synthesize(ws, PLAIN), atol=1e-5, rtol=1e-4)
