"""Warm-up of a spare process: loads the libraries and tables of a show, and touches no device, file of it or screen."""

from contextlib import suppress


def load_libraries() -> None:
    """Load what takes most of a show's start: PyTorch, the backends, every registry. What is missing is left out.

    Not the drivers of sound and MIDI: they keep the list of devices that they find when they are loaded.
    """
    import livegan.engine.show
    import livegan.rendering.load  # noqa: F401
    from livegan.config.venue import Venue
    from livegan.effects.registry import EFFECTS
    from livegan.engine.bind import bind, listen, setlist
    from livegan.features.registry import FEATURES
    from livegan.mapping.motions.registry import MOTIONS
    from livegan.outputs.registry import OUTPUTS
    from livegan.rendering.registry import GENERATORS

    for registry in (EFFECTS, FEATURES, MOTIONS, OUTPUTS, GENERATORS):
        registry.names()
    with suppress(ImportError):
        import openvino  # noqa: F401
    venue = Venue()
    scenes = setlist(venue)  # the bundled ones: their words are understood, and remembered
    bind(scenes, listen(venue, 48000, 2, scenes.all_scenes).layout, venue)
