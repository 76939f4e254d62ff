"""Contracts of the generators and rendering backends: every member of the registries is asked."""

import gc
import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from livegan.core.layers import DRAWN
from livegan.core.machine import MEGABYTE, rss_mb
from livegan.core.parameters import GENERATOR_DEFAULTS
from livegan.core.score import Score
from livegan.core.sound import Sound
from livegan.core.types import Bend, FramePlan, Push
from livegan.errors import NetworkError
from livegan.networks.analysis import analyse
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.architectures.stylegan2 import to_pixels
from livegan.networks.info import NetworkInfo
from livegan.networks.library import BUNDLED, find_network, find_networks
from livegan.networks.morph_info import morph_info
from livegan.networks.synthesis_options import SynthesisOptions
from livegan.rendering import custom
from livegan.rendering.accuracy import psnr_db, random_ws
from livegan.rendering.autotune import UNAVAILABLE
from livegan.rendering.backends.protocol import Backend, BackendSpec
from livegan.rendering.custom import function_info
from livegan.rendering.load import generators, load_generator
from livegan.rendering.morphers import MorphSpec
from livegan.rendering.registry import LIVE, Generator
from livegan.rendering.threads import use_threads
from tests.tiny_networks import SKIP, tiny, tiny_net

WITHOUT_NOISE = (
    *("stylegan3", "morph of stylegan3", "progressive", "morph of progressive"),
    *("custom", "function", "house-256"),  # the last has learned to do without
    *DRAWN,
)
SOUND = Sound(  # the same in every plan
    (np.sin(np.arange(1024) / 9) * np.cos(np.arange(1024) / 61)).astype(np.float32),
    np.linspace(1, 0.3, 128, dtype=np.float32),
)
SCORE = Score(
    np.array([[-0.4, 1.0, 60, 0, 0.8], [-0.1, 0.4, 67, 1, 0.5], [0.5, 0.5, 48, 2, 1.0]], np.float32), 0.3, 2.0
)
UNTRUNCATED = ("custom", "function")  # kinds without an average w: psi scales their latents
HALF_DB = 33.0  # of half precision on random weights
WIDE = {**SKIP, "architecture": "resnet", "colours": 4, "tiles": [1, 2]}
OWN = """
import numpy as np

MIX = np.random.default_rng(0).standard_normal((11, 8 * 8 * 3)) * 60

def draw(noise_batch, class_batch):
    flat = np.concatenate([noise_batch, class_batch], axis=1) @ MIX
    return (128 + flat).clip(0, 255).astype(np.uint8).reshape(-1, 8, 8, 3)
"""

Make = Callable[[Path], NetworkInfo]


def own_code(folder: Path) -> NetworkInfo:
    """A function of the user."""
    (folder / "contract_own.py").write_text(OWN)
    shape = {"function": "contract_own:draw", "folder": str(folder)}
    return NetworkInfo("own", folder / "own.json", "custom", (8, 8), 8, 3, shape=shape)


def given_function(folder: Path) -> NetworkInfo:
    """A function of a program that uses livegan as a library."""
    space: dict[str, Any] = {}
    exec(OWN, space)
    return replace(function_info(space["draw"], 8, 3), name="given")


def snapshots(kind: str, folder: Path) -> NetworkInfo:
    """Two moments of one training."""
    return morph_info([tiny(folder, kind, f"snapshot-{seed}", seed=seed) for seed in (5, 6)])


def example(kind: str, folder: Path) -> NetworkInfo:
    """A network of a generator kind: tiny, bundled, or what the generator gives as its `example`."""
    if kind in ARCHITECTURES:
        return tiny(folder, kind)
    maker = generators()[kind]
    fields = maker.example if hasattr(maker, "example") else {}  # of a plugin
    bundled = [info for info in find_networks(BUNDLED) if info.kind == kind]
    if bundled and not fields:
        return bundled[0]
    return NetworkInfo(
        f"{kind} example", folder / "example.json", kind, **{"resolution": (16, 16), "z_dim": 8, **fields}
    )


