"""WsBuilder: plans to ws; StyleGenerator: which backend draws them."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from livegan.core.latents import latent_of_seed
from livegan.core.types import Bend, FramePlan, Push
from livegan.errors import NetworkError
from livegan.networks.architectures.stylegan2 import StyleGAN2
from livegan.networks.architectures.stylegan2_shape import StyleGAN2Shape
from livegan.networks.info import NetworkInfo
from livegan.networks.latents.truncation import truncated
from livegan.networks.library import open_network
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.networks.weights import save_weights
from livegan.rendering import live_tuning
from livegan.rendering.autotune import Selection
from livegan.rendering.backends.protocol import BackendSpec
from livegan.rendering.backends.reference import ReferenceBackend
from livegan.rendering.backends.stylegan2 import backend_specs
from livegan.rendering.generator import StyleGenerator
from livegan.rendering.latents_to_ws import WsBuilder

SHAPE = StyleGAN2Shape(z_dim=4, w_dim=5, channels=(6, 5, 4, 4, 4), c_dim=2, mapping_layers=2)  # up to 64 px: all groups


def made() -> StyleGAN2:
    network, generator = StyleGAN2(SHAPE), torch.Generator().manual_seed(2)
    for key, tensor in network.state_dict().items():
        tensor.normal_(generator=generator)
        if "mapping.fc" in key:
            tensor.mul_(100)
    return network


def plan(seed: int = 0, **words: object) -> FramePlan:
    z = np.random.default_rng(seed).standard_normal(4, np.float32)
    start = FramePlan(0, 0.0, 1 / 60, z=z, classes=np.array([1, 0], np.float32))
    return replace(start, **words)  # type: ignore[arg-type]


def rows(**words: object) -> torch.Tensor:
    return WsBuilder(made(), "a", directions=torch.eye(8, 5)).build(plan(**words))  # type: ignore[arg-type]


def test_without_controls_it_is_the_mapping_truncated_in_every_row() -> None:
    network = made()
    asked = plan(truncation=0.6)
    w = network.map(torch.from_numpy(asked.z)[None], torch.from_numpy(asked.classes)[None])
    expected = network.w_avg + 0.6 * (w - network.w_avg)
    found = WsBuilder(network, "a").build(asked)
    assert found.shape == (10, 5)
    assert found.is_contiguous()
    torch.testing.assert_close(found, expected.expand(10, 5))


def test_defaults_written_out_change_nothing() -> None:
    words = {"truncation.cutoff": 18.0, "style.seed": 9.0, "style.fine": 0.0, "direction.3": 0.0, "noise.seed": 4.0}
    assert torch.equal(rows(truncation=0.6), rows(truncation=0.6, parameters=words))


def test_truncation_acts_on_the_first_rows_only_where_a_cutoff_is_set() -> None:
    free, pulled = rows(), rows(truncation=0.0)
    cut = rows(truncation=0.0, parameters={"truncation.cutoff": 3})
    assert torch.equal(cut[:3], pulled[:3])
    assert torch.equal(cut[3:], free[3:])
    assert torch.equal(rows(truncation=0.0, parameters={"truncation.cutoff": 0}), free)
    assert torch.equal(
        rows(parameters={"style.fine": 1, "direction.1": 1}), rows(parameters={"style.fine": 1.0, "direction.1": 1.0})
    )
    assert torch.equal(truncated(free, free[0], 1.0, 3), free)


def test_each_row_goes_towards_its_own_average_and_a_lower_resolution_has_the_first_of_them() -> None:
    network = StyleGAN2(replace(SHAPE, row_averages=True))
    network.load_state_dict(made().state_dict(), strict=False)
    own = torch.randn(10, 5, generator=torch.Generator().manual_seed(8))
    network.mapping.w_avg_rows.copy_(own)
    free = WsBuilder(network, "x").build(plan())
    for asked, pulled in ((plan(truncation=0.25), 10), (plan(truncation=0.25, parameters={"truncation.cutoff": 3}), 3)):
        expected = torch.cat([own[:pulled] + 0.25 * (free[:pulled] - own[:pulled]), free[pulled:]])
        torch.testing.assert_close(WsBuilder(network, "x").build(asked), expected)
        low = network.lower()[1]
        torch.testing.assert_close(WsBuilder(low, "x").build(asked), expected[: low.num_ws])


def test_a_style_is_mixed_into_the_rows_of_its_group() -> None:
    own, other = rows(), rows(z=latent_of_seed(7, 4))
    everywhere = {f"style.{group}": 1.0 for group in ("coarse", "middle", "fine")}
    torch.testing.assert_close(rows(parameters={"style.seed": 7, **everywhere}), other)
    half = rows(parameters={"style.seed": 7, "style.middle": 0.5})
    of_group = torch.tensor(made().row_groups) == 1
    assert of_group.any()
    torch.testing.assert_close(half[of_group], ((own + other) / 2)[of_group])
    assert torch.equal(half[~of_group], own[~of_group])


def test_a_style_is_mapped_once_for_every_seed_and_class(monkeypatch: pytest.MonkeyPatch) -> None:
    network, asked = made(), []
    plain = network.map
    monkeypatch.setattr(network, "map", lambda z, classes: asked.append(1) or plain(z, classes))
    kept = WsBuilder(network, "a")
    mixed = {"style.fine": 0.5}
    first = kept.build(plan(parameters=mixed))
    assert torch.equal(kept.build(plan(parameters=mixed)), first)
    assert len(asked) == 3  # twice its own, once the style
    kept.build(plan(parameters={**mixed, "style.seed": 2}))
    kept.build(plan(classes=np.ones(2, np.float32), parameters={**mixed, "style.seed": 2}))
    assert len(asked) == 7
    kept.weights_changed()
    kept.build(plan(classes=np.ones(2, np.float32), parameters={**mixed, "style.seed": 2}))
    assert len(asked) == 9


def test_directions_are_added_to_every_row_before_truncation() -> None:
    along = rows(parameters={"direction.2": 1.5, "direction.4": -1.0})
    torch.testing.assert_close(along - rows(), torch.tensor([0, 1.5, 0, -1.0, 0]).expand(10, 5))
    assert torch.equal(rows(truncation=0.0, parameters={"direction.2": 1.5}), rows(truncation=0.0))
    assert torch.equal(WsBuilder(made(), "a").build(plan(parameters={"direction.2": 1.5})), rows())  # none were found


def pushed(*pushes: Push, **words: object) -> torch.Tensor:
    return rows(pushes=pushes, **words) - rows(**words)


def test_a_push_moves_its_rows_along_a_seeded_direction_and_no_others() -> None:
    moved = pushed(Push(1.0, 2, 5))
    assert moved[2:5].abs().min() > 0
    assert torch.equal(moved[2], moved[4])
    assert not moved[:2].any()
    assert not moved[5:].any()
    torch.testing.assert_close(pushed(Push(-2.0, 2, 5)), -2 * moved)
    torch.testing.assert_close(pushed(Push(1.0, 2, 5), Push(0.5)), moved + pushed(Push(0.5)))
    torch.testing.assert_close(pushed(Push(1.0, 2, 5), truncation=0.5), moved / 2)  # truncated like all of w
    w = np.random.default_rng(0).standard_normal((10, 5)).astype(np.float32)
    torch.testing.assert_close(pushed(Push(1.0, 2, 5), w=w), moved)
    for other in (Push(1.0, 2, 5, direction=1), Push(1.0, 2, 5, seed=1)):
        assert (pushed(other)[2] - moved[2]).abs().max() > 0.1


def test_rows_that_a_network_has_not_are_left_out_and_negative_ones_count_from_the_last() -> None:
    assert torch.equal(pushed(Push(1.0, 8, 40)), pushed(Push(1.0, 8)))
    assert torch.equal(pushed(Push(1.0, 8)), pushed(Push(1.0, -2)))
    assert not pushed(Push(1.0, 10)).any()
    assert not pushed(Push(0.0)).any()


def test_pushes_are_as_long_as_the_w_of_the_network_is_spread() -> None:
    for scale in (1.0, 30.0):
        network = made()
        last = [tensor for key, tensor in network.state_dict().items() if "mapping.fc" in key][-2:]
        for tensor in last:
            tensor.mul_(scale)
        builder = WsBuilder(network, "a")
        z = torch.randn(2000, 4, generator=torch.Generator().manual_seed(0))
        w = network.map(z, torch.ones(2000, 2))
        spread = (w - w.mean(dim=0)).square().sum(dim=1).mean().sqrt()
        base = builder.build(plan())
        lengths = [
            (builder.build(plan(pushes=(Push(1.0, seed=seed),))) - base)[0].square().sum() for seed in range(300)
        ]
        assert torch.stack(lengths).mean().sqrt() / spread == pytest.approx(1, abs=0.15)


def test_directions_of_pushes_are_mapped_once_and_anew_when_the_weights_change(monkeypatch: pytest.MonkeyPatch) -> None:
    network, asked = made(), []
    plain = network.map
    monkeypatch.setattr(network, "map", lambda z, classes: asked.append(len(z)) or plain(z, classes))
    kept = WsBuilder(network, "a")
    for amount in (0.5, 1.0):
        kept.build(plan(pushes=(Push(amount, 0, 4), Push(amount, 4, 8), Push(1.0, direction=2))))
    assert sorted(asked) == [1, 1, 2, 2]
    kept.weights_changed()
    kept.build(plan(pushes=(Push(1.0),)))
    assert len(asked) == 6


def test_w_is_drawn_as_given_one_row_or_all() -> None:
    w = np.random.default_rng(0).standard_normal((10, 5)).astype(np.float32)
    assert torch.equal(rows(w=w, z=np.zeros(0, np.float32)), torch.from_numpy(w))
    for one in (w[:1], w[0]):
        assert torch.equal(rows(w=one), torch.from_numpy(w[:1]).expand(10, 5))
    for wrong in (w[:3], w[:, :4], np.zeros((0, 5), np.float32), w[None]):
        with pytest.raises(NetworkError, match="1 or 10 rows of 5"):
            rows(w=wrong)


def test_a_mix_is_mapped_and_blended_in_w() -> None:
    latents = [plan(seed).z for seed in (1, 2, 3)]
    each = torch.stack([rows(z=z) for z in latents])
    weights = (0.5, 0.75, -0.25)
    whole = rows(mix=tuple(zip(weights, latents, strict=True)))
    torch.testing.assert_close(whole, torch.einsum("n,nrc->rc", torch.tensor(weights), each))
    torch.testing.assert_close(rows(mix=((1.0, latents[0]),), w=np.ones((10, 5), np.float32)), each[0])
    half = ((0.5, latents[0]),)
    torch.testing.assert_close(rows(mix=half), (rows() + each[0]) / 2)
    w = np.random.default_rng(0).standard_normal((10, 5)).astype(np.float32)
    torch.testing.assert_close(rows(mix=half, w=w), (torch.from_numpy(w) + each[0]) / 2)
    psi = rows(mix=half, truncation=0.5) - made().w_avg
    torch.testing.assert_close(psi, (rows(mix=half) - made().w_avg) / 2)
    with pytest.raises(NetworkError, match="wants 4 latents"):
        rows(mix=((1.0, np.zeros(3, np.float32)),))


def test_no_class_is_all_classes_and_a_wrong_number_is_refused() -> None:
    everyone = rows(classes=np.ones(2, np.float32))
    for none in (np.zeros(0, np.float32), np.zeros(2, np.float32)):
        assert torch.equal(rows(classes=none), everyone)
    for wrong in ({"classes": np.ones(3, np.float32)}, {"classes": np.zeros(3, np.float32)}, {"z": np.ones(5)}):
        with pytest.raises(NetworkError, match="wants 4 latents and 2 classes"):
            rows(**wrong)


def test_the_last_backend_is_the_reference_and_every_backend_has_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    network = made()
    for device in ("cpu", "cuda", "mps"):
        found = backend_specs(network, device)
        assert "reference" in found[-1].name
        assert device != "cpu" or all(spec.threads for spec in found), "else it ranks as one without threads"
        assert len({spec.name for spec in found}) == len(found)
        assert [spec.name for spec in backend_specs(network, device)] == [spec.name for spec in found]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not any("openvino" in spec.name for spec in backend_specs(network, "cpu"))


class Stiff:
    """Draws a flat colour, and cannot bend."""

    bends = False
    threads = 7
    text = "stiff"
    megabytes = 1.0

    def set_clusters(self, clusters: dict[int, torch.Tensor]) -> None:
        pass

    def render(self, ws: torch.Tensor, options: SynthesisOptions) -> torch.Tensor:
        assert not options.bends
        return torch.full((64, 64, 3), 77, dtype=torch.uint8)


def generator(folder: Path, backend: object, monkeypatch: pytest.MonkeyPatch) -> StyleGenerator:
    info = NetworkInfo(
        "a", folder / "a.json", "stylegan2", (64, 64), 4, 2, 5, shape={"channels": [6, 5, 4, 4, 4], "mapping_layers": 2}
    )
    save_weights(info, made().state_dict())
    net = open_network(info)

    def selected(net: object, specs: list[BackendSpec], key: str, **words: object) -> object:
        able = backend is None or all(spec.bends for spec in specs)  # asked again: among those that can bend
        return Selection(specs[0], ReferenceBackend(open_network(info)) if able else backend, "it was there")  # type: ignore[arg-type]

    monkeypatch.setattr(live_tuning, "select_backend", selected)
    stiff = BackendSpec("stiff", lambda: ReferenceBackend(net), bends=False)
    return StyleGenerator(info, net, [stiff, BackendSpec("any", lambda: ReferenceBackend(net))])


def test_bent_pictures_come_from_a_backend_that_can_bend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = generator(tmp_path, Stiff(), monkeypatch)
    plain = generator(tmp_path, None, monkeypatch)
    assert (drawn.device_text, drawn.reason) == ("stiff", "it was there")
    assert drawn.megabytes == pytest.approx(plain.megabytes + 1)
    assert (drawn.render(plan()) == 77).all()
    for cluster in (0, 1):
        bent = plan(bends=(Bend("ablate", "fine", 0.8, cluster),))
        assert torch.equal(drawn.render(bent), plain.render(bent))
        assert (drawn.threads(plan()), drawn.threads(bent)) == (7, plain.threads(bent))
        assert not torch.equal(plain.render(bent), plain.render(plan()))
    assert (drawn.render(plan(bends=(Bend("ablate", "fine", 0.0),))) == 77).all()
    drawn.close()
    drawn.close()
    with pytest.raises(NetworkError, match="closed"):
        drawn.render(plan())
