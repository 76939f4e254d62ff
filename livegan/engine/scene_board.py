"""Board of the scenes that play: what `Board` shows, read from the scene player between two frames."""

from livegan.core.types import FeatureFrame
from livegan.engine.board import Board
from livegan.engine.scene_player import ScenePlayer


def board_of(scenes: ScenePlayer, features: FeatureFrame, time_s: float) -> Board:
    """The board at `time_s`, with the features that count then. For the engine's thread."""
    patch = scenes.patch
    return Board(
        time_s=time_s,
        scenes=scenes.cards,
        playing=scenes.number_of(patch),
        name=patch.name,
        chosen=scenes.number_of(scenes.chosen),
        next=scenes.number_of(scenes.following),
        cued=scenes.number_of(scenes.fader.cued),
        crossfade=scenes.fader.value,
        decks=scenes.decks,
        safe=scenes.number_of(scenes.safe),
        waits_for=scenes.waits_for,
        order=tuple(scenes.program.order) if scenes.program is not None else (),
        when=scenes.program.when if scenes.program is not None else "",
        parameters=patch.parameters,
        values=patch.now,
        set_values=patch.set_values,
        features=features,
        moved=frozenset(patch.controls.moved),
        bindings=patch.controls.bindings,
        routes=patch.routes,
        networks=tuple(info.name for info in patch.networks),
        position=patch.position,
        prompts=tuple(prompt.words for prompt in patch.prompts),
    )
