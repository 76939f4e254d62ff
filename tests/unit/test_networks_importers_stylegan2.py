"""StyleGAN2 in the files of its many trainings: bare state dicts, followers of rosinality, odd widths, low-passes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.importers import stylegan2_layout
from livegan.networks.importers.imported import ImportedNetwork
from livegan.networks.info import NetworkInfo
from tests import foreign
from tests.foreign import SG2, read_network, saved, written
from tests.reference_networks import FOLDER, check_reference, needed

PLAIN = {**SG2, "c_dim": 0}
DRAWN = (
    "sg2-statedict-32.pt",
    "sg2-statedict-under-g-ema-cond-16.pt",
    "sg2-feature-widths-32.pkl",
    "sg2-filter-1-32.pkl",
    "ros-g-only-32.pt",
    "ros-statedict-32.pt",
    "ros-module-prefix-32.pt",
    "ros-latent-avg-rows-32.pt",
    "ros-blur121-32.pt",
    "psp-32.pt",
    "e4e-32.pt",
    "tf-nonsquare-5x3-40x24.pkl",
    "tf-nonsquare-3x4-cond-24x32.pkl",
    "tf-resample-none-32.pkl",
)
Change = Callable[[dict[str, Any]], Any]


@needed
@pytest.mark.parametrize("name", DRAWN)
def test_reference_files_are_drawn_as_their_programs_did(name: str) -> None:
    check_reference(name)


@needed
def test_a_tensorflow_file_with_self_attention_is_refused_by_the_name_of_a_variable() -> None:
    with pytest.raises(NetworkError, match="variable '16x16/attention_g/f_conv/kernel'"):
        read_network(FOLDER / "tf-attention-16.pkl")


def read(tmp_path: Path, value: Any) -> ImportedNetwork:
    return read_network(written(tmp_path, "x", value if isinstance(value, bytes) else saved(value)))


def is_same(network: ImportedNetwork, tensors: foreign.Arrays) -> bool:
    return set(network.tensors) == set(tensors) and all(
        np.allclose(network.tensors[name], array, atol=1e-6) for name, array in tensors.items()
    )


def kernel(*taps: float, total: float = 1.0) -> torch.Tensor:
    line = torch.tensor(taps)
    return torch.outer(line, line) * (total / line.sum() ** 2)


def nvidia_state(tensors: foreign.Arrays) -> dict[str, Any]:
    """The state dict of NVIDIA's generator."""
    state: dict[str, Any] = {name: torch.from_numpy(np.array(array)) for name, array in tensors.items()}
    for side in (4, 8, 16):
        for layer in ("", "conv0.", "conv1.") if side > 4 else ("", "conv1."):
            state[f"synthesis.b{side}.{layer}resample_filter"] = kernel(1, 3, 3, 1)
    return state


def rosinality(tensors: foreign.Arrays, **words: Any) -> dict[str, Any]:
    """rosinality's checkpoint: 'g_ema' and 'latent_avg'."""
    found: dict[str, Any] = torch.load(io.BytesIO(foreign.rosinality(tensors, **words)), weights_only=False)
    return found


