"""Networks of the quality steps of a network: its lower resolutions, its light sibling, and that one's.

A network of a skip architecture draws the picture at every resolution on its way up, so the lowest levels alone are a
network too, which costs less; the window enlarges its pictures. Where those are not close to the full picture, the last
ToRGB is corrected (`correction`), once: what was found is kept in the cache.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from livegan.errors import NetworkError
from livegan.networks.architectures.protocol import StyleNet
from livegan.networks.cache import Arrays, file_hash, recall, recall_arrays, remember, remember_arrays
from livegan.networks.info import NetworkInfo
from livegan.networks.library import find_light
from livegan.networks.weights import load_style_net
from livegan.rendering.correction import Family, Judgement, correct, corrected_tensors, judge, picture_count
from livegan.rendering.registry import QualityStep, no_rest

LOWEST_PX = 64  # no step is lower than that, unless the one above it still is HEAVY
HEAVY = 4e9  # operations of a picture: two cores without AVX-512 (75 GFLOP/s each) draw hardly more than 15 a second
LOWEST_OF_ALL_PX = 16
MOST_AT_ONCE = 300e9  # operations of all pictures that are drawn to judge steps beside a show: about ten seconds
SAME_W = 0.05  # how much the w of a light sibling may differ, as a share of their spread
COMPARED = 8  # w
LIGHT = "light"  # the step of the light sibling
CACHE_NAME = "steps-2"  # another number when the correction changes


@dataclass(frozen=True, slots=True)
class StepNet:
    """Network of one quality step."""

    step: QualityStep
    info: NetworkInfo  # of the network whose lower resolution it is, or its own
    net: StyleNet
    key: str  # the hash of its weights, for the autotuner's memory
    whole: StyleNet | None  # the network whose lower resolution it is; None: it is the light sibling


def step_nets(
    info: NetworkInfo, net: StyleNet, *, at_once: bool, rest: Callable[[], None] = no_rest
) -> Iterator[StepNet]:
    """The networks of the steps after the first: the light sibling, which a slow machine needs most, then the cheapest.

    Judging and correcting them takes seconds when it is done for the first time. `at_once`: then they come before that
    as they are, and once more corrected, those that it improves, unless it would take minutes. NetworkError, at the
    end, if its light sibling does not fit; the others come all the same.
    """
    mistake: NetworkError | None = None
    key, light, light_key = file_hash(info.weights), None, ""
    try:
        light_info = find_light(info)
        if light_info is not None:
            light, light_key = _light_net(light_info, net), file_hash(light_info.weights)
    except NetworkError as error:
        mistake, light_info, light = error, None, None
    cost = net.cost()
    candidates = _lower_steps(net, info, key, cost, "")
    full, family = Family(net, [candidate.net for candidate in candidates]), None
    if light is not None and light_info is not None:
        step = QualityStep(LIGHT, light.resolution, light.cost() / cost)
        low_light = _lower_steps(light, light_info, light_key, cost, "light, ")
        candidates += [StepNet(step, light_info, light, light_key, None), *low_light]
        family = Family(light, [candidate.net for candidate in low_light])
    if candidates:
        name = f"{CACHE_NAME}-{light_key[:12]}" if light_key else CACHE_NAME
        judgements = _recalled(key, name, candidates)
        count = picture_count(cost)
        early = at_once and judgements is None
        if early:
            yield from _most_needed(_falling(candidates))
        if judgements is None and not (at_once and count * cost > MOST_AT_ONCE):
            with torch.inference_mode():
                judgements = judge(full, family, count, rest)
            _remember(key, name, candidates, judgements)
        judged = [] if judgements is None else _judged(candidates, judgements)
        if early:
            kept = {candidate.step.text for candidate in _falling(candidates)}
            yield from (other for other in reversed(judged) if other.step.text in kept and _is_corrected(other.step))
        else:
            yield from _most_needed(_worthwhile(judged))
    if mistake is not None:
        raise mistake


def plain_step_nets(info: NetworkInfo, net: StyleNet) -> list[StepNet]:
    """The networks of the lower resolutions as they are, highest first: at once, neither judged nor corrected."""
    return _lower_steps(net, info, file_hash(info.weights), net.cost(), "")


def known_step_nets(info: NetworkInfo, net: StyleNet, share: int = 1) -> list[StepNet] | None:
    """What `lower_step_nets` gives, in a moment, if it was found before on this machine; else None."""
    candidates = plain_step_nets(info, net)
    judgements = _recalled(file_hash(info.weights), _name_of(net, share), candidates)
    return None if judgements is None else _judged(candidates, judgements)


def _name_of(net: StyleNet, share: int) -> str:
    return f"{CACHE_NAME}-of-{picture_count(net.cost() * share)}"


def lower_step_nets(
    info: NetworkInfo, net: StyleNet, share: int = 1, rest: Callable[[], None] = no_rest
) -> list[StepNet]:
    """The networks of the lower resolutions alone, corrected, highest first; as one of `share` that share the time."""
    key, candidates = file_hash(info.weights), plain_step_nets(info, net)
    if not candidates:
        return []
    count, name = picture_count(net.cost() * share), _name_of(net, share)
    judgements = _recalled(key, name, candidates)
    if judgements is None:
        with torch.inference_mode():
            judgements = judge(Family(net, [candidate.net for candidate in candidates]), None, count, rest)
        _remember(key, name, candidates, judgements)
    return _judged(candidates, judgements)


def _is_corrected(step: QualityStep) -> bool:
    return step.db != step.uncorrected_db


def _light_net(info: NetworkInfo, net: StyleNet) -> StyleNet:
    """The light sibling of `net`; NetworkError if the same z is another w to it, or it draws other colours."""
    light = load_style_net(info)
    if light.colours != net.colours:
        raise NetworkError(f"draws {light.colours} colours, its network {net.colours}; train it again", info.path)
    rng = np.random.default_rng(COMPARED)
    z = torch.from_numpy(rng.standard_normal((COMPARED, net.z_dim), np.float32))
    classes = torch.zeros(COMPARED, net.c_dim)
    if net.c_dim:
        classes[torch.arange(COMPARED), torch.arange(COMPARED) % net.c_dim] = 1
    with torch.inference_mode():
        theirs, ours = light.map(z, classes), net.map(z, classes)
        apart = float((theirs - ours).square().mean() / ours.var(dim=0).mean().clamp_min(1e-12)) ** 0.5
    if not apart <= SAME_W:
        raise NetworkError(
            f"gives other w to the same z than its network ({100 * apart:.0f} % apart); train it again", info.path
        )
    return light


def _lower_steps(net: StyleNet, info: NetworkInfo, key: str, full_cost: float, prefix: str) -> list[StepNet]:
    """The steps of a network's lower resolutions, highest first."""
    steps, above = [], net.cost()
    for low in net.lower():
        least, cost = min(low.resolution), low.cost()
        if least >= LOWEST_PX or (above > HEAVY and least >= LOWEST_OF_ALL_PX):
            step = QualityStep(f"{prefix}{low.resolution[0]} px", low.resolution, cost / full_cost)
            steps.append(StepNet(step, info, low, key, net))
        above = cost
    return steps


