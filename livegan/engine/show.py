"""Show set-up: sound, controls, scenes, networks and outputs of one venue, wired into a runtime."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from livegan.composer.steering import Steering
from livegan.config.load import LoadedScene
from livegan.config.venue import Venue
from livegan.control.keys import key_table
from livegan.control.midi_out import MidiOutput
from livegan.core.binding import Binding
from livegan.core.channels import Latest
from livegan.core.clock import Clock
from livegan.core.dimmer import OutputDimmer
from livegan.core.events import LETTING_GO
from livegan.core.rings import SampleRing
from livegan.core.text import printable
from livegan.core.types import ControlEvent, Frame
from livegan.core.version import __version__
from livegan.engine.assemble import assemble
from livegan.engine.bind import Binder, Setlist, listen, setlist
from livegan.engine.board import Board
from livegan.engine.camera import CameraFeed, check_camera, sees
from livegan.engine.clocks import Clocks
from livegan.engine.guard import FaultGuard
from livegan.engine.hands import HandSetup, hand_remarks, hand_services
from livegan.engine.headless import HeadlessControls
from livegan.engine.input_groups import silent_groups
from livegan.engine.input_names import is_song
from livegan.engine.inputs import InputChoice
from livegan.engine.lifeline import Lifeline
from livegan.engine.master import MasterSection
from livegan.engine.music import PlayedMusic
from livegan.engine.notice_printer import NoticePrinter
from livegan.engine.outputs import check_outputs, make_queues
from livegan.engine.own_controllers import controller_mistakes
from livegan.engine.patch import Patch
from livegan.engine.patching import Patching
from livegan.engine.performer import Performer
from livegan.engine.plugins import plugin_problems
from livegan.engine.prompts import Prompter
from livegan.engine.reload import Reloader
from livegan.engine.resume import bar_now, resume_scenes, resume_song, resumed_setlist
from livegan.engine.router import Router
from livegan.engine.runtime import Runtime
from livegan.engine.saving import Saver
from livegan.engine.show_header import show_header
from livegan.engine.show_log import ShowLog
from livegan.engine.show_state import ShowState
from livegan.engine.sound import fallback_service, open_sound
from livegan.engine.sound_runtime import Service, monitor_service
from livegan.engine.state_keeper import StateKeeper
from livegan.engine.window_scenes import WindowSetup, load_window_scenes, window_scenes
from livegan.errors import MediaError
from livegan.features.listening import Listening
from livegan.features.listening_process import ListeningProcess
from livegan.outputs.film import Film
from livegan.outputs.queue import OutputQueue
from livegan.outputs.registry import ShowFormat
from livegan.rendering.threads import use_threads


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """Options of one show that no venue has."""

    scene: str = ""  # to begin with; "" is the venue's choice
    log: Path | None = None  # of the show
    in_window: bool = True
    set: str = ""  # setlist to play; "" is the venue's choice
    one_scene: bool = False  # the first one only: nothing else is loaded beside it
    prompt: str = ""  # words that every scene begins with
    lifeline: Lifeline | None = None  # to its supervisor, which keeps its state
    state: ShowState | None = None  # of a show that has died, to go on from


@dataclass(frozen=True, slots=True)
class Show:
    """A show that is set up. ``with show.runtime:`` plays."""

    runtime: Runtime
    notices: tuple[str, ...]  # lines worth printing before the show
    outputs: tuple[OutputQueue, ...] = ()
    log: ShowLog | None = None
    recording: str = ""  # names of the films, for the HUD
    keys: Mapping[str, Binding] = field(default_factory=key_table)
    takeover: str = "scale"  # of faders that move the master
    keeper: StateKeeper | None = None  # of its state, where a supervisor has started it
    window_frames: Mapping[int, Latest[Frame]] = field(default_factory=dict)  # of scenes of further windows, from 1
    headless: HeadlessControls | None = None  # in place of a window

    def film_of(self, path: Path) -> Path:
        """Where the film is that was to be `path`: beside it, if another film took that name meanwhile."""
        films = [queue.output.path for queue in self.outputs if isinstance(queue.output, Film)]
        return next(iter(films), path)

    @property
    def begins(self) -> Mapping[str, float]:
        """States of the window that it begins with."""
        return self.runtime.controls.states

    def playing(self) -> AbstractContextManager[None]:
        """The block in which it plays: what its supervisor would start again."""
        return self.keeper.playing() if self.keeper is not None else nullcontext()

    def over(self) -> None:
        """It is closing: whatever happens now, its supervisor does not start it again."""
        if self.keeper is not None:
            self.keeper.over()

    def main_is_alive(self, place: tuple[int, int, int, int] | None = None) -> None:
        """Called twice a second by the main thread while it plays; `place`: of the window."""
        if self.keeper is not None:
            self.keeper.main_is_alive(place)


def set_up(venue: Venue, options: PlayOptions, clock: Clock) -> Show:
    """Build everything aside; nothing is opened yet. LiveganError where something cannot work."""
    scenes = setlist(venue, options.scene, options.set)
    scenes = (scenes.only_start() if options.one_scene else scenes).with_prompt(options.prompt)
    restart, state = options.lifeline.restart if options.lifeline else None, options.state
    scenes = resumed_setlist(scenes, restart, state)
    in_windows = load_window_scenes(venue) if options.in_window else {}
    _spare_the_song(venue)
    check_camera(venue.camera.device)
    channels = max((channel for group in venue.inputs.values() for channel in group.channels), default=0)
    first_bar = bar_now(state, clock.now()) if state is not None else 0
    waits = restart is not None  # a card that is not there yet ends no show that has begun
    source = open_sound(venue.audio.input, venue.audio, most=channels, waits=waits, first_bar=first_bar)
    outputs = check_outputs(venue.outputs)
    music = source if isinstance(source, PlayedMusic) else None
    timeline = music.timeline if music else None
    ring = source.ring
    guard = FaultGuard(clock.now)
    clocks = Clocks(venue.time, clock, plays_music=music is not None)
    heard = (*scenes.all_scenes, *in_windows.values())
    listening = listen(
        venue, ring.sample_rate, ring.channels, heard, guard, timeline=timeline, clock_choice=clocks.choice, apart=True
    )
    clocks.listen(listening)
    session = assemble(scenes, venue, listening, clock, guard)
    if state is not None:
        resume_song(source, state)
        resume_scenes(session.performer.scenes, state, careful=restart is not None and restart.careful)
    if music is not None:
        session.performer.music, session.performer.score_feed = music.controls, timeline
        music.controls.put(session.performer.patch.music)
        session.feed.music = timeline
    controls = Router(session.performer.binding)
    queues = make_queues(outputs, _show_format(venue, ring, controls), ring, guard)
    log = ShowLog(options.log) if options.log else None
    if log is not None:
        log.watch(session.performer.scenes, listening.layout)
        careful = restart is not None and restart.careful
        header = show_header(venue, session.show, ring.sample_rate, ring.channels, state, careful=careful)
        log.header = {**log.header, **header}
    saver = Saver(session.performer.scenes.requests)
    prompter = Prompter(controls.prompt_events, session.performer.prompts, session.text)
    patching = _patching(controls, session.performer, session.binder, venue)
    reloader = Reloader(session.show, session.binder, guard, session.performer.reloads)
    board: Latest[Board] = Latest()
    runtime = Runtime(
        source,
        session.listening,
        session.performer,
        session.loader,
        clock,
        fps=venue.picture.fps,
        quality=venue.picture.quality,
        controls=controls,
        services=[
            *monitor_service(venue.audio, source),
            *fallback_service(venue.audio, source),
            *_music_services(music, log, clock),
            *_midi_out_service(music, venue, controls, clock),
            *hand_services(venue, HandSetup(controls, clock, board.peek, clocks)),
            *_log_service(log, session.performer.patch, venue.audio.input),
            *_hearing_service(listening),
            *_slow_services(listening),
            Service("media", poll=session.media.poll, stop=session.media.close),
            *_camera_service(session.feed, venue, scenes),
            Service("prompts", start=prompter.start, poll=prompter.poll, notice=lambda: prompter.notice),
            Service("patching", poll=patching.poll, notice=lambda: patching.notice),
            InputChoice(controls, source).service(),
            Service("saver", poll=saver.poll, stop=saver.stop, notice=lambda: saver.notice),
            Service("reload", poll=reloader.poll, notice=lambda: reloader.notice),
            *map(_output_service, queues),
        ],
        outputs=queues,
        log=log,
        board=board,
    )
    runtime.snapshots = Path(venue.show.snapshots)
    careful = restart is not None and restart.careful
    # Outputs take every picture: those want it in the memory of the host.
    session.performer.zero_copy.on = venue.window.zero_copy and options.in_window and not queues and not careful
    keeper: StateKeeper | None = None
    if options.lifeline is not None:
        if state is not None:
            controls.states = dict(state.window)
        keeper = StateKeeper(options.lifeline, clock, queues, venue.audio.input, state, keeps_picture=options.in_window)
        keeper.keep(runtime)
    films = [Path(table.options["path"]).name for table in venue.outputs if table.kind == "film"]
    notices = (
        *session.notices,
        *plugin_problems(),
        *silent_groups(venue.inputs, ring.channels),
        *hand_remarks(venue, plays_music=music is not None),
        *controller_mistakes(session.binder.vocabulary.parameters),
        *([music.remark] if music and music.remark else []),
    )
    if music is None and venue.music.midi_out:
        port = printable(venue.music.midi_out)
        notices = (*notices, f"No notes go to the MIDI output '{port}': only --compose and MIDI files have any.")
    keys = key_table(venue.hands.keys)
    windows = _add_window_scenes(runtime, in_windows, venue, session.binder)
    headless = None if options.in_window else _add_headless_controls(runtime, venue)
    return Show(runtime, notices, queues, log, ", ".join(films), keys, venue.hands.takeover, keeper, windows, headless)


def _add_headless_controls(runtime: Runtime, venue: Venue) -> HeadlessControls:
    """Let a show without a window have its master section; it begins in the states of a show before."""
    dimmer = OutputDimmer(venue.window.fade_out_s)
    dimmer.begin(runtime.controls.states)
    headless = HeadlessControls(runtime.controls, MasterSection(dimmer, takeover=venue.hands.takeover), runtime.clock)
    runtime.add(headless.service())
    return headless


def _add_window_scenes(
    runtime: Runtime, loaded: Mapping[int, LoadedScene], venue: Venue, binder: Binder
) -> Mapping[int, Latest[Frame]]:
    """Let scenes of further windows play in the show; their frames, by the number of the window."""
    performer, quality = runtime.performer, runtime.quality
    setup = WindowSetup(
        runtime.heard, performer.features.layout, runtime.clock, runtime.fps, lambda: quality.holds, performer.guard
    )
    scenes = window_scenes(loaded, venue, binder, setup)
    for scene in scenes.values():
        runtime.add(scene.service())
        runtime.wanted_besides |= scene.groups
    return {number: scene.frames for number, scene in scenes.items()}


def _show_format(venue: Venue, ring: SampleRing, controls: Router) -> ShowFormat:
    """What the outputs are told of the show."""
    window = venue.window
    return ShowFormat(
        venue.picture.fps,
        window.size,
        ring.sample_rate,
        ring.channels,
        window=lambda: controls.states,
        fade_s=window.fade_out_s,
    )


def _patching(controls: Router, performer: Performer, binder: Binder, venue: Venue) -> Patching:
    """The service of edits of routes."""
    edits, answers, find = controls.route_edits, controls.route_answers, performer.scenes.numbered
    return Patching(edits, answers, performer.repatches, find, binder.vocabulary, venue.hands.knobs, binder.unheard)


def _hearing_service(listening: Listening) -> Iterator[Service]:
    """The process that listens, if there is one."""
    if isinstance(listening, ListeningProcess):
        hears = listening
        yield Service("hearing", hears.start, hears.poll, hears.close, lambda: hears.notice)


def _slow_services(listening: Listening) -> Iterator[Service]:
    """The thread of features whose work takes longer than a hop, where a scene asks for one."""
    works = listening.slow_work

    def poll(now_s: float) -> float:
        use_threads(1)  # the other cores are the engine's
        return min(work.poll(now_s) for work in works)

    for work in works:
        work.background = True
    if works:
        yield Service("tagging", poll=poll)


def _music_services(music: PlayedMusic | None, log: ShowLog | None, clock: Clock) -> Iterator[Service]:
    """The composer's thread, where music is composed."""
    if music is None or music.composer is None:
        return
    composer = music.composer
    composer.background = True

    def note_bar(number: int, steering: Steering, tempo: float) -> None:
        if log is not None:
            facts = {"density": steering.density, "register": steering.register, "tension": steering.tension}
            time_s = clock.now() - music.timeline.origin_s
            log.note(time_s, "bar", number=number, follow=steering.follow, tempo=tempo, **facts)

    composer.on_bar = note_bar
    yield Service("composer", poll=composer.poll, notice=lambda: composer.notice)


