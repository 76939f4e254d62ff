"""Files of CLIP, Wav2CLIP and VQGAN as players bring them: added, found, told of; and files made to harm."""

import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from livegan.cli import app
from livegan.config.scene import Scene
from livegan.engine.networks import find_bank
from livegan.errors import NetworkError
from livegan.networks.catalogue import load_catalogue
from livegan.networks.clip import load_clip
from livegan.networks.importers.read import read_network
from livegan.networks.importers.sniff import sniff_file
from livegan.networks.library import find_network, installed_folder
from livegan.networks.model_files import find_model, models_here
from livegan.networks.models import MODELS
from livegan.networks.vqgan import load_vqgan
from livegan.networks.wav2clip import load_wav2clip
from livegan.networks.weights import load_model
from livegan.studio import network_list
from livegan.studio.network_add import add
from tests import foreign_models as foreign
from tests import tiny_models
from tests.foreign_models import clip_tensors, hugging_face, lightning, saved, vqgan_tensors, wav2clip_tensors
from tests.tiny_models import random_clip, random_vqgan, random_wav2clip

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has a library of its own; no payload may have run at its end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield
    assert not list(tmp_path.rglob("canary"))


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch canary",)


def read(path: Path) -> Any:
    """As the worker does it, in this process: no sandbox is needed to see what is made of it."""
    return read_network(path, sniff_file(path))


def refused(path: Path) -> str:
    with pytest.raises(NetworkError) as caught:
        read(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    return sentence


def pictures(side: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).random((2, 3, side, side), np.float32))


def test_openais_archive_is_added_and_found(tmp_path: Path) -> None:
    """The whole way of a real file: sandbox, cache, library; half precision is kept."""
    path = foreign.torch_script(tmp_path / "ViT-B-32.pt", clip_tensors())
    (info,) = add(str(path)).networks
    assert (info.kind, info.name, info.resolution) == ("clip", "vit-b-32", (32, 32))
    assert info.shape["activation"] == "quick_gelu"
    assert {array.dtype for array in load_file(info.weights).values()} == {np.dtype(np.float16)}
    for name in ("", "vit-b-32", "ViT-B/32", path):
        assert find_model("clip", name).kind == "clip"
    clip = load_clip("ViT-B/32")
    assert clip.image(pictures(32)).numpy() == pytest.approx(random_clip().image(pictures(32)).numpy(), abs=0.01)
    assert clip.text(["smoke"]).numpy() == pytest.approx(random_clip().text(["smoke"]).numpy(), abs=0.01)
    with pytest.raises(NetworkError, match="is here already"):
        add(str(path))


def test_a_vqgan_and_a_wav2clip_are_added_and_found(tmp_path: Path) -> None:
    add(str(lightning(tmp_path / "vqgan_imagenet_f16_16384.ckpt", vqgan_tensors())))
    add(str(saved(tmp_path / "Wav2CLIP.pt", wav2clip_tensors())))
    x = pictures(32) * 2 - 1
    assert torch.equal(load_vqgan().encode(x), random_vqgan().encode(x))
    assert find_model("vqgan").name == "vqgan-imagenet-f16-16384"
    sound = torch.linspace(-1, 1, 4000)
    assert torch.equal(load_wav2clip().embed(sound), random_wav2clip().embed(sound))


@pytest.mark.parametrize("shape", [tiny_models.CLIP, tiny_models.RESNET_CLIP], ids=["vit", "resnet"])
def test_every_form_of_a_clip_gives_the_same_tensors(shape: Any, tmp_path: Path) -> None:
    state = clip_tensors(shape)
    extra = {"attn_mask": torch.zeros(77, 77), "context_length": torch.tensor(77)}
    files = [
        saved(tmp_path / "a.pt", state | extra),
        saved(tmp_path / "b.bin", {"epoch": 3, "state_dict": {f"module.{name}": each for name, each in state.items()}}),
        saved(tmp_path / "c.pt", {"state_dict": state, "optimizer": {"state": {0: {"exp_avg": torch.ones(4)}}}}),
    ]
    torch.save(state, tmp_path / "d.pt", _use_new_zipfile_serialization=False)
    numbers = {name: each.numpy() for name, each in state.items()}
    save_file(numbers, tmp_path / "e.safetensors")
    files += [tmp_path / "d.pt", tmp_path / "e.safetensors"]
    if shape.hidden:
        files.append(hugging_face(tmp_path / "model.safetensors", state))
    expected = tiny_models.random_arrays(tiny_models.clip_shape.tensor_shapes(shape))
    for file in files:
        network = read(file)
        assert network.values["kind"] == "clip"
        assert network.tensors.keys() == expected.keys()
        assert all(np.array_equal(network.tensors[name], expected[name]) for name in expected), file


