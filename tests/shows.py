"""Shows for tests: a whole runtime with a network without weights, no window and no device."""

from collections.abc import Sequence
from dataclasses import replace

from livegan.audio.test_signals import Silence
from livegan.config.load import LoadedScene
from livegan.config.scene import Scene
from livegan.core.clock import WallClock
from livegan.engine.bank import Bank
from livegan.engine.bind import bind_scene
from livegan.engine.guard import FaultGuard
from livegan.engine.loader import Loader
from livegan.engine.performer import Performer
from livegan.engine.runtime import Runtime
from livegan.engine.show_log import ShowLog
from livegan.engine.sound_runtime import Service
from livegan.engine.vocabulary import Vocabulary
from livegan.features.clock_choice import ClockChoice
from livegan.features.listening import Listening
from livegan.networks.library import find_network
from livegan.outputs.registry import Output
from livegan.rendering.gradient import Gradient
from livegan.rendering.registry import Generator


def plain_show(
    source: object = None,
    *services: Service,
    log: ShowLog | None = None,
    names: tuple[str, ...] = ("plain",),
    generator: Generator | None = None,
    join_s: float = 5.0,
    clock_choice: ClockChoice | None = None,
    outputs: Sequence[Output] = (),
    fps: float = 60,
    guard: FaultGuard | None = None,
    listening: Listening | None = None,
) -> Runtime:
    """A show with the network "plain", or another `generator` for it; `names` is its bank, under so many names."""
    clock = WallClock()
    source = source or Silence()
    listening = listening or Listening(48000, 2, clock_choice=clock_choice)
    infos = [replace(find_network("plain"), name=name) for name in names]
    scene = Scene(title="T", network="plain", knobs={"knob.1": "network.position"})
    patch = bind_scene(LoadedScene("test", scene), Vocabulary.of(listening.layout), networks=infos)
    guard = guard or FaultGuard(clock.now)
    loader = Loader(lambda info, options: Gradient(info, "cpu"))
    bank = Bank(loader, 100.0, [generator or loader.make(infos[0])])
    performer = Performer([patch], 0, bank, lambda p, amounts, dt_s: p, listening.layout, clock, guard)
    return Runtime(
        source,  # type: ignore[arg-type]
        listening,
        performer,
        loader,
        clock,
        fps=fps,
        outputs=outputs,
        services=services,
        log=log,
        join_s=join_s,
    )
