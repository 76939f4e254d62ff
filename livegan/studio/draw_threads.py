"""Drawing of plans on threads of this process, each with a generator of its own and one core, in the order of plans.

Two pictures with a thread each are ready before two with two threads each: nothing is divided, nobody waits. Thread
counts change no bit of a picture, so it is the film that one generator would draw.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Generator as Generated
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

from livegan.core.machine import cores
from livegan.core.types import FramePlan
from livegan.engine.drawing import Drawn, PlanDrawing
from livegan.networks.device import candidate_devices
from livegan.networks.info import NetworkInfo
from livegan.rendering.load import load_generator
from livegan.rendering.registry import OFFLINE, Generator, Tuned

LEAST_FRAMES = 600  # of a film that is worth the loading of further generators
MOST = 8  # threads: each holds the network once more

Drawing = Callable[[FramePlan], Drawn]


def generators_for(generator: Generator, networks: Sequence[NetworkInfo], device: str, frames: int) -> list[Generator]:
    """One-thread generators of the film's network, one for each core; none where one alone is as good.

    That is for films of more networks than one, short films, other devices than the CPU, and what is not tuned.
    """
    threads = min(cores(), MOST)
    if threads < 2 or frames < LEAST_FRAMES or len(networks) != 1 or not isinstance(generator, Tuned):
        return []
    if candidate_devices(device) != ("cpu",) or generator.info.kind == "morph":
        return []
    options = replace(OFFLINE, backends=tuple(generator.backends))
    return [load_generator(networks[0], "cpu", options) for _ in range(threads)]


def draw_on_threads(
    plans: Iterable[FramePlan], generators: Sequence[Generator]
) -> Generated[tuple[FramePlan, Callable[[], Drawn]], None, None]:
    """Each plan, and what waits for its network pictures: so many are drawn ahead as there are generators."""
    with ExitStack() as stack:
        workers = [stack.enter_context(ThreadPoolExecutor(1, "livegan-draw")) for _ in generators]
        drawings = [_drawing(generator) for generator in generators]
        waiting: deque[tuple[FramePlan, Future[Drawn]]] = deque()
        for number, plan in enumerate(plans):
            place = number % len(workers)
            waiting.append((plan, workers[place].submit(drawings[place], plan)))
            if len(waiting) > len(workers):
                yield _next(waiting)
        while waiting:
            yield _next(waiting)


def _drawing(generator: Generator) -> Drawing:
    return PlanDrawing(lambda name: generator, lambda: generator).draw


def _next(waiting: deque[tuple[FramePlan, Future[Drawn]]]) -> tuple[FramePlan, Callable[[], Drawn]]:
    plan, future = waiting.popleft()
    return plan, future.result
