"""Controls of a patch: what each is bound to, how it acts, and the parameter values that it has set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from livegan.control.takeover import Takeover
from livegan.core.binding import Binding
from livegan.core.events import HALF, find_control, stands_somewhere
from livegan.core.parameters import Parameter
from livegan.core.types import ControlEvent

SAME = 1e-3  # share of a range: a button's parameter that is so near to what it sets is set by it

Hand = tuple[str, str]  # source of an event ("" where it has none), and its name


@dataclass(frozen=True, slots=True)
class ControlState:
    """What a control had set its parameter to; None: no hand had moved that."""

    hand: Hand
    target: str
    is_known: bool  # whether the control had been moved
    moved: float | None


@dataclass(slots=True)
class _Control:
    """One control of one controller, since it was first moved."""

    binding: Binding
    takeover: Takeover
    position: float = 0.0
    pressed: bool = False


class PatchControls:
    """Controls of one scene. Owned by the engine's thread; `binding` may be asked by any."""

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        base: Mapping[str, float],
        bindings: Mapping[str, Binding],
        takeover: str = "scale",
    ) -> None:
        """`base`: the scene's value of every parameter; `bindings`: of its controls, by name.

        `takeover`: of knobs whose binding says none.
        """
        self.bindings = bindings
        self.moved: dict[str, float] = {}  # parameter -> value that a hand has set
        self._parameters, self._base, self._takeover = parameters, base, takeover
        self._controls: dict[Hand, _Control] = {}

    def use(self, parameters: Mapping[str, Parameter], base: Mapping[str, float]) -> None:
        """Take another parameter table, with more in it."""
        self._parameters, self._base = parameters, base

    def binding(self, control: str) -> Binding | str:
        """What the scene or the venue binds this control to: a parameter or another control; else its own name."""
        return self.bindings.get(control, control)

    def resolve(self, event: ControlEvent) -> Binding | None:
        """What an event moves: as it says itself, what the scene binds its control to, or the parameter it names."""
        binding = event.binding or self.bindings.get(event.name)
        if binding is None and event.name in self._parameters:
            binding = Binding(event.name)
        return binding if binding is not None and binding.to in self._parameters else None

    def handle(self, event: ControlEvent, stood: float | None = None) -> bool:
        """Do what an event asks of the parameter that it names, or that its control is bound to.

        A knob moves it as its takeover allows; a button as its mode says. Whether that moved it, or let it go.
        `stood`: where the control was before, whatever it moved then; None: that is not known.
        """
        binding = self.resolve(event)
        if binding is None:
            return False
        control = self._control(event, binding)
        if event.kind == "release":
            return self._let_go(binding.to)
        if event.kind == "turn":
            self._set(binding.to, self.share(binding.to) + event.value)
            return True
        if _is_button(event, binding):
            return self._press(event, control)
        new: float | None = event.value
        control.position = event.value
        if stands_somewhere(event.source):
            if stood is not None:
                control.takeover.stood(stood)
            new = control.takeover.step(event.value, self._place(binding))
        if new is not None:
            self._set(binding.to, binding.share(new))
        return new is not None

    def lift(self, event: ControlEvent) -> None:
        """Let go what the control of an event holds here, if it is let go by that, whatever it is bound to now."""
        control = self._controls.get((event.source, event.name))
        if control is not None and control.pressed and event.kind != "turn" and not _is_press(event):
            self._drop(control)

    def share(self, name: str) -> float:
        """Where a parameter is set to in its range, 0..1, without what routes push."""
        parameter = self._parameters[name]
        room = parameter.high - parameter.low
        return (self.moved.get(name, self._base[name]) - parameter.low) / room if room else 0.0

    def state(self, event: ControlEvent) -> ControlState | None:
        """What `restore` puts back; None for what moves no parameter, and for pads that are held: they let it go."""
        binding = self.resolve(event)
        if binding is None or (_is_button(event, binding) and binding.mode in ("", "momentary")):
            return None
        return self._state((event.source, event.name), binding.to)

    def state_of(self, state: ControlState) -> ControlState:
        """Where the control and the parameter of `state` are now."""
        return self._state(state.hand, state.target)

    def restore(self, state: ControlState) -> bool:
        """Put a parameter back to where it was; False if the scene, read again, has it no more."""
        parameter = self._parameters.get(state.target)
        if parameter is None:
            return False
        if state.moved is None:
            self.moved.pop(state.target, None)
        else:
            self.moved[state.target] = parameter.clip(state.moved)
        if not state.is_known:
            self._controls.pop(state.hand, None)
        return True

    def reset(self) -> dict[str, float]:
        """Let every parameter go: all are as the scene says. What was moved, for `put_back`."""
        moved, self.moved = self.moved, {}
        return moved

    def put_back(self, moved: Mapping[str, float]) -> None:
        """Move the parameters as they were before a `reset`."""
        self.moved = {name: self._parameters[name].clip(value) for name, value in moved.items() if name in self._base}

    def take(self, other: "PatchControls") -> None:
        """Go on from `other`, the same scene as it was before it was read again.

        A knob that is bound to something else now moves that to where it stands.
        """
        self.put_back(other.moved)
        for hand, control in other._controls.items():
            before, now = other.bindings.get(hand[1]), self.bindings.get(hand[1])
            if control.binding is not before:
                now = control.binding  # the player's own
            if now != control.binding and control.pressed:
                self._drop(replace(control))
            if now is None or now.to not in self._parameters:
                continue
            kept = self._controls[hand] = replace(control) if now == control.binding else self._known(now)
            if now.to != control.binding.to and not now.mode and not _is_pad(*hand):
                self.moved.pop(control.binding.to, None)
                kept.position = control.position
                kept.takeover.stood(control.position)
                self._set(now.to, now.share(control.position))

    def values(self) -> tuple[tuple[str, float], ...]:
        """Each parameter that a control has moved or waits for, and where it is set to in its range, 0..1."""
        targets = dict.fromkeys(control.binding.to for control in self._controls.values())
        waiting = self.turns()
        return tuple((name, self.share(name)) for name in targets if name in self.moved or name in waiting)

    def turns(self) -> dict[str, int]:
        """Parameters whose knob has not come to them yet, and which way it must be turned: 1 up, -1 down."""
        found: dict[str, int] = {}
        for control in self._controls.values():
            way = control.takeover.turn(self._place(control.binding))
            if way and not control.binding.mode:
                found[control.binding.to] = way
        return found

    def _control(self, event: ControlEvent, binding: Binding) -> _Control:
        """What is known of the control of an event; nothing where it is bound to something else now."""
        hand = (event.source, event.name)
        control = self._controls.get(hand)
        if control is None or control.binding != binding:
            if control is not None and control.pressed:
                self._drop(control)
            control = self._controls[hand] = self._known(binding)
        return control

    def _known(self, binding: Binding) -> _Control:
        return _Control(binding, Takeover(binding.takeover or self._takeover))

    def _press(self, event: ControlEvent, control: _Control) -> bool:
        """A button is pressed or let go: whether that did something."""
        binding = control.binding
        is_pad = _is_pad(event.source, event.name)
        before, control.pressed = control.pressed, _is_press(event)
        if not control.pressed:
            return before and binding.mode in ("", "momentary") and self._let_go(binding.to)
        if binding.mode in ("", "momentary"):
            self._set(binding.to, binding.share(event.value if is_pad else 1.0))
        elif before and not is_pad:  # a button that sends control changes, and sends its value again
            return False
        elif binding.mode == "toggle" and self._is_on(binding):
            return self._let_go(binding.to)
        else:
            self._set(binding.to, binding.high)
        return True

    def _is_on(self, binding: Binding) -> bool:
        """Whether a button has set its parameter."""
        return binding.to in self.moved and abs(self.share(binding.to) - binding.high) < SAME

    def _place(self, binding: Binding) -> float:
        """Where a control would stand, 0..1, if its parameter were where that is set to."""
        room = binding.high - binding.low
        return min(max((self.share(binding.to) - binding.low) / room, 0.0), 1.0) if room else 0.0

    def _drop(self, control: _Control) -> None:
        """A button is let go: what it holds, as the scene says."""
        control.pressed = False
        if control.binding.mode in ("", "momentary"):
            self._let_go(control.binding.to)

    def _let_go(self, target: str) -> bool:
        return self.moved.pop(target, None) is not None

    def _state(self, hand: Hand, target: str) -> ControlState:
        return ControlState(hand, target, hand in self._controls, self.moved.get(target))

    def _set(self, target: str, share: float) -> None:
        parameter = self._parameters[target]
        self.moved[target] = parameter.clip(parameter.low + share * (parameter.high - parameter.low))


def _is_pad(source: str, name: str) -> bool:
    """Whether it tells of a press and of the release: a pad, a note, a key."""
    spec = find_control(name)
    return source == "keys" or (spec is not None and spec.kind == "held")


def _is_press(event: ControlEvent) -> bool:
    """Whether a button is pressed; one that sends control changes is so in the upper half."""
    value = event.value if event.kind == "move" else 0.0
    return value > 0 if _is_pad(event.source, event.name) else value >= HALF


def _is_button(event: ControlEvent, binding: Binding) -> bool:
    return bool(binding.mode) or _is_pad(event.source, event.name)