SPECIAL: dict[str, dict[str, Make]] = {
    "custom": {"custom": own_code},
    "function": {"function": given_function},
    "morph": {f"morph of {kind}": partial(snapshots, kind) for kind, row in ARCHITECTURES.items() if row.can_morph},
    "stylegan2": {
        "house-256": lambda _: find_network("house-256"),
        "stylegan2": partial(example, "stylegan2"),
        "stylegan2 orig, grey": lambda folder: tiny(
            folder, "stylegan2", c_dim=0, shape={**SKIP, "architecture": "orig", "colours": 1}
        ),
        "stylegan2 resnet, wide, alpha": lambda folder: tiny(folder, "stylegan2", resolution=(16, 32), shape=WIDE),
    },
}
"""Generator kinds that need more than one network, or another than their example."""

MEMBERS: dict[str, Make] = {}
for _kind in generators():
    MEMBERS |= SPECIAL.get(_kind, {_kind: partial(example, _kind)})


@pytest.fixture(scope="module", params=MEMBERS)
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def generator(member: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
    folder = tmp_path_factory.mktemp("net")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(custom, "installed_folder", lambda: folder)  # where descriptions that name code are accepted
        made = load_generator(MEMBERS[member](folder), "cpu")
    use_threads(1)  # what was tried last may have set another number
    yield made
    made.close()


def test_every_generator_and_architecture_is_asked(tmp_path: Path) -> None:
    kinds = {make(tmp_path).kind for make in MEMBERS.values()}
    assert kinds == set(generators())
    assert set(ARCHITECTURES) <= kinds


def plan_for(info: NetworkInfo, seed: int = 0) -> FramePlan:
    rng = np.random.default_rng(seed)
    classes = np.zeros(info.c_dim, np.float32)
    classes[:1] = 1
    z = rng.standard_normal(info.z_dim, np.float32)
    return FramePlan(0, 0.0, 1 / 60, z=z, classes=classes, sound=SOUND, score=SCORE)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other.float()).abs().mean())


def test_a_picture_has_the_size_its_network_says(generator: Generator) -> None:
    picture = generator.render(plan_for(generator.info))
    assert picture.shape == (*generator.info.resolution, 3)
    assert picture.dtype == torch.uint8
    assert picture.is_contiguous()
    assert generator.device_text
    assert 0 <= generator.megabytes < 1000
    assert isinstance(generator.reason, str)


def test_the_first_step_is_full_quality_and_each_other_one_costs_less(generator: Generator) -> None:
    plan = plan_for(generator.info)
    before = generator.render(plan)
    generator.prepare_steps(LIVE)
    steps = generator.steps
    assert (steps[0].text, steps[0].size, steps[0].cost) == ("full", generator.info.resolution, 1.0)
    assert all(0 < after.cost < step.cost for step, after in pairwise(steps))
    assert len({step.text for step in steps}) == len(steps)
    assert torch.equal(before, generator.render(plan, 0))
    for index, step in enumerate(steps):
        picture = generator.render(plan, index)
        assert picture.shape == (*step.size, 3)
        assert picture.dtype == torch.uint8
        assert picture.is_contiguous()
        assert generator.threads(plan, index) >= 0
        assert torch.equal(picture, generator.render(plan, index))
    assert torch.equal(generator.render(plan, len(steps) + 3), generator.render(plan, len(steps) - 1))
    generator.prepare_steps(LIVE)
    assert [step.text for step in generator.steps] == [step.text for step in steps]


def test_it_says_how_many_threads_it_wants_and_leaves_the_count_alone(generator: Generator) -> None:
    plan, before = plan_for(generator.info), torch.get_num_threads()
    for asked in (plan, replace(plan, bends=(Bend("invert", "all", 0.5),))):
        assert generator.threads(asked) >= 0
        generator.render(asked)
    assert torch.get_num_threads() == before


def test_the_same_plan_gives_the_same_picture_and_pictures_are_the_callers(generator: Generator) -> None:
    plan = plan_for(generator.info)
    first = generator.render(plan)
    kept = first.clone()
    generator.render(plan_for(generator.info, 1))
    assert torch.equal(first, kept)
    assert torch.equal(generator.render(plan), kept)


def test_the_plan_is_left_as_it_was(generator: Generator) -> None:
    plan = plan_for(generator.info)
    z, classes = plan.z.copy(), plan.classes.copy()
    z.flags.writeable = False
    generator.render(replace(plan, z=plan.z, classes=plan.classes))
    np.testing.assert_array_equal(plan.z, z)
    np.testing.assert_array_equal(plan.classes, classes)