PLACES: dict[str, Change] = {
    "bare": lambda state: state,
    "under G_ema": lambda state: {"G_ema": state, "D": {"x": torch.zeros(2)}, "step": 3},
    "under g": lambda state: {"g": state, "d": {"x": torch.zeros(2)}},
    "averages come first": lambda state: {"g": {name: node + 1 for name, node in state.items()}, "g_ema": state},
    "of several GPUs": lambda state: {"g_ema": {f"module.{name}": node for name, node in state.items()}},
    "behind an encoder": lambda state: {
        "state_dict": {"encoder.x": torch.zeros(2), **{f"decoder.{name}": node for name, node in state.items()}},
        "opts": {"output_size": 16},
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_a_state_dict_is_found_where_trainings_put_it(place: str, tmp_path: Path) -> None:
    tensors, conditional = foreign.stylegan2(PLAIN), foreign.stylegan2()
    found = read(tmp_path, PLACES[place](nvidia_state(conditional)))
    notes = ["its file does not say where activations are clamped; +-256 is taken, as in NVIDIA's trainings"]
    assert found.values == {"kind": "stylegan2", **SG2, "shape": {**SG2["shape"], "conv_clamp": 256}, "notes": notes}
    assert is_same(found, conditional)
    found = read(tmp_path, PLACES[place](rosinality(tensors)["g_ema"]) | {"latent_avg": rows_of(tensors)})
    assert found.values == {"kind": "stylegan2", **PLAIN, "shape": {**PLAIN["shape"], "conv_clamp": None}}
    assert is_same(found, tensors)


def rows_of(tensors: foreign.Arrays) -> torch.Tensor:
    """As pixel2style2pixel keeps it: a row for each row of w, all equal."""
    return torch.from_numpy(tensors["mapping.w_avg"]).repeat(6, 1)


def test_averages_that_differ_from_row_to_row_are_kept(tmp_path: Path) -> None:
    tensors = foreign.stylegan2(PLAIN)
    rows = np.random.default_rng(0).standard_normal((6, PLAIN["w_dim"]), np.float32)
    found = read(tmp_path, rosinality(tensors) | {"latent_avg": torch.from_numpy(rows)})
    assert found.values["shape"]["row_averages"] is True
    assert is_same(found, tensors | {"mapping.w_avg": rows.mean(axis=0), "mapping.w_avg_rows": rows})
    with pytest.raises(NetworkError, match=r"'latent_avg'.* 5x6 for 6 rows"):
        read(tmp_path, rosinality(tensors) | {"latent_avg": torch.from_numpy(rows[:5])})


def test_other_widths_of_the_mapping_are_read(tmp_path: Path) -> None:
    shape = {**SG2["shape"], "layer_features": 9, "embed_features": 5, "mapping_layers": 3}
    values = {**SG2, "shape": shape}
    tensors = foreign.stylegan2(values)
    for data in (foreign.nvidia(tensors, values), foreign.tensorflow(tensors, values)):
        found = read(tmp_path, data)
        assert found.values == {"kind": "stylegan2", **values}
        assert is_same(found, tensors)


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("synthesis.b8.conv0.affine", "bias_gain"),
        ("synthesis.b8.torgb", "weight_gain"),
        ("synthesis.b4.conv1", "act_gain"),
        ("mapping.fc1", "weight_gain"),
    ],
)
def test_layers_of_other_gains_are_refused_by_name(name: str, attribute: str, tmp_path: Path) -> None:
    data = foreign.nvidia(foreign.stylegan2(), SG2, attributes={name: {attribute: np.float64(0.7)}})
    with pytest.raises(NetworkError, match=f"'{attribute}' in '{name}' that is not"):
        read(tmp_path, data)


ODD = {"huge": 10**5000, "low": -(10**5000), "endless": float("inf"), "none": float("nan"), "text": "x", "list": [1]}


@pytest.mark.parametrize("what", ODD)
def test_numbers_without_end_are_refused_in_a_sentence(what: str, tmp_path: Path) -> None:
    tensors, odd = foreign.stylegan2(), ODD[what]
    for data in (
        foreign.nvidia(tensors, SG2, attributes={"synthesis.b8.torgb": {"weight_gain": odd}}),
        foreign.nvidia(tensors, {**SG2, "shape": {**SG2["shape"], "conv_clamp": odd}}),
        foreign.tensorflow(tensors, SG2, conv_clamp=odd),
        foreign.tensorflow(tensors, SG2, resample_kernel=[1, odd, 1]),
        foreign.tensorflow(tensors, SG2, mapping_lrmul=odd),
        foreign.tensorflow(tensors, SG2, latent_size=odd),
    ):
        with pytest.raises(NetworkError) as caught:
            read(tmp_path, data)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300


def test_classes_of_the_first_stylegan2_are_normalised_together_with_z(tmp_path: Path) -> None:
    weight = np.random.default_rng(1).standard_normal((3, 8), np.float32)

    def change(variables: foreign.Variables) -> None:
        variables["mapping"][:] = [row for row in variables["mapping"] if not row[0].startswith("LabelEmbed")]
        variables["mapping"].append(("LabelConcat/weight", weight))

    values = {**SG2, "shape": {**SG2["shape"], "embed_features": 8, "joint_norm": True}}
    network = read(tmp_path, foreign.tensorflow(foreign.stylegan2(values), values, change=change))
    assert network.values == {"kind": "stylegan2", **values}
    size = tuple(values["resolution"])
    net = StyleGAN2.from_info(NetworkInfo("x", Path("x.json"), "stylegan2", **{**values, "resolution": size}))
    net.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in network.tensors.items()})
    z = np.random.default_rng(2).standard_normal(8).astype(np.float32)
    x = np.concatenate([z, weight[1]])
    x = x / np.sqrt((x**2).mean())
    for index in range(2):
        dense, bias = (network.tensors[f"mapping.fc{index}.{part}"] for part in ("weight", "bias"))
        x = 0.01 * (dense @ x / np.sqrt(len(x)) + bias)
        x = np.where(x < 0, 0.2 * x, x) * 2**0.5
    for classes in ([0.0, 1.0, 0.0], [0.0, 3.0, 0.0]):  # weights, not loudness
        w = net.map(torch.from_numpy(z)[None], torch.tensor([classes]))
        np.testing.assert_allclose(w[0].numpy(), x, atol=1e-5)