def test_the_activation_is_what_the_files_say(tmp_path: Path) -> None:
    def told(path: Path) -> tuple[str, str]:
        shape = read(path).values["shape"]
        return shape["activation"], shape["activation_from"]

    state = clip_tensors()
    assert told(saved(tmp_path / "laion2b.pt", state))[0] == "gelu"
    assert "guessed" in told(tmp_path / "laion2b.pt")[1]
    assert told(saved(tmp_path / "vit_b_32-quickgelu-laion400m.pt", state)) == ("quick_gelu", "the file's name")
    openai = {name: torch.tensor(77) for name in ("input_resolution", "context_length", "vocab_size")}
    assert told(saved(tmp_path / "x.pt", state | openai)) == ("quick_gelu", "it is OpenAI's")
    model = hugging_face(tmp_path / "model.safetensors", state, "quick_gelu")
    assert told(model) == ("quick_gelu", "config.json")
    assert told(hugging_face(model, state, "gelu")) == ("gelu", "config.json")
    vision = {"width": 128, "head_width": 32}
    beside = tmp_path / "open_clip_config.json"
    beside.write_text(json.dumps({"model_cfg": {"quick_gelu": True, "vision_cfg": vision}}))
    assert told(tmp_path / "laion2b.pt") == ("quick_gelu", "open_clip_config.json")
    assert read(tmp_path / "laion2b.pt").values["shape"]["heads"] == 4
    beside.write_text("{")
    assert "broken open_clip_config.json" in refused(tmp_path / "laion2b.pt")
    assert read(saved(tmp_path / "w.pt", wav2clip_tensors())).values["kind"] == "wav2clip"  # it is not asked


