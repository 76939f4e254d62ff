"""Commands that inspect this machine and its files: devices, scenes, sets, keys, bookmarks, routes, parameters ..."""

from pathlib import Path
from time import localtime, strftime
from typing import Annotated

import typer

from livegan.cli.options import DeviceName, VenueFile, refuse_address, venue_with
from livegan.cli.output import echo, show
from livegan.core.text import counted
from livegan.errors import LiveganError


def devices() -> None:
    """List sound inputs, MIDI ports, Ableton Link, screens and cameras."""
    from livegan.audio.devices import list_inputs
    from livegan.config.learnt import controllers_folder, known_controllers
    from livegan.config.load import load_controllers
    from livegan.control.link import link_text
    from livegan.control.output_ports import list_midi_outputs
    from livegan.control.ports import list_midi_inputs
    from livegan.core.controller import description
    from livegan.datasets.cameras import list_cameras
    from livegan.errors import DeviceError
    from livegan.ui.display import list_screens

    show("Sound inputs")
    try:
        inputs = list_inputs()
    except DeviceError as error:
        inputs = []
        show(f"  {error}")
    for device in inputs:
        star = "*" if device.is_default else " "
        show(f"{star} {device.name}  [{device.host_api}, {device.channels} channels, {device.sample_rate:g} Hz]")
    if not inputs:
        show("  none; `livegan play --input demo` plays the demo track")
    show("MIDI inputs")
    ports = list_midi_inputs()
    known = known_controllers(controllers_folder(), load_controllers()) if ports else ()
    for name in ports:
        show(f"  {name}  [{description(known, name)}]")
    if not ports:
        show("  none; a controller is used as soon as it is plugged in")
    show("MIDI outputs")
    for name in list_midi_outputs() or ["none"]:
        show(f"  {name}")
    show("Ableton Link")
    show(f"  {link_text()}")
    show("Screens")
    screens = list_screens()
    for screen in screens:
        show(f"  {screen}")
    if not screens:
        show("  none; `livegan play --headless --record out.mp4` makes a film")
    show("Cameras")
    cameras = list_cameras()
    for camera in cameras:
        show(f"  {camera.name}  {camera.title}")
        if camera.problem:
            show(f"    {camera.problem}")
    if not cameras:
        show("  none; a film, a folder of pictures or `fake` can stand in: livegan capture --camera fake")


def scenes(
    stills: Annotated[
        Path | None,
        typer.Option(help="Draw a still of every bundled scene on the demo track, and a page with all of them, here."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="With --stills: also of scenes that have not changed.")
    ] = False,
) -> None:
    """List the scenes that can be played. Or make pictures of them (--stills)."""
    from livegan.config.load import load_scenes, load_venue, scene_paths

    if stills is not None:
        from livegan.studio.scene_pages import make_pages

        made = make_pages(stills, load_venue(), again=again, echo=echo)
        show(f"{stills / 'scenes.md'}: {counted(made, 'new still')}")
        return
    for loaded in load_scenes(scene_paths()):
        if loaded.scene is None or loaded.mistakes:
            show(f"{loaded.name:16} has mistakes; type: livegan check {loaded.name}")
        else:
            show(f"{loaded.name:16} {loaded.scene.title}: {loaded.scene.about}")


def sets() -> None:
    """List the setlists that can be played."""
    from livegan.config.load import load_setlist, set_paths

    for name in set_paths():
        try:
            table = load_setlist(name).table
        except LiveganError:
            show(f"{name:14} has mistakes; type: livegan check {name}")
            continue
        show(f"{name:14} {table.title}: {table.about or ', '.join(entry.scene for entry in table.entries)}")


def keys(venue: VenueFile = None) -> None:
    """List every key of a show, with the venue's changes. In the show `?` shows them."""
    from livegan.config.load import load_venue
    from livegan.control.keys import find_cap, key_groups, key_table, unknown_cap
    from livegan.errors import VenueError

    changes = load_venue(venue).hands.keys
    wrong = [unknown_cap(cap) for cap in changes if find_cap(cap) is None]
    if wrong:
        raise VenueError("\n".join(f"venue: hands.keys: {line}" for line in wrong))
    for group in key_groups(key_table(changes)):
        show(group.title)
        for row in group.rows:
            show(f"  {row.text:14} {row.about}")


