"""Learning at a shell, without a show: move a knob, say what it shall turn."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from textwrap import shorten

from livegan.config.learnt import controllers_folder, own_controllers, write_binding
from livegan.config.load import load_controllers
from livegan.config.venue import Venue
from livegan.control.learn import LearnRequest, LearnState
from livegan.control.midi import MidiInput
from livegan.control.ports import Ports, SystemPorts
from livegan.core.binding import Binding, parse_binding
from livegan.core.clock import Clock
from livegan.core.registry import unknown
from livegan.core.text import printable, whole_number
from livegan.engine.learn_targets import MODES, LearnTarget, learn_targets, suggest
from livegan.engine.learning import Learning
from livegan.engine.router import Router
from livegan.engine.vocabulary import parameter_table
from livegan.errors import LiveganError

NO_PORT = "no MIDI input is plugged in; plug one in, this list is read again every second"
LISTED = 8  # targets offered at a time


class LearnSession:
    """Session of `livegan learn`: its own MIDI input and learner, questions and answers on a terminal."""

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        say: Callable[[str], object],
        ask: Callable[[str], str],
        *,
        port: str = "",
        ports: Ports | None = None,
    ) -> None:
        """`port`: part of the name of the only one to listen to. `ask` prints and reads a line; EOFError at its end."""
        self._clock, self._say, self._ask = clock, say, ask
        self._controls = Router(lambda name: venue.hands.knobs.get(name, name), has_window=False)
        self._learning = Learning(self._controls, venue.hands.knobs.get, load_controllers(), controllers_folder())
        self._midi = MidiInput(
            lambda event: None,
            self._learning.controllers,
            port=port or (venue.hands.port if venue.hands.port != "none" else ""),
            now=clock.now,
            ports=SystemPorts() if ports is None else ports,
            tap=self._learning.hear,
        )
        self._learning.changed.subscribe(self._midi.use)
        self._learning.ports = lambda: self._midi.open_ports
        own = [binding.to for binding in venue.hands.knobs.values()]
        self._targets = learn_targets(parameter_table(), own)
        self._told: tuple[str, ...] | None = None  # ports that were listed

    def run(self, target: Binding | None = None) -> None:
        """Learn control after control until Ctrl-C or the end of the input; with a `target` that one alone."""
        for problem in self._learning.problems:
            self._say(problem)
        self._midi.start(self._clock.now())
        try:
            if target is not None:
                self._learn(target)
                return
            while True:
                self._learn(None)
        except (KeyboardInterrupt, EOFError):
            self._say("")
        finally:
            self._midi.stop()

    def _learn(self, target: Binding | None) -> None:
        """One control."""
        learnt = self._state.learnt
        self._do(LearnRequest("begin") if target is None else LearnRequest("arm", target))
        self._list_ports()
        self._say("Move a knob or press a pad (Ctrl-C ends)." if target is None else f"{self._state.message}.")
        state = self._wait(
            lambda state: (
                state.phase == "off" or state.learnt > learnt or (target is None and state.touched is not None)
            )
        )
        if target is None:
            self._say(f"  {state.message}")
            chosen = self._choose()
            if chosen is None:
                return
            self._do(LearnRequest("arm", chosen))
            state = self._wait(lambda state: state.learnt > learnt or state.phase == "off")
        elif state.learnt <= learnt:
            raise LiveganError(state.message)
        self._say(f"  {state.message}")

    def _choose(self) -> Binding | None:
        """Ask what it shall turn, until that is one thing; None for nothing."""
        rows: Sequence[LearnTarget] = self._targets[:LISTED]
        question = "What shall it turn? A number, a part of any name, or Enter to leave it"
        while True:
            self._list(rows)
            answer = self._ask(f"{question}: ").strip()
            if not answer:
                return None
            number = whole_number(answer)
            if number is not None:
                if 1 <= number <= len(rows):
                    return Binding(rows[number - 1].name)
                question = f"there is no number {number} here; a number, a name, or Enter"
                continue
            found = suggest(answer, self._targets, LISTED)
            exact = [row for row in found if row.name == answer]
            named = [row for row in found if all(word in row.name for word in answer.lower().split())]
            for rows_left in (exact, named, found):
                if len(rows_left) == 1:
                    return Binding(rows_left[0].name)
            question = "Which of these? A number, more of its name, or Enter to leave it"
            if found:
                rows = found
            else:
                question = f"nothing is called '{printable(answer, 40)}'; {question[0].lower()}{question[1:]}"

    def _list(self, rows: Sequence[LearnTarget]) -> None:
        width = max(len(row.name) for row in rows)
        for number, row in enumerate(rows, 1):
            self._say(f"  {number} {row.name:<{width}}  {shorten(row.about, 70, placeholder=' ...')}")

    def _list_ports(self) -> None:
        ports = self._midi.open_ports
        if ports != self._told:
            self._told = ports
            self._say(f"MIDI inputs: {', '.join(ports)}" if ports else NO_PORT)

    def _wait(self, until: Callable[[LearnState], bool]) -> LearnState:
        """Poll until the learner's state is so; ports that come and go and what it says meanwhile are told."""
        said = self._state.message
        while not until(self._state):
            now_s = self._clock.now()
            self._midi.poll(now_s)
            self._controls.learn_requests.put(LearnRequest("stay"))
            wait_s = self._learning.poll(now_s)
            self._list_ports()
            state = self._state
            if state.message != said and not until(state):
                said = state.message
                self._say(f"  {said}")
            self._clock.wait_until(now_s + wait_s)
        return self._state

    def _do(self, request: LearnRequest) -> None:
        self._controls.learn_requests.put(request)
        self._learning.poll(self._clock.now())

    @property
    def _state(self) -> LearnState:
        return self._controls.learning.peek() or LearnState()


