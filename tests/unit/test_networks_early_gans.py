"""StyleGAN (2019) and Progressive GAN: their TensorFlow pickles map and draw as the papers say, or are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan import load_network
from livegan.core.types import Bend
from livegan.errors import NetworkError
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering.accuracy import psnr_db, random_ws, reference_picture
from livegan.rendering.backends import precomputed
from tests import early_gans, foreign
from tests.early_gans import C, Z, progressive, progressive_pickle, stylegan1, stylegan1_pickle
from tests.reference_networks import FOLDER, answers, check_reference, far, needed
from tests.tiny_networks import tiny_net

WITHIN = 1e-4  # of w, and of the picture's range
CHANNELS = [6, 5, 4]


def opened(folder: Path, data: bytes) -> Any:
    return load_network(foreign.written(folder, "network.pkl", data))


def z_of(seed: int) -> Any:
    return np.random.RandomState(seed).randn(Z).astype(np.float32)


@needed
@pytest.mark.parametrize("name", ["stylegan1-32.pkl", "stylegan1-cond-fused-32.pkl"])
def test_reference_stylegan1(name: str) -> None:
    check_reference(name)


@needed
@pytest.mark.parametrize("name", ["pgan-32.pkl", "pgan-cond-unfused-32.pkl"])
def test_reference_progressive(name: str) -> None:
    net = load_network(FOLDER / name)
    for case, known in answers(name):
        picture = net.synthesize(net.map(known["z"], None if case["label"] is None else [case["label"]]))
        assert far(picture[0], known["img"]) <= 2e-3, case


@pytest.mark.parametrize(
    ("channels", "classes", "version", "said", "fused_from"),
    [
        (CHANNELS, 0, 3, {"fused_scale": False}, 1000),
        (CHANNELS, C, 2, {"fused_scale": True, "label_size": C, "resolution": 16, "latent_size": Z}, 0),
        ([2, 2, 2, 2, 2, 2], 0, 3, {}, 128),
        ([2, 2, 2, 2, 2, 2], 0, 3, {"fused_scale": "auto", "truncation_psi": 0.7}, 128),
    ],
)
def test_stylegan1_draws_as_the_paper_says(
    tmp_path: Path, channels: list[int], classes: int, version: int, said: dict[str, Any], fused_from: float
) -> None:
    parts = stylegan1(channels, classes)
    net = opened(tmp_path, stylegan1_pickle(parts, version, **said))
    assert (net.kind, net.num_ws, net.c_dim) == ("stylegan1", 2 * len(channels), classes)
    for seed, psi, noise in ((0, 1.0, "const"), (1, 0.7, "none")):
        label = seed if classes else None
        average = parts["Gs"]["dlatent_avg"]
        w = average + psi * (early_gans.stylegan1_w(parts, z_of(seed), label) - average)
        found = net.map(z_of(seed), None if label is None else [label], psi)
        assert np.abs(found - w).max() <= WITHIN
        picture = early_gans.stylegan1_picture(
            parts["synthesis"], np.tile(w, (net.num_ws, 1)), float(noise == "const"), fused_from
        )
        assert far(net.synthesize(found, noise)[0], picture) <= WITHIN


@pytest.mark.parametrize("dnnlib", [False, True])
@pytest.mark.parametrize(("classes", "fused"), [(0, True), (C, False)])
def test_progressive_draws_as_the_paper_says(tmp_path: Path, classes: int, fused: bool, dnnlib: bool) -> None:
    variables = progressive(CHANNELS, classes, fused)
    said = {"label_size": classes, "latent_size": Z, "resolution": 16, "fused_scale": fused}
    net = opened(tmp_path, progressive_pickle(variables, dnnlib=dnnlib, **said))
    assert (net.kind, net.num_ws, net.w_dim) == ("progressive", 1, Z + classes)
    for label in range(2):
        one_hot = np.eye(classes)[label] if classes else np.zeros(0)
        picture = net.synthesize(net.map(z_of(label), [label] if classes else None))[0]
        assert far(picture, early_gans.progressive_picture(variables, z_of(label), one_hot)) <= WITHIN


def test_fused_and_unfused_differ() -> None:
    parts = stylegan1(CHANNELS)
    ws = np.tile(early_gans.stylegan1_w(parts, z_of(0), None), (6, 1))
    one, other = (early_gans.stylegan1_picture(parts["synthesis"], ws, 1.0, start) for start in (0, 16))
    assert far(one, other) > 0.05


@pytest.mark.parametrize("kind", ["stylegan1", "progressive"])
def test_torgbs_left_from_growing_change_nothing(tmp_path: Path, kind: str) -> None:
    parts, variables = stylegan1(CHANNELS), progressive(CHANNELS)
    table = parts["synthesis"] if kind == "stylegan1" else variables

    def tensors() -> dict[str, np.ndarray]:
        data = stylegan1_pickle(parts) if kind == "stylegan1" else progressive_pickle(variables)
        read = foreign.read_network(foreign.written(tmp_path, "network.pkl", data))
        return {name: array.copy() for name, array in read.tensors.items()}  # they are views of the file

    before = tensors()
    table["ToRGB_lod1/weight"] = table["ToRGB_lod1/weight"] + 1
    del table["ToRGB_lod2/bias"]
    after = tensors()
    assert before.keys() == after.keys()
    assert all(np.array_equal(array, after[name]) for name, array in before.items())


def test_a_learning_rate_of_the_mapping_is_taken_into_its_weights(tmp_path: Path) -> None:
    parts = stylegan1(CHANNELS)
    usual = opened(tmp_path, stylegan1_pickle(parts)).map(z_of(0))
    parts["mapping"] = {name: array / 10 for name, array in parts["mapping"].items()}
    assert np.allclose(opened(tmp_path, stylegan1_pickle(parts, mapping_lrmul=0.1)).map(z_of(0)), usual, atol=1e-4)


def test_psi_leads_a_progressive_gan_from_z_to_its_class(tmp_path: Path) -> None:
    net = opened(tmp_path, progressive_pickle(progressive(CHANNELS, C), label_size=C))
    ws = [net.map(z_of(0), [1], psi) for psi in (1.0, 0.5, 0.0)]
    assert np.allclose(ws[1][0, 0, :Z], ws[0][0, 0, :Z] / 2)
    assert (ws[2][0, 0, :Z] == 0).all()
    assert np.array_equal(ws[2][0, 0, Z:] > 0, [False, True, False])
    assert np.array_equal(net.map(z_of(1), [1], 0.0), ws[2])
    loud = np.mean([net.map(z_of(seed), [1])[0, 0, Z + 1] for seed in range(200)])
    assert abs(ws[2][0, 0, Z + 1] / loud - 1) < 0.15
    pictures = [net.synthesize(w) for w in ws]
    assert far(pictures[1], pictures[0]) > 0.01
    assert far(pictures[2], pictures[1]) > 0.01


@pytest.mark.parametrize(
    "data",
    [stylegan1_pickle(stylegan1(CHANNELS, C)), progressive_pickle(progressive(CHANNELS, C), label_size=C)],
    ids=["stylegan1", "progressive"],
)
def test_a_mixture_of_classes_is_as_loud_as_one(tmp_path: Path, data: bytes) -> None:
    net = opened(tmp_path, data)
    assert np.allclose(net.map(z_of(0), [[2.0, 0, 0]]), net.map(z_of(0), [0]))
    assert np.allclose(net.map(z_of(0), [[1.0, 1.0, 0]]), net.map(z_of(0), [[0.5, 0.5, 0]]))
    assert not np.allclose(net.map(z_of(0), [[1.0, 1.0, 0]]), net.map(z_of(0), [0]))
    assert np.isfinite(net.map(z_of(0), np.zeros((1, C)))).all()


def changed_stylegan1(part: str, name: str, value: Any = None, **said: Any) -> bytes:
    """With another value of a variable, or without it."""
    parts = stylegan1(CHANNELS, C)
    table = {**parts[part], name: value}
    parts[part] = {key: array for key, array in table.items() if array is not None}
    return stylegan1_pickle(parts, **said)


def changed_progressive(name: str, value: Any = None, **said: Any) -> bytes:
    variables = {**progressive(CHANNELS), name: value}
    return progressive_pickle({key: array for key, array in variables.items() if array is not None}, **said)


ONES = np.ones(5, np.float32)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed_stylegan1("synthesis", "8x8/attention/gamma", ONES), "'8x8/attention/gamma'"),
        (changed_stylegan1("synthesis", "8x8/Conv1/mod_weight", ONES), "'8x8/Conv1/mod_weight'"),
        (changed_stylegan1("synthesis", "8x8/Conv/weight", np.ones((3, 3, 5, 5), np.float32)), "same place"),
        (changed_stylegan1("synthesis", "32x32/Conv1/bias", ONES), "b32.conv1.weight"),
        (changed_stylegan1("synthesis", "99999x99999/Conv1/bias", ONES), "99999 px"),
        (changed_stylegan1("synthesis", "ToRGB_lod3/bias", ONES), "'ToRGB_lod3/bias'"),
        (changed_stylegan1("synthesis", "noise3"), "conv1.noise_const' is missing"),
        (changed_stylegan1("synthesis", "noise3", np.ones((1, 2, 8, 8), np.float32)), "'noise3'"),
        (changed_stylegan1("synthesis", "ToRGB_lod0/weight"), "torgb.weight"),
        (changed_stylegan1("synthesis", "lod", np.float32(1.5)), "still growing.*1.5.*later"),
        (changed_stylegan1("Gs", "lod", np.float32(2)), "still growing"),
        (changed_stylegan1("Gs", "extra", ONES), "'extra'"),
        (changed_stylegan1("Gs", "dlatent_avg"), "dlatent_avg"),
        (changed_stylegan1("mapping", "Dense1/weight"), "fc1"),
        (changed_stylegan1("mapping", "Dense1/scale", ONES), "'Dense1/scale'"),
        (changed_stylegan1("mapping", "LabelConcat/weight", np.ones((3, 4), np.float32)), "label"),
        (changed_stylegan1("Gs", "-", fused_scale="often"), "fused_scale"),
        (changed_stylegan1("Gs", "-", use_instance_norm=False), "use_instance_norm"),
        (changed_stylegan1("Gs", "-", blur_filter=[1, 3, 3, 1]), "blur_filter"),
        (changed_stylegan1("Gs", "-", label_size=4), "label_size"),
        (changed_stylegan1("Gs", "-", mapping_lrmul="fast"), "learning rate"),
        (changed_stylegan1("Gs", "-", version=1), "version 1"),
        (changed_progressive("8x8/Conv0/weight", np.ones((3, 3, 6, 5), np.float32)), "same place"),
        (changed_progressive("8x8/Conv2/weight", ONES), "'8x8/Conv2/weight'"),
        (changed_progressive("8x8/Conv1/weight"), "b8.conv1.weight"),
        (changed_progressive("ToRGB_lod3/bias", ONES), "'ToRGB_lod3/bias'"),
        (changed_progressive("lod", np.float32(0.5)), "still growing"),
        (changed_progressive("-", tanh_at_end=True), "tanh_at_end"),
        (changed_progressive("-", label_size=Z), "empty"),
        (changed_progressive("-", label_size=-1), "label_size"),
        (changed_progressive("-", latent_size=5), "latent_size"),
        (changed_progressive("-", version=1), "version 1"),
    ],
)
def test_what_cannot_be_drawn_right_is_refused_by_name(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(NetworkError, match=words) as refusal:
        foreign.read_network(foreign.written(tmp_path, "network.pkl", data))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["stylegan1", "progressive"])
def test_half_precision_from_some_side_on_draws_nearly_the_same(kind: str) -> None:
    shape = {"channels": [16, 16, 16, 8]} | ({"mapping_layers": 2, "mapping_width": 8} if kind == "stylegan1" else {})
    net = tiny_net(kind, resolution=(32, 32), shape=shape)
    for name, tensor in net.state_dict().items():
        tensor.mul_(0.3 if "torgb" in name else 1)
    names = [spec.name for spec in precomputed.backend_specs(net, "cpu")]
    assert names[-1].startswith("torch fp32")
    assert all(name.startswith(("torch bf16 from 32 px", "torch fp32")) for name in names)
    assert [spec.name for spec in precomputed.backend_specs(net, "cuda")] == ["cuda fp16 from 32 px", "cuda fp32"]
    with torch.inference_mode():
        ws = random_ws(net, 0)
        reference = reference_picture(net, ws)
        exact = precomputed.PrecomputedBackend(net, "cpu", 1)
        low = precomputed.PrecomputedBackend(net, "cpu", 1, torch.bfloat16, 32)
        bent = SynthesisOptions(bends=(Bend("invert", "32", 0.9),), noise_seed=3)
        assert psnr_db(exact.render(ws, SynthesisOptions()), reference) > 60
        assert 33 < psnr_db(low.render(ws, SynthesisOptions()), reference) < 70
        assert psnr_db(low.render(ws, bent), exact.render(ws, bent)) > 25
        assert psnr_db(low.render(ws, bent), reference) < 25
    assert low.megabytes < exact.megabytes


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_they_compute_in_other_precisions(tmp_path: Path, dtype: str) -> None:
    for data in (stylegan1_pickle(stylegan1(CHANNELS, C)), progressive_pickle(progressive(CHANNELS, C), label_size=C)):
        path = foreign.written(tmp_path, "network.pkl", data)
        pictures = []
        for each in ("float32", dtype):
            net = load_network(path, dtype=each)
            pictures.append(net.synthesize(net.map(z_of(0), [1], 0.7)))
        assert far(pictures[1], pictures[0]) < (1e-4 if dtype == "float64" else 0.2)