def _midi_out_service(music: PlayedMusic | None, venue: Venue, controls: Router, clock: Clock) -> Iterator[Service]:
    """The notes of music to a MIDI port, where the venue names one."""
    table = venue.music
    if music is None or not table.midi_out:
        return
    midi = MidiOutput(music.timeline, music.programs, table.midi_out, delay_s=table.midi_delay_s, volume=music.volume)

    def let_go(event: ControlEvent) -> None:
        if event.value > 0 and controls.route(event.name, event.binding)[1] in LETTING_GO:
            midi.panic()

    controls.subscribe(let_go)
    start, stop = partial(midi.start, clock.now()), midi.stop
    yield Service("midi-out", start=start, poll=midi.poll, stop=stop, notice=lambda: midi.notice)


def _camera_service(feed: CameraFeed, venue: Venue, scenes: Setlist) -> Iterator[Service]:
    if venue.camera.device or any(sees(loaded.scene) for loaded in scenes.all_scenes):
        yield Service("camera", poll=feed.poll, stop=feed.close, notice=lambda: feed.notice)


def _output_service(queue: OutputQueue) -> Service:
    return Service(
        f"output-{queue.name}",
        start=queue.open,
        poll=queue.poll,
        stop=queue.close,
        notice=lambda: queue.notice,
        progress=lambda: queue.written,
    )