def _falling(candidates: Sequence[StepNet]) -> list[StepNet]:
    """In order of falling cost, all below that of full quality."""
    ordered: list[StepNet] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.step.cost):
        if candidate.step.cost < (ordered[-1].step.cost if ordered else 1.0):
            ordered.append(candidate)
    return ordered


def _most_needed(ordered: Sequence[StepNet]) -> list[StepNet]:
    """Those in order of falling cost, in that in which a show needs them: the light sibling, then the cheapest."""
    return sorted(ordered, key=lambda candidate: (candidate.step.text != LIGHT, candidate.step.cost))


def _worthwhile(judged: Sequence[StepNet]) -> list[StepNet]:
    """In order of falling cost, without those that a cheaper one is as close to the full picture as."""
    kept: list[StepNet] = []
    for candidate in reversed(_falling(judged)):
        if not kept or (candidate.step.db or 0.0) > (kept[-1].step.db or 0.0):
            kept.append(candidate)
    return kept[::-1]


def _judged(candidates: Sequence[StepNet], judgements: Sequence[Judgement]) -> list[StepNet]:
    """The candidates with what was found, corrected; in order of falling cost."""
    judged = []
    own: dict[tuple[int, tuple[int, int]], StyleNet] = {}  # lower networks with a ToRGB of their own, made once
    for candidate, found in zip(candidates, judgements, strict=True):
        net, whole = candidate.net, candidate.whole
        if found.correction is not None and whole is not None:
            if (id(whole), net.resolution) not in own:
                own |= {(id(whole), low.resolution): low for low in whole.lower()}
            net = own[id(whole), net.resolution]
            correct(net, found.correction)
        step = replace(candidate.step, db=found.db, uncorrected_db=found.uncorrected_db)
        judged.append(replace(candidate, step=step, net=net))
    return sorted(judged, key=lambda candidate: -candidate.step.cost)


def _recalled(key: str, name: str, candidates: Sequence[StepNet]) -> list[Judgement] | None:
    """What was found before; None if not all of it was kept, or it is of no use."""
    record, arrays = recall(key, name) or {}, recall_arrays(key, name) or {}
    found = []
    for candidate in candidates:
        figures = record.get(candidate.step.text)
        if not (isinstance(figures, list) and len(figures) == 2 and all(map(_is_db, figures))):
            return None
        db, uncorrected_db = map(float, figures)
        correction = arrays.get(candidate.step.text)
        if (correction is None) != (db == uncorrected_db):
            return None
        if correction is not None and candidate.whole is not None:
            try:
                corrected_tensors(candidate.net, torch.from_numpy(correction))
            except ValueError:
                return None
        found.append(Judgement(db, uncorrected_db, None if correction is None else torch.from_numpy(correction)))
    return found


def _is_db(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _remember(key: str, name: str, candidates: Sequence[StepNet], judgements: Sequence[Judgement]) -> None:
    arrays: Arrays = {}
    figures: dict[str, list[float]] = {}
    for candidate, found in zip(candidates, judgements, strict=True):
        figures[candidate.step.text] = [found.db, found.uncorrected_db]
        if found.correction is not None:
            arrays[candidate.step.text] = found.correction.numpy()
    remember_arrays(key, name, arrays)
    remember(key, name, figures)