ROSINALITY_KERNELS = [f"convs.{index}.conv.blur.kernel" for index in (0, 2)]


def test_low_passes_of_convolutions_and_of_the_picture_are_told_apart(tmp_path: Path) -> None:
    tensors = foreign.stylegan2(PLAIN)
    whole = rosinality(tensors)
    whole["g_ema"] |= dict.fromkeys(ROSINALITY_KERNELS, kernel(1, 2, 1, total=4))
    shape = read(tmp_path, whole).values["shape"]
    assert (shape["filter"], shape["torgb_filter"]) == ([0.25, 0.5, 0.25], [1, 3, 3, 1])
    state = nvidia_state(tensors)
    state |= {f"synthesis.b{side}.resample_filter": kernel(1, 1) for side in (8, 16)}
    shape = read(tmp_path, state).values["shape"]
    assert (shape["filter"], shape["torgb_filter"]) == ([1, 3, 3, 1], [0.5, 0.5])
    idle = {f"synthesis.{name}.resample_filter": kernel(5, 1) for name in ("b4", "b4.conv1", "b8.conv1", "b16.conv1")}
    assert read(tmp_path, nvidia_state(tensors) | idle).values["shape"]["filter"] == [1, 3, 3, 1]


def test_no_low_pass_is_two_taps(tmp_path: Path) -> None:
    single = {name: kernel(1) for name in nvidia_state(foreign.stylegan2()) if name.endswith("resample_filter")}
    assert read(tmp_path, nvidia_state(foreign.stylegan2()) | single).values["shape"]["filter"] == [0, 1]
    found = read(tmp_path, foreign.tensorflow(foreign.stylegan2(), SG2, resample_kernel=None))
    assert found.values["shape"]["filter"] == [0.5, 0.5]
    found = read(tmp_path, foreign.tensorflow(foreign.stylegan2(), SG2, resample_kernel=[1, 2, 1]))
    assert found.values["shape"]["filter"] == [0.25, 0.5, 0.25]


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "blur unlike another": (
        lambda: edited(rosinality(PLAIN_TENSORS)["g_ema"], {ROSINALITY_KERNELS[1]: kernel(1, 2, 1, total=4)}),
        "'convs.2.conv.blur.kernel' unlike 'convs.0.conv.blur.kernel'",
    ),
    "blur of another gain": (
        lambda: edited(rosinality(PLAIN_TENSORS)["g_ema"], dict.fromkeys(ROSINALITY_KERNELS, kernel(1, 3, 3, 1))),
        "'convs.0.conv.blur.kernel' that sums to 1",
    ),
    "filter unlike another": (
        lambda: edited(nvidia_state(PLAIN_TENSORS), {"synthesis.b16.conv0.resample_filter": kernel(1, 2, 2, 1)}),
        "'synthesis.b16.conv0.resample_filter' unlike 'synthesis.b8.conv0.resample_filter'",
    ),
    "tensor of rosinality's": (
        lambda: edited(rosinality(PLAIN_TENSORS)["g_ema"], {"attention.0.weight": torch.zeros(2)}),
        "'attention.0.weight' that rosinality's StyleGAN2 has not",
    ),
    "tensor of NVIDIA's": (
        lambda: edited(nvidia_state(PLAIN_TENSORS), {"synthesis.b8.attention.weight": torch.zeros(2)}),
        "'synthesis.b8.attention.weight' is unknown",
    ),
    "filter of another layer": (
        lambda: edited(nvidia_state(PLAIN_TENSORS), {"synthesis.b8.warp.resample_filter": kernel(1, 1)}),
        "'synthesis.b8.warp.resample_filter' is unknown",
    ),
    "plane of noise missing": (
        lambda: {
            name: node for name, node in nvidia_state(PLAIN_TENSORS).items() if "b8.conv0.noise_const" not in name
        },
        "'synthesis.b8.conv0.noise_const' is missing",
    ),
    "no tensor": (
        lambda: edited(nvidia_state(PLAIN_TENSORS), {"synthesis.b8.gain": 3}),
        "named tensors .'synthesis.b8.gain'.",
    ),
    "two averages of one place": (
        lambda: edited(rosinality(PLAIN_TENSORS)["g_ema"], {"convs.00.conv.weight": torch.zeros(1, 6, 8, 3, 3)}),
        "under two names",
    ),
    "SWAGAN": (
        lambda: edited(rosinality(PLAIN_TENSORS)["g_ema"], {"to_rgbs.0.iwt.ll": torch.zeros(2, 2)}),
        "is a SWAGAN",
    ),
}
PLAIN_TENSORS = foreign.stylegan2(PLAIN)