def target_called(name: str, mode: str) -> Binding:
    """The target of that name; LiveganError with the nearest one where it is none."""
    if mode and mode not in MODES:
        raise LiveganError(f"--mode {mode!r} is not one of {', '.join(MODES)}; type for example: --mode toggle")
    among = learn_targets(parameter_table())
    if name not in [target.name for target in among]:
        close = suggest(name, among, 1)
        hint = f"did you mean '{close[0].name}'?" if close else "type: livegan parameters"
        raise LiveganError(f"no parameter or control is called '{printable(name)}'; {hint}")
    return parse_binding({"to": name, "mode": mode})


def learnt_lines(folder: Path | None = None) -> list[str]:
    """What was learnt: a line for each file, and one for each of its bindings."""
    own, problems = own_controllers(folder or controllers_folder())
    lines = [*problems]
    for each in own:
        lines.append(f"{each.controller.name}  ({each.path})")
        width = max((len(control) for control in each.controller.bind), default=0)
        for control, binding in each.controller.bind.items():
            further = f"  {binding.mode}" if binding.mode else ""
            lines.append(f"  {control:<{width}}  {binding.to}{further}")
        if not each.controller.bind:
            lines.append("  nothing is bound")
    return lines or ["nothing was learnt yet; type: livegan learn"]


def forget(control: str, port: str, today: date, folder: Path | None = None) -> str:
    """Take the learnt binding of a control out of its file; what was done. LiveganError where there is none such."""
    folder = folder or controllers_folder()
    own = [each for each in own_controllers(folder)[0] if port.lower() in each.controller.name.lower()]
    holders = [each for each in own if control in each.controller.bind]
    if not holders:
        known = [name for each in own for name in each.controller.bind]
        where = f" for a controller called '{printable(port)}'" if port else ""
        raise LiveganError(
            f"{unknown('learnt control', printable(control), known)}{where} (type: livegan learn --list)"
        )
    if len(holders) > 1:
        names = ", ".join(each.controller.name for each in holders)
        raise LiveganError(f"{control} was learnt for {names}; say which one: --port '{holders[0].controller.name}'")
    holder = holders[0].controller
    write_binding(folder, holder, control, None, on=today)
    return f"{control.replace('.', ' ')} of {holder.name} does again what scene and venue say, if they bind it"
