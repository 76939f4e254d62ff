"""Snapshots drawn again: the plan in the file, by its networks, with the layers and effects of its scene."""

from pathlib import Path

import numpy as np

from livegan.config.venue import SafetyTable, Venue
from livegan.core.clock import ManualClock
from livegan.core.images import write_png
from livegan.engine.assemble import assemble, sized
from livegan.engine.bind import listen, setlist
from livegan.engine.drawing import PlanDrawing
from livegan.engine.guard import StrictGuard
from livegan.errors import MediaError
from livegan.networks.library import find_network
from livegan.outputs.frame_converter import FrameConverter
from livegan.outputs.snapshot import read_snapshot
from livegan.rendering.registry import Generator

SAMPLE_RATE, CHANNELS = 48000, 2  # of a sound that nobody hears


def draw_snapshot(
    path: Path, output: Path, venue: Venue, size: tuple[int, int] | None, scene: str = "", *, overwrite: bool = False
) -> tuple[int, int]:
    """Draw a snapshot to a PNG file; returns its (width, height) [px].

    What effects remember of earlier frames is not in a plan: trails and feedback begin anew. `size`: the snapshot's
    own where it is None; `scene`: another file of its scene. MediaError where it cannot be drawn.
    """
    facts = read_snapshot(path)
    if output.suffix.lower() != ".png":
        raise MediaError(f"a snapshot is drawn to a PNG file; type for example: -o {output.with_suffix('.png')}")
    if output.exists() and not overwrite:
        raise MediaError(f"{output} is there already; type --overwrite, or another name after -o")
    window = venue.window.model_copy(update={"size": size or facts.size})
    venue = venue.model_copy(update={"window": window, "safety": SafetyTable(flashes="off")})
    scenes = setlist(venue, scene or facts.scene).only_start()
    clock = ManualClock()
    listening = listen(venue, SAMPLE_RATE, CHANNELS, scenes.all_scenes)
    session = assemble(scenes, venue, listening, clock, StrictGuard(clock.now), synchronous=True)
    performer, plan = session.performer, facts.plan
    own = {info.name: info for patch in performer.patches for info in patch.networks}
    infos = {name: own[name] if name in own else find_network(name) for name in plan.networks}
    infos = {name: sized(info, venue) for name, info in infos.items()}
    performer.bank.poll(list(infos.values()), lambda: (list(infos.values()), []))

    def find(name: str) -> Generator | None:
        return performer.bank.use(infos[name])

    try:
        pixels = performer.finish(plan, PlanDrawing(find, performer.bank.any).draw(plan))
    finally:
        session.media.close()
    if size is not None and (pixels.shape[1], pixels.shape[0]) != size:
        pixels = FrameConverter(*size, layout="rgb24").fitted(np.asarray(pixels))
    write_png(output, pixels, "-o")
    return pixels.shape[1], pixels.shape[0]