def edited(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {**table, **changes}


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_a_part_in_the_picture_that_livegan_does_not_know_is_refused_by_name(
    what: str, tmp_path: Path
) -> None:
    make, says = REFUSED[what]
    with pytest.raises(NetworkError, match=says) as caught:
        read(tmp_path, {"g_ema": make(), "latent_avg": torch.zeros(6)})
    assert "\n" not in str(caught.value)


def tensorflow(change: Callable[[foreign.Variables], None] | None = None, **said: Any) -> bytes:
    """A TensorFlow pickle whose variables and settings were changed."""
    return foreign.tensorflow(foreign.stylegan2(), SG2, change=change, **said)


@pytest.mark.parametrize(
    ("part", "row", "says"),
    [
        ("synthesis", ("8x8/Attention/gamma", np.float32(1)), "'8x8/Attention/gamma', which StyleGAN2 has not"),
        ("synthesis", ("8x8/Conv0_up/gate", np.zeros(3, np.float32)), "'8x8/Conv0_up/gate'"),
        ("synthesis", ("8x4/Conv1/bias", np.zeros(3, np.float32)), "'8x4/Conv1/bias'"),
        ("synthesis", ("8x8/Conv/bias", np.zeros(3, np.float32)), "'8x8/Conv/bias'"),
        ("synthesis", ("ToRGB_lod0/bias", np.zeros(3, np.float32)), "'ToRGB_lod0/bias'"),
        ("synthesis", ("lod", np.float32(1.5)), "still growing"),
        ("mapping", ("Dense0/gain", np.float32(1)), "'Dense0/gain'"),
        ("", ("w_std", np.zeros(6, np.float32)), "'w_std'"),
    ],
)
def test_a_variable_that_stylegan2_has_not_is_refused_by_name(
    part: str, row: tuple[str, Any], says: str, tmp_path: Path
) -> None:
    def change(variables: foreign.Variables) -> None:
        variables[part][:] = [other for other in variables[part] if other[0] != "lod"]
        variables[part].append(row)

    assert read(tmp_path, tensorflow()).tensors
    with pytest.raises(NetworkError, match=says):
        read(tmp_path, tensorflow(change))


def test_torgb_layers_left_from_growing_have_no_effect(tmp_path: Path) -> None:
    """Files that grew have a ToRGB for every level and use the last alone."""

    def change(variables: foreign.Variables) -> None:
        sides = {"16x16/ToRGB": "ToRGB_lod0", "8x8/ToRGB": "ToRGB_lod1", "4x4/ToRGB": "ToRGB_lod2"}
        variables["synthesis"][:] = [
            (sides.get(name.rpartition("/")[0], name.rpartition("/")[0]) + f"/{name.rpartition('/')[2]}", array)
            if "/" in name
            else (name, array)
            for name, array in variables["synthesis"]
        ]

    found = read(tmp_path, tensorflow(change))
    assert found.values["shape"]["architecture"] == "orig"
    coloured = {name.rpartition(".torgb")[0] for name in found.tensors if ".torgb." in name}
    assert coloured == {"synthesis.b16"}
    with pytest.raises(NetworkError, match="contradicts itself"):
        read(tmp_path, tensorflow(change, architecture="skip"))


def test_oblong_tensorflow_networks(tmp_path: Path) -> None:
    """Levels are named by height and width, from a constant of any proportions."""

    def change(variables: foreign.Variables) -> None:
        rows = variables["synthesis"]
        for index, (name, array) in enumerate(rows):
            side, _, rest = name.partition("/")
            if rest:
                level = int(side.partition("x")[0]) // 4
                rows[index] = (f"{5 * level}x{3 * level}/{rest}", array[:, :, :1, :3] if "Const" in rest else array)
                if "Const" in rest:
                    rows[index] = (rows[index][0], np.resize(array, (1, array.shape[1], 5, 3)))
            elif name.startswith("noise"):
                level = array.shape[-1] // 4
                rows[index] = (name, np.resize(array, (1, 1, 5 * level, 3 * level)))

    said = {"resolution": None, "min_h": 5, "min_w": 3, "res_log2": 2}
    found = read(tmp_path, tensorflow(change, **said))
    assert found.values["resolution"] == [20, 12]
    assert found.values["shape"]["const"] == [5, 3]
    with pytest.raises(NetworkError, match="contradicts itself: it says min_h is 4"):
        read(tmp_path, tensorflow(change, **{**said, "min_h": 4}))


def test_taps_of_a_single_tap() -> None:
    assert stylegan2_layout.taps_of(np.ones((1, 1), np.float32)) == [0, 1]
    assert stylegan2_layout.taps_of(np.ones(1, np.float32)) == [0, 1]