def test_latent_class_truncation_and_noise_change_the_picture(member: str, generator: Generator) -> None:
    plan = plan_for(generator.info)
    picture = generator.render(plan)
    assert far(picture, generator.render(plan_for(generator.info, 1))) > 1
    if generator.info.c_dim:
        assert far(picture, generator.render(replace(plan, classes=np.roll(plan.classes, 1)))) > 1
    assert far(picture, generator.render(replace(plan, truncation=0.5))) > 0.5 or member in UNTRUNCATED
    assert far(picture, generator.render(replace(plan, noise=1.0))) > 0.1 or member in WITHOUT_NOISE


def test_truncated_to_nothing_all_latents_look_alike(generator: Generator) -> None:
    pictures = [
        generator.render(replace(plan_for(generator.info, seed), classes=_none(generator), truncation=0.0))
        for seed in (0, 1)
    ]
    assert far(*pictures) < 0.5


def test_controls_at_their_defaults_and_bends_of_nothing_change_nothing(generator: Generator) -> None:
    plan = replace(plan_for(generator.info), noise=0.5)
    bends = (Bend("rotate", "all", 0.0), Bend("ablate", "coarse", 0.0, cluster=2))
    told = replace(plan, parameters=GENERATOR_DEFAULTS, bends=bends, pushes=(Push(0.0, 0, 4), Push(0.0)))
    assert torch.equal(generator.render(plan), generator.render(told))


def test_networks_with_styles_can_be_bent_mixed_and_pushed(generator: Generator) -> None:
    if not generator.info.w_dim:
        pytest.skip("it has no styles")
    plan = plan_for(generator.info)
    picture = generator.render(plan)
    for words in (
        {"bends": (Bend("invert", "all", 0.9),)},
        {"bends": (Bend("ablate", "all", 0.9, cluster=1),)},
        {"parameters": {"direction.1": 2.0}},
        {"parameters": {"direction.5": 2.0}},
        {"parameters": {"style.coarse": 1.0}},
        {"pushes": (Push(1.0),)},
        {"pushes": (Push(1.0, 0, 4, direction=3, seed=5),)},
    ):
        other = generator.render(replace(plan, **words))
        assert far(picture, other) > 0.1, words
        assert torch.equal(other, generator.render(replace(plan, **words)))


def test_networks_with_styles_draw_a_given_w(generator: Generator) -> None:
    size = generator.info.w_dim
    if not size:
        pytest.skip("it has no styles")
    plan = plan_for(generator.info)
    w = np.random.default_rng(1).standard_normal((1, size)).astype(np.float32)
    picture = generator.render(replace(plan, w=w))
    assert torch.equal(picture, generator.render(replace(plan, w=w, z=plan.z * 0)))
    assert far(picture, generator.render(replace(plan, w=-w))) > 0.1
    with pytest.raises(NetworkError, match="rows of"):
        generator.render(replace(plan, w=w[:, 1:]))


def test_a_mix_is_drawn_by_networks_with_styles_and_left_by_others(generator: Generator) -> None:
    plan, other = plan_for(generator.info), plan_for(generator.info, 1)
    picture, its = generator.render(plan), generator.render(other)
    mixed = generator.render(replace(plan, mix=((1.0, other.z),)))
    if not generator.info.w_dim:
        assert torch.equal(mixed, picture)
        return
    assert far(mixed, its) < 0.1
    half = generator.render(replace(plan, mix=((0.5, other.z),)))
    assert min(far(half, picture), far(half, its)) > 0.1


def test_a_small_step_of_the_latent_is_a_small_step_of_the_picture(generator: Generator) -> None:
    start, end = plan_for(generator.info, 0), plan_for(generator.info, 1)
    picture = generator.render(start)
    near = far(picture, generator.render(start.blend(end, 0.002)))
    assert near < far(picture, generator.render(end)) / 4


def test_no_classes_and_mixed_classes_are_drawn(generator: Generator) -> None:
    plan = plan_for(generator.info)
    mixed = np.full(generator.info.c_dim, 0.5, np.float32)
    for classes in (_none(generator), np.zeros(0, np.float32), mixed):
        assert generator.render(replace(plan, classes=classes)).shape == (*generator.info.resolution, 3)