def bookmarks() -> None:
    """List the latents that M kept during shows; a path walks through them."""
    from livegan.networks.latents.bookmarks import bookmark_folder, list_bookmarks, read_bookmark

    kept = list_bookmarks()
    for path in kept:
        try:
            plan = read_bookmark(path)
            when = strftime("%Y-%m-%d at %H:%M", localtime(path.stat().st_mtime))
        except (LiveganError, OSError):
            show(f"{path.stem:18} cannot be read; delete {path}")
            continue
        latent = "w" if plan.w is not None else "a mix in w" if plan.mix else "z"
        show(f"{path.stem:18} {latent} of {plan.network}, kept on {when}")
    if kept:
        show(f'They are in {bookmark_folder()}; walk them with: path = ["bookmarks:all"]')
    else:
        show("No bookmarks yet: press M while a show plays.")


def check(
    names: Annotated[list[str] | None, typer.Argument(help="Scenes, setlists or paths; none: all of them.")] = None,
    venue: VenueFile = None,
) -> None:
    """Find every mistake in scenes, setlists and venue at once. Each comes with the nearest right name."""
    from livegan.config.load import scene_paths, set_paths, valid_venue
    from livegan.engine.check import check as mistakes_of
    from livegan.engine.check import is_setlist, remarks

    checked = names or [*scene_paths(), *(name for name in set_paths() if is_setlist(name))]
    place, wrong = valid_venue(venue)
    mistakes = [*wrong, *mistakes_of(place, checked)]
    if mistakes:
        raise LiveganError("\n".join([f"{len(mistakes)} mistakes", *mistakes]) if len(mistakes) > 1 else mistakes[0])
    sets = sum(map(is_setlist, checked))
    listed = [counted(len(checked) - sets, "scene")] if len(checked) > sets or not sets else []
    listed += [counted(sets, "setlist")] if sets else []
    for line in remarks(checked):
        show(line)
    show(f"{', '.join(listed)} and the venue have no mistakes.")


def parameters() -> None:
    """List every parameter that can be changed. Also every feature that a route can read."""
    from livegan.config.venue import Venue
    from livegan.core.events import SPECS
    from livegan.engine.bind import listen
    from livegan.engine.plugins import plugin_members, plugin_problems
    from livegan.engine.vocabulary import parameter_table
    from livegan.features.names import on_request_names
    from livegan.mapping.curves import CURVES
    from livegan.mapping.expression import FUNCTIONS
    from livegan.mapping.motions.registry import MOTIONS
    from livegan.outputs.registry import OUTPUTS

    show("Parameters (target of routes and knobs)")
    for parameter in parameter_table().values():
        unit = f" {parameter.unit}" if parameter.unit else ""
        span = f"{parameter.low:g}..{parameter.high:g}{unit}, default {parameter.default:g}"
        show(f"  {parameter.name:20} {span}: {parameter.about}")
    show("  w[0:4], w[4:10], w[10:] ...  -3..3 spreads, default 0: pushes these rows of w along a direction;")
    show("  w[0:4].1 .. w[0:4].7: along other seeded ones. First rows: structure; last rows: colour, texture")
    show("Features (source of routes, alone or in an expression), 0..1 unless said otherwise")
    names = listen(Venue(), 48000, 2).layout.names
    show("  " + ", ".join(name for name in names if not name.startswith(("band.", "chroma.", "mel.", "spectrum."))))
    count = sum(name.startswith("band.") for name in names)
    show(
        "  chroma.C .. chroma.B, "
        + ", ".join(f"{name}.0 .. {name}.{count - 1}" for name in ("band", "mel", "spectrum"))
    )
    show("  what the music is: " + ", ".join(name for name in on_request_names() if name.startswith("mood.")))
    tags = [name for name in on_request_names() if name.startswith("tag.")]
    show(f"  its tags, {len(tags)}: " + ", ".join(tags))
    show("  of a part of the sound: harmonic:level, percussive:onset, low: mid: high: ...")
    show("  of a group of inputs that the venue names: drums:onset.bass, drums.harmonic:level ...")
    show('Expressions (source of routes): "0.6*bass + max(onset, treble)", with + - * / ( ) pi and')
    show("  " + ", ".join(function.usage for function in FUNCTIONS.values()))
    show("Controls that knobs and pads of a scene or venue may name too")
    show("  " + ", ".join(name for name, spec in SPECS.items() if not spec.bindable))
    show("Curves")
    show("  " + ", ".join(CURVES))
    show("Motion models (motion.model)")
    show("  " + ", ".join(MOTIONS))
    show("Outputs (kind of [[outputs]] in a venue) and their options")
    for name in OUTPUTS:
        options = OUTPUTS[name].Options.model_fields.items()
        show(f"  {name}: " + "; ".join(f"{key}, {field.description}" for key, field in options))
    members, problems = plugin_members(), plugin_problems()
    if members or problems:
        show("From other packages")
    for kind, name, package in members:
        show(f"  {kind} {name}: {package}")
    for problem in problems:
        show(f"  {problem}")