def _spare_the_song(venue: Venue) -> None:
    """MediaError if an output would overwrite the song that is played."""
    song = venue.audio.input
    paths = [Path(str(table.options["path"])) for table in venue.outputs if "path" in table.options]
    if is_song(song) and Path(song).resolve() in [path.resolve() for path in paths]:
        raise MediaError(f"{song} is the song that plays; record to another file, for example: --record show.mp4")


def _log_service(log: ShowLog | None, patch: Patch, sound: str) -> Iterator[Service]:
    if log is None:
        return

    def begin() -> None:
        log.open()
        networks = list(patch.scene.networks)
        facts = {"scene": patch.name, "seed": patch.scene.seed, "networks": networks, "input": sound}
        log.note(0.0, "show", livegan=__version__, **facts)

    yield Service("log", begin, log.poll, log.close, lambda: log.notice)


def play_headless(show: Show, clock: Clock, duration_s: float | None, tell: Callable[[str], object]) -> bool:
    """Play without a window until `duration_s` has passed, or for ever; whether it came to that end.

    Ctrl-C and ``quit`` end it before. `tell` prints what is wrong, and answers to who plays.
    """
    headless = show.headless
    assert headless is not None, "the show was set up for a window"
    notices = NoticePrinter(show.runtime.telemetry, headless.answers, tell, told=show.notices)
    show.runtime.add(notices.service())
    with show.runtime, show.playing(), suppress(KeyboardInterrupt):
        end_s = clock.now() + (duration_s if duration_s is not None else float("inf"))
        while clock.now() < end_s:
            if headless.quits:
                return False
            show.main_is_alive()
            clock.wait_until(min(end_s, clock.now() + 0.2))
        return True
    return False