def test_a_plan_for_another_network_is_refused_in_words(generator: Generator) -> None:
    with pytest.raises(NetworkError, match="latents"):
        generator.render(replace(plan_for(generator.info), z=np.zeros(3, np.float32)))


def test_drawing_keeps_nothing(generator: Generator) -> None:
    plans = [plan_for(generator.info, seed) for seed in range(3)]
    size = generator.render(plans[0]).numel()
    rounds = 60 if size < 100_000 else 24
    blocks, megabytes = [], []
    for _ in range(3):
        for plan in plans * rounds:
            generator.render(plan)
        gc.collect()
        blocks.append(sys.getallocatedblocks())
        megabytes.append(rss_mb())
    assert min(np.diff(blocks)) < 2 * rounds  # an object kept per picture would be 3 times the rounds, each time
    assert min(np.diff(megabytes)) * MEGABYTE < 4_000_000 + size * rounds  # pictures kept: three times that


def test_closing_is_idempotent_and_nothing_is_drawn_afterwards() -> None:
    made = load_generator(find_network("plain"), "cpu")
    made.close()
    made.close()
    with pytest.raises(NetworkError, match="closed"):
        made.render(plan_for(made.info))


def _none(generator: Generator) -> np.ndarray:
    return np.zeros(generator.info.c_dim, np.float32)


DEVICES = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
BENT = SynthesisOptions(bends=(Bend("invert", "all", 0.9),))
OPTIONS = (SynthesisOptions(), SynthesisOptions(noise=(0.5, 0.0, 1.0), noise_seed=4))


@cache
def net_of(kind: str) -> StyleNet:
    """A tiny network of an architecture."""
    return tiny_net(kind)


def module_of(kind: str) -> Any:
    """The module of an architecture's backends."""
    return import_module(ARCHITECTURES[kind].backends)


BACKENDS: dict[str, tuple[str, BackendSpec, bool]] = {}  # id -> architecture, spec, is it exact?
for _kind in ARCHITECTURES:
    for _device in DEVICES:
        _specs = module_of(_kind).backend_specs(net_of(_kind), _device)
        BACKENDS |= {
            f"{_kind}, {spec.name}": (
                _kind,
                spec,
                spec is _specs[-1] or "fp32" in spec.name or "reference" in spec.name,
            )
            for spec in _specs
        }


@dataclass(frozen=True)
class Case:
    """A backend, and the network whose pictures it must draw."""

    net: StyleNet
    spec: BackendSpec
    backend: Backend
    exact: bool

    def differs(self, picture: torch.Tensor, ws: torch.Tensor, options: SynthesisOptions) -> bool:
        """Is it not the network's picture, as far as the precision of the backend goes?"""
        with torch.inference_mode():
            reference = to_pixels(self.net.synthesize(ws[None], options)[0], self.net.span)
        if self.exact:
            return int((picture.cpu().int() - reference.int()).abs().max()) > 1
        return psnr_db(picture, reference) < HALF_DB


@pytest.fixture(params=BACKENDS)
def case(request: pytest.FixtureRequest) -> Case:
    kind, spec, exact = BACKENDS[request.param]
    net = tiny_net(kind)
    try:
        backend = spec.make()
    except UNAVAILABLE as error:
        pytest.skip(f"not on this machine: {error}")
    return Case(net, spec, backend, exact)


def test_every_architecture_has_backends_and_their_names_are_their_own() -> None:
    for kind in ARCHITECTURES:
        for device in ("cpu", "cuda", "mps"):
            names = [spec.name for spec in module_of(kind).backend_specs(net_of(kind), device)]
            assert names
            assert len(set(names)) == len(names)


def test_a_backend_says_what_it_is(case: Case) -> None:
    assert case.backend.text
    assert case.backend.megabytes >= 0
    assert case.backend.threads >= 0
    assert case.backend.bends == case.spec.bends


def test_a_backend_draws_the_pictures_of_the_network(case: Case) -> None:
    for seed, options in enumerate(OPTIONS):
        ws = random_ws(case.net, seed)
        picture = case.backend.render(ws, options)
        assert (picture.shape, picture.dtype) == ((*case.net.resolution, 3), torch.uint8)
        assert picture.is_contiguous()
        assert not case.differs(picture, ws, options)
        assert case.differs(picture, random_ws(case.net, seed + 10), options)  # else this would test little