@pytest.mark.parametrize("prefix", ["", "first_stage_model."])
@pytest.mark.parametrize("shape", [tiny_models.VQGAN, tiny_models.GUMBEL], ids=["vq", "gumbel"])
def test_every_form_of_a_vqgan_gives_the_same_tensors(shape: Any, prefix: str, tmp_path: Path) -> None:
    state = vqgan_tensors(shape, prefix)
    if prefix:  # what else a transformer has
        state |= {
            "transformer.tok_emb.weight": torch.ones(4, 4),
            "cond_stage_model.quantize.embedding.weight": torch.ones(2),
        }
    expected = tiny_models.random_arrays(tiny_models.vqgan_shape.tensor_shapes(shape))
    network = read(lightning(tmp_path / "last.ckpt", state))
    assert network.values["kind"] == "vqgan"
    assert network.values["shape"] == {"codes": 64, "factor": shape.factor, "gumbel": shape.gumbel}
    assert network.tensors.keys() == expected.keys()
    assert all(np.array_equal(network.tensors[name], expected[name]) for name in expected)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    for kind, example in (("clip", "clip-vit-b-32"), ("wav2clip", "wav2clip"), ("vqgan", "last.ckpt")):
        with pytest.raises(NetworkError, match=f"livegan networks add {example}"):
            find_model(kind)
    with pytest.raises(NetworkError, match="no network called 'vit-l-14'"):
        find_model("clip", "vit-l-14")
    with pytest.raises(NetworkError, match="house-256: is no CLIP but a stylegan2"):
        find_model("clip", "house-256")
    tiny_models.add_models(installed_folder())
    with pytest.raises(NetworkError, match="tiny-vqgan: is no CLIP but a VQGAN"):
        load_clip("tiny-vqgan")
    assert [info.name for info in models_here("vqgan")] == ["tiny-vqgan"]


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_has_a_tiny_one_that_opens(kind: str) -> None:
    """A new row of MODELS needs an entry in `tiny_models.add_models`, and a class that opens its files."""
    info = tiny_models.add_models(installed_folder())[kind]
    model, again = load_model(info), load_model(find_model(kind)).state_dict()
    assert all(torch.equal(each, again[name]) for name, each in model.state_dict().items())
    assert MODELS[kind].size(info)
    assert not any(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("kind", MODELS)
def test_what_the_head_of_its_file_shows_is_refused_by_info(kind: str) -> None:
    info = tiny_models.add_models(installed_folder())[kind]
    run("networks", "info", info.name)
    tensors = load_file(info.weights)
    name = sorted(tensors)[-1]
    changes = {
        "is missing|must be there": {key: value for key, value in tensors.items() if key != name},
        "'extra' is unknown": {**tensors, "extra": np.zeros(2, np.float32)},
        "is 3x5x7|axes|must have": {**tensors, name: np.zeros((3, 5, 7), np.float32)},
    }
    for says, changed in changes.items():
        save_file(changed, info.weights)
        with pytest.raises(NetworkError, match=says):
            network_list.describe(info.name)


def test_no_scene_can_draw_one() -> None:
    tiny_models.add_models(installed_folder())
    networks, mistakes = find_bank(Scene(title="x", network=["house-256", "tiny-clip"]))
    assert [info.name for info in networks] == ["house-256"]
    assert mistakes[0].startswith("network: tiny-clip is a CLIP: it tells how well a picture fits a text")


def run(*words: str) -> str:
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_shell_tells_of_them(tmp_path: Path) -> None:
    tiny_models.add_models(installed_folder())
    table = run("networks", "list")
    assert all(f"tiny-{kind}" in table for kind in ("clip", "wav2clip", "vqgan"))
    told = run("networks", "info", "tiny-clip")
    assert "tells how well a picture fits a text" in told
    assert "32x32" in told
    checked = run("networks", "check", "tiny-clip", "--device", "cpu")
    assert "of 8 plain colours are known by name" in checked
    assert "no CLIP" not in run("networks", "check", "tiny-wav2clip", "--device", "cpu")
    assert "dB like what it was shown" in run("networks", "check", "tiny-vqgan", "--device", "cpu", "-o", "sheet.png")
    assert (tmp_path / "sheet.png").is_file()


def test_a_player_can_say_the_activation(tmp_path: Path) -> None:
    path = str(saved(tmp_path / "laion.pt", clip_tensors()))
    assert "its activation is gelu, guessed" in run("networks", "add", path)
    assert "guessed" not in run("networks", "add", path, "--name", "other", "--activation", "quick_gelu")
    assert load_clip("other").shape.activation == "quick_gelu"
    assert load_clip("laion").shape.activation == "gelu"
    with pytest.raises(NetworkError, match="there are: quick_gelu, gelu"):
        add(path, "third", activation="relu")


def test_a_call_in_a_checkpoint_is_refused_by_its_name(tmp_path: Path) -> None:
    for name, value in {
        "a.ckpt": {"state_dict": vqgan_tensors(), "hyper_parameters": Payload()},
        "b.ckpt": {"state_dict": vqgan_tensors() | {"decoder.extra": Payload()}},
        "c.pt": {"callbacks": {"x": [Payload()]}, "state_dict": clip_tensors()},
        "d.pt": wav2clip_tensors() | {"audio_encoder.x": Payload()},
    }.items():
        assert f"it wants to run '{os.system.__module__}.system'" in refused(saved(tmp_path / name, value))


def test_a_payload_is_refused_on_the_whole_way(tmp_path: Path) -> None:
    """Through the sandbox and the shell; nothing is installed."""
    path = saved(tmp_path / "model.ckpt", {"state_dict": vqgan_tensors(), "callbacks": {"x": Payload()}})
    result = CliRunner().invoke(app, ["networks", "add", str(path)])
    assert isinstance(result.exception, NetworkError)
    assert "refused, and nothing in it was run: it wants to run" in str(result.exception)
    assert not installed_folder().exists()


def torch_zip(path: Path, pickle_: bytes, **others: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle_)
        archive.writestr("archive/version", b"3\n")
        for name, data in others.items():
            archive.writestr(name, data)
    return path


def call(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("__torch__", "os.system x"),
        ("__torch__.os", "system.__globals__['x']"),
        ("pytorch_lightning", "x().y"),
        ("pytorch_lightning\u2024os", "system"),
        ("torch.jit", "load"),
    ],
)
def test_only_plain_names_are_inert(module: str, name: str, tmp_path: Path) -> None:
    data = b"\x80\x02" + call(module, name) + b"X\x0c\x00\x00\x00touch canary\x85R."
    assert "refused, and nothing in it was run" in refused(torch_zip(tmp_path / "x.pt", data))


