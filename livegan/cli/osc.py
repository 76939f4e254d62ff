"""`livegan osc`: every OSC address of a scene, for people, for programs, and as a layout for tablets."""

from pathlib import Path
from typing import Annotated

import typer

from livegan.cli.options import OscAddress, Overwrite, SceneName, SetName, VenueFile, osc_option, venue_with
from livegan.cli.output import show
from livegan.errors import LiveganError


def osc(
    scene: SceneName = "",
    set_: SetName = "",
    venue: VenueFile = None,
    osc_: OscAddress = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the tree of OSCQuery as JSON.")] = False,
    touchosc: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.tosc", help="Write a TouchOSC layout: the scene's sliders; without --scene the knobs of any."
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """List every OSC address of a scene and what it takes. Or write a layout for TouchOSC (--touchosc)."""
    import json

    from livegan.core.files import check_outputs, write_atomic
    from livegan.studio import osc_namespace

    place = venue_with(venue)
    place = place.model_copy(update={"osc": osc_option(osc_, place.osc)})
    check_outputs({"--touchosc": touchosc}, [scene, set_, venue])
    if touchosc is not None and touchosc.exists() and not overwrite:
        raise LiveganError(f"{touchosc} is there already; give another name, or add --overwrite")
    found = osc_namespace.namespace(place, scene, set_)
    if touchosc is not None:
        write_atomic(touchosc, osc_namespace.touchosc(found, own=bool(scene)))
        show(f"{touchosc}: open it in TouchOSC. Connections, OSC: this computer's address, port {place.osc.port}")
        if place.osc.host == "127.0.0.1":
            show("So that it reaches the show: livegan play --osc 0.0.0.0")
        return
    if as_json:
        show(json.dumps(osc_namespace.query_tree(found), indent=2))
        return
    for line in osc_namespace.lines(found, place):
        show(line)