def routes(
    scene: Annotated[str, typer.Argument(help="A scene's name or a path to one (`livegan scenes`).")],
    venue: VenueFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the patch bay of a scene: what each route reads, how, what it pushes, and which knobs turn the same."""
    import json

    from livegan.config.load import load_venue
    from livegan.studio.route_table import route_figures, route_lines

    figures = route_figures(scene, load_venue(venue))
    show(json.dumps(figures, indent=2) if as_json else "\n".join(route_lines(figures)))


def doctor(
    venue: VenueFile = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try graphics cards again that hung, died or drew something else.")
    ] = False,
) -> None:
    """Say what works on this machine, and how to repair the rest. Exit code 0: a show can run."""
    from livegan.studio.doctor import examine

    can_play = True
    for finding in examine("livegan.ui.display_probe", venue_with(venue), retry=retry):
        mark = "ok  " if finding.well else ("FAIL" if finding.needed else "--  ")
        show(f"{mark} {finding.what:21} {finding.detail}")
        if not finding.well and finding.repair:
            show(f"     {'':21} type: {finding.repair}")
        can_play = can_play and (finding.well or not finding.needed)
    show("A show can run." if can_play else "A show cannot run yet: repair the lines marked FAIL.")
    raise typer.Exit(0 if can_play else 1)


def bench(
    what: Annotated[str, typer.Argument(help="line (the whole show), music, networks, train, or studio.")] = "line",
    song: Annotated[
        str, typer.Argument(help="music, studio: a song, of which the first seconds count. 'demo': the demo track.")
    ] = "",
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="line, music, studio: how long to run it (10; music 20)."),
    ] = None,
    scene: Annotated[
        list[str] | None, typer.Option("--scene", "-s", help="A scene's name or path; music: several, or none for all.")
    ] = None,
    delay: Annotated[
        float,
        typer.Option(min=0, max=500, help="music: from a frame to its light [ms], for scenes that lead the beat."),
    ] = 0.0,
    device: DeviceName = "",
    venue: VenueFile = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="networks, train: only the smallest; studio: only the film.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Benchmark this machine.

    line: every stage of a show, its frame rate and the latency from sound to screen. music: how well scenes answer a
    song. networks: every backend against PyTorch's plain forward pass, on the CPU or with --device on a GPU. train: a
    training step against a plain loop. studio: a song into a film against lucid-sonic-dreams' way, two workers
    against one, a projected frame against 1000 plain steps.
    """
    import json

    if song and what not in ("music", "studio"):
        raise LiveganError(f"'{song}' is one word too many; a song is for: livegan bench music {song}")
    if what == "networks":
        from livegan.networks.device import choose_device
        from livegan.studio import bench_networks

        drawn_on = choose_device(device or "cpu").device
        shapes = tuple(bench_networks.SHAPES)[: 1 if quick else None]
        threads = (1,) if quick or drawn_on != "cpu" else (1, 2)
        figures = bench_networks.measure(shapes, threads, device=drawn_on)
        show(json.dumps(figures, indent=2) if as_json else bench_networks.table(figures))
        return
    if what == "train":
        from livegan.training import benchmark

        steps = benchmark.measure(("tiny-64",) if quick else None, device=device or "auto", echo=echo)
        show(json.dumps(steps, indent=2) if as_json else benchmark.table(steps))
        return
    if what == "studio":
        from livegan.studio import bench_studio

        refuse_address(song)
        figures = bench_studio.measure(song, seconds or bench_studio.SECONDS, device=device, echo=echo, quick=quick)
        show(json.dumps(figures, indent=2) if as_json else bench_studio.table(figures))
        return
    place = venue_with(venue, device=device)
    if what == "music":
        from livegan.core.progress import progress_bar
        from livegan.engine.bind import chosen_scenes
        from livegan.studio import bench_music

        refuse_address(song)
        chosen = chosen_scenes(scene or [])
        with progress_bar("music", len(chosen.scenes), "scenes") as progress:
            figures = bench_music.measure(
                song or "demo", chosen, place, seconds or bench_music.SECONDS, delay / 1e3, progress
            )
        show(json.dumps(figures, indent=2) if as_json else bench_music.table(figures))
        return
    if what != "line":
        raise LiveganError(
            f"there is no benchmark of '{what}'; type: livegan bench line, music, networks, train or studio"
        )
    if scene is not None and len(scene) > 1:
        raise LiveganError("the benchmark of the line plays one scene; type for example: livegan bench --scene default")
    from livegan.studio.bench import measure, table
    from livegan.ui.benchmark import show_and_measure
    from livegan.ui.display import has_display

    figures = measure(place, scene[0] if scene else "", seconds or 10.0, show_and_measure if has_display() else None)
    show(json.dumps(figures, indent=2) if as_json else table(figures))