def test_objects_of_other_programs_stay_data(tmp_path: Path) -> None:
    """They are neither imported, called nor looked into, whatever is done to them."""
    data = b"\x80\x02}(X\x01\x00\x00\x00a" + call("pytorch_lightning.os", "system")
    data += b"X\x0c\x00\x00\x00touch canary\x85R(X\x01\x00\x00\x00bK\x01u(K\x01K\x02e}bu."
    sentence = refused(torch_zip(tmp_path / "x.pt", data))
    assert "holds a dictionary of 'a', no network livegan knows" in sentence


def test_modules_in_each_other_without_end_are_refused(tmp_path: Path) -> None:
    """Twice each: two to the thirtieth paths, from 30 modules; and one that holds itself."""
    module = call("__torch__", "M") + b")\x81"
    data = b"\x80\x02" + module + b"}bq\x00"
    for _ in range(30):
        data += b"0" + module + b"}(X\x01\x00\x00\x00ah\x00X\x01\x00\x00\x00bh\x00ubq\x00"
    assert "more modules than any model has" in refused(torch_zip(tmp_path / "x.pt", data + b"."))
    data = b"\x80\x02" + module + b"q\x00}X\x01\x00\x00\x00ah\x00sb."
    assert "more modules than any model has" in refused(torch_zip(tmp_path / "y.pt", data))