def test_pictures_of_a_backend_are_the_same_again_and_the_callers(case: Case) -> None:
    ws = [random_ws(case.net, seed) for seed in range(2)]
    before = [each.clone() for each in ws]
    first = case.backend.render(ws[0], OPTIONS[0])
    kept = first.clone()
    for options in (OPTIONS[1], OPTIONS[0], *([BENT] if case.backend.bends else [])):
        case.backend.render(ws[1], options)
    assert torch.equal(first, kept)
    assert torch.equal(case.backend.render(ws[0], OPTIONS[0]), kept)
    assert all(map(torch.equal, ws, before))


def test_a_backend_leaves_the_thread_count_alone(case: Case) -> None:
    before = torch.get_num_threads()
    case.backend.render(random_ws(case.net, 0), OPTIONS[0])
    case.spec.make()
    assert torch.get_num_threads() == before


def test_a_backend_that_bends_bends_as_the_network_does(case: Case) -> None:
    if not case.backend.bends:
        pytest.skip("it does not bend")
    ws = random_ws(case.net, 0)
    still = case.backend.render(ws, OPTIONS[0])
    bent = case.backend.render(ws, BENT)
    assert far(still.cpu(), bent.cpu()) > 0.1
    assert not case.differs(bent, ws, BENT)
    of_cluster = SynthesisOptions(bends=(Bend("ablate", "all", 0.9, cluster=1),))
    key = hashlib.sha256(f"contract, {type(case.net).__name__}".encode()).hexdigest()
    case.net.clusters = clusters = analyse(case.net, key).clusters
    case.backend.set_clusters(clusters)
    first = case.backend.render(ws, of_cluster)
    assert not case.differs(first, ws, of_cluster)
    case.backend.set_clusters({index: labels % 4 + 1 for index, labels in clusters.items()})
    assert far(first.cpu(), case.backend.render(ws, of_cluster).cpu()) > 0.1


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_batch_is_its_single_pictures(kind: str) -> None:
    net = net_of(kind)
    rng = np.random.default_rng(0)
    z = torch.from_numpy(rng.standard_normal((3, net.z_dim), np.float32))
    classes = torch.eye(3, net.c_dim)
    w = net.map(z, classes)
    torch.testing.assert_close(w, torch.cat([net.map(z[i : i + 1], classes[i : i + 1]) for i in range(3)]))
    ws = w[:, None].expand(-1, net.num_ws, -1)
    singles = torch.cat([net.synthesize(ws[i : i + 1], OPTIONS[0]) for i in range(3)])
    torch.testing.assert_close(
        net.synthesize(ws, OPTIONS[0]), singles, rtol=1e-3, atol=1e-3 * float(singles.abs().max())
    )


MORPHERS: dict[str, tuple[str, int]] = {}  # id -> architecture, number of the spec
for _kind, _row in ARCHITECTURES.items():
    if _row.can_morph:
        _morph_specs: list[MorphSpec] = module_of(_kind).morph_specs(net_of(_kind), "cpu")
        MORPHERS |= {f"{_kind}, {spec.name}": (_kind, number) for number, spec in enumerate(_morph_specs)}


@pytest.mark.parametrize("name", MORPHERS)
def test_a_morpher_draws_each_snapshot_and_between_them_what_is_neither(name: str) -> None:
    kind, number = MORPHERS[name]
    nets = [tiny_net(kind, seed) for seed in (5, 6, 7)]
    ws = random_ws(nets[0], 0)
    with torch.inference_mode():
        morpher = module_of(kind).morph_specs(tiny_net(kind), "cpu")[number].make()
        for net in nets:
            morpher.add(net)
        morpher.finish()
        assert morpher.megabytes() > 0
        for index, net in enumerate(nets):
            morpher.move(index, 0.0)
            reference = to_pixels(net.synthesize(ws[None], OPTIONS[0])[0], net.span)
            assert psnr_db(morpher.backend.render(ws, OPTIONS[0]), reference) >= HALF_DB
            morpher.move(0, 0.5)
            assert psnr_db(morpher.backend.render(ws, OPTIONS[0]), reference) < HALF_DB