def test_the_program_of_an_archive_is_not_read(tmp_path: Path) -> None:
    """Only there may files be packed; elsewhere a packed file is refused."""
    path = foreign.torch_script(tmp_path / "x.pt", clip_tensors())
    with zipfile.ZipFile(path) as archive:
        packed = [each.filename for each in archive.infolist() if each.compress_type]
        assert packed
        assert all("/code/" in name for name in packed)
        files = {each.filename: archive.read(each) for each in archive.infolist()}
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{packed[0].partition('/')[0]}/extra/producer_info.json", b"{}")
    assert read(path).values["kind"] == "clip"
    with zipfile.ZipFile(tmp_path / "y.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert "packed or encrypted" in refused(tmp_path / "y.pt")


def header(table: object, numbers: bytes = b"") -> bytes:
    text = json.dumps(table).encode() if not isinstance(table, bytes) else table
    return struct.pack("<Q", len(text)) + text + numbers


def entry(shape: Any, start: Any, end: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"token_embedding.weight": {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}}


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 1 << 60) + b"{}",
        header(b"{" * 100_000),
        header(b"[]"),
        header({"a": 1}),
        header(entry([2], 0, 8)),
        header(entry([2], 0, 4), bytes(8)),
        header(entry([2], -8, 0), bytes(8)),
        header(entry([1 << 40, 0], 0, 0)),
        header(entry([2**20, 2**20], 0, 8), bytes(8)),
        header(entry([True], 0, 4), bytes(4)),
        header(entry([2], 0, 8, "F4"), bytes(8)),
        header(entry([1] * 100, 0, 4), bytes(4)),
        header(b'{"a": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 4]}}', bytes(4)),
    ],
)
def test_broken_safetensors_files(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(NetworkError, match=r"is not a whole safetensors file|has a head|has a tensor '"):
        read_network(path, "safetensors")


def test_wrong_tensors_are_named(tmp_path: Path) -> None:
    def clip(**changed: Any) -> str:
        state = {name: each for name, each in (clip_tensors() | changed).items() if each is not None}
        return refused(saved(tmp_path / "x.pt", state))

    assert "'ln_final.bias' is missing" in clip(**{"ln_final.bias": None})
    assert "'visual.attn_pool.query' is unknown" in clip(**{"visual.attn_pool.query": torch.ones(2)})
    assert "tokens, not the 49408" in clip(**{"token_embedding.weight": torch.ones(100, 32)})
    assert "without a gap" in clip(**{"transformer.resblocks.7.ln_1.weight": torch.ones(32)})
    assert "do not belong together" in clip(**{"visual.positional_embedding": torch.ones(7, 128)})
    assert "not finite in 'ln_final.bias'" in clip(**{"ln_final.bias": torch.full((32,), torch.nan)})
    huge = torch.ones(1).expand(2**20, 2**20)
    assert "says it is" in clip(**{"text_projection": huge})
    state = vqgan_tensors(prefix="first_stage_model.")
    del state["first_stage_model.quantize.embedding.weight"]
    assert "without a codebook, as Stable Diffusion has" in refused(lightning(tmp_path / "sd.ckpt", state))
    state = vqgan_tensors() | {"decoder.up.0.attn.0.q.weight": torch.ones(2)}
    assert "is unknown" in refused(lightning(tmp_path / "y.ckpt", state))
    state = wav2clip_tensors()
    del state["audio_encoder.layer3.0.conv1.weight"], state["audio_encoder.layer3.0.conv2.weight"]
    assert "'audio_encoder.layer3.0.conv1.weight' is missing" in refused(saved(tmp_path / "z.pt", state))


@pytest.mark.parametrize(
    "shape",
    [{"activation": "relu", "heads": 2}, {"activation": ["gelu"]}, {"activation": "gelu", "heads": "2"}]
    + [{"activation": "gelu", "heads": heads} for heads in (-1, 3, 1e9, True)],
)
def test_a_description_that_was_tampered_with(shape: dict[str, Any]) -> None:
    info = tiny_models.add_models(installed_folder())["clip"]
    table = json.loads(info.path.read_text()) | {"shape": shape}
    info.path.write_text(json.dumps(table))
    with pytest.raises(NetworkError, match="is no CLIP that livegan knows"):
        load_clip()


def test_weights_that_were_tampered_with() -> None:
    info = tiny_models.add_models(installed_folder())["vqgan"]
    tensors = load_file(info.weights)
    save_file({**tensors, "more": np.ones(3, np.float32)}, info.weights)
    with pytest.raises(NetworkError, match="'more' is unknown"):
        load_vqgan()
    info.weights.write_bytes(info.weights.read_bytes()[:2000])
    with pytest.raises(NetworkError, match="is not a whole safetensors file"):
        load_vqgan()
    assert find_network("tiny-vqgan").kind == "vqgan"


def test_what_the_page_tells_to_type(tmp_path: Path) -> None:
    """ "Real models" of docs/dreaming.md: names of the catalogue, a file, and Python that runs."""
    page = (ROOT / "docs" / "dreaming.md").read_text(encoding="utf-8").partition("## Real models")[2]
    shell, python = (page.split(f"```{language}\n")[1].split("```")[0] for language in ("sh", "python"))
    lightning(tmp_path / "last.ckpt", vqgan_tensors())
    added = [line.split("#")[0].split()[3:] for line in shell.splitlines() if line.startswith("livegan networks add")]
    assert len(added) == 3
    for what, *options in added:
        if Path(what).suffix:
            run("networks", "add", what, *options)
        else:
            assert load_catalogue().find(what) is not None
    tiny_models.add_models(installed_folder())
    exec(python.replace("256, 256", "32, 32"), {})  # the page's own text


def test_the_catalogue_has_the_sums_of_its_addresses() -> None:
    """OpenAI's addresses have the sum in them; every kind has an entry."""
    models = [entry for entry in load_catalogue().networks if entry.kind in MODELS]
    assert {entry.kind for entry in models} == set(MODELS)
    sums = [entry for entry in models if "openaipublic" in entry.url]
    assert sums
    assert all(f"/{entry.sha256}/" in entry.url for entry in sums)
