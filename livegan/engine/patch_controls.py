"""Controls of a patch: what each is bound to, where it stands, and the parameter values that it has set."""

from collections.abc import Mapping
from dataclasses import dataclass

from livegan.core.binding import Binding
from livegan.core.events import find_control
from livegan.core.parameters import Parameter
from livegan.core.types import ControlEvent

Hand = tuple[str, str]  # source of an event ("" where it has none), and its name


@dataclass(frozen=True, slots=True)
class ControlState:
    """Where a control stands and what its parameter was set to; None: it was never moved."""

    hand: Hand
    target: str
    stands: float | None
    moved: float | None


class PatchControls:
    """Controls of one scene. Owned by the engine's thread; `binding` may be asked by any."""

    def __init__(
        self, parameters: Mapping[str, Parameter], base: Mapping[str, float], bindings: Mapping[str, Binding]
    ) -> None:
        """`base`: the scene's value of every parameter; `bindings`: of its controls, by name."""
        self.bindings = bindings
        self.moved: dict[str, float] = {}  # parameter -> value that a hand has set
        self._parameters, self._base = parameters, base
        self._stands: dict[Hand, tuple[Binding, float]] = {}  # where each control stands, 0..1

    def use(self, parameters: Mapping[str, Parameter], base: Mapping[str, float]) -> None:
        """Take another parameter table, with more in it."""
        self._parameters, self._base = parameters, base

    def binding(self, control: str) -> str:
        """What the scene or the venue binds this control to: a parameter or another control; else its own name."""
        binding = self.bindings.get(control)
        return control if binding is None else binding.to

    def resolve(self, event: ControlEvent) -> Binding | None:
        """What an event moves: as it says itself, what the scene binds its control to, or the parameter it names."""
        binding = event.binding or self.bindings.get(event.name)
        if binding is None and event.name in self._parameters:
            binding = Binding(event.name)
        return binding if binding is not None and binding.to in self._parameters else None

    def handle(self, event: ControlEvent) -> bool:
        """Move the parameter that an event names, or that its control is bound to. False if there is none.

        Releasing a held control (a pad) gives the parameter its value in the scene back.
        """
        binding = self.resolve(event)
        if binding is None:
            return False
        target, parameter = binding.to, self._parameters[binding.to]
        spec = find_control(event.name)
        if event.kind == "release" or (event.value <= 0 and spec is not None and spec.kind == "held"):
            self.moved.pop(target, None)
            value = 0.0
        elif event.kind == "turn":
            value = min(max(self.share(target) + event.value, 0.0), 1.0)
            self._set(parameter, value)
        else:
            value = event.value
            self._set(parameter, binding.share(value))
        self._stands[event.source, event.name] = binding, value
        return True

    def share(self, name: str) -> float:
        """Where a parameter is set to in its range, 0..1, without what routes push."""
        parameter = self._parameters[name]
        room = parameter.high - parameter.low
        return (self.moved.get(name, self._base[name]) - parameter.low) / room if room else 0.0

    def state(self, event: ControlEvent) -> ControlState | None:
        """What `restore` puts back; None for what moves no parameter, and for pads, which do so themselves."""
        binding, spec = self.resolve(event), find_control(event.name)
        if binding is None or (spec is not None and spec.kind == "held"):
            return None
        return self.state_of(ControlState((event.source, event.name), binding.to, None, None))

    def state_of(self, state: ControlState) -> ControlState:
        """Where the control and the parameter of `state` are now."""
        stands = self._stands.get(state.hand)
        return ControlState(state.hand, state.target, stands[1] if stands else None, self.moved.get(state.target))

    def restore(self, state: ControlState) -> None:
        """Put a control and its parameter back to where they were."""
        if state.moved is None:
            self.moved.pop(state.target, None)
        else:
            self.moved[state.target] = state.moved
        if state.stands is None:
            self._stands.pop(state.hand, None)
        elif state.hand in self._stands:
            self._stands[state.hand] = self._stands[state.hand][0], state.stands

    def take(self, other: "PatchControls") -> None:
        """Set controls to where they stand in `other`, the same scene as it was before it was read again."""
        bound = set()
        for (source, name), (binding, value) in other._stands.items():
            if name in other.bindings and binding is other.bindings[name]:
                self.handle(ControlEvent(0.0, name, value, source=source))
                bound.add(binding.to)
        for name, value in other.moved.items():
            if name not in bound and name in self._parameters:
                self.moved[name] = self._parameters[name].clip(value)

    def values(self) -> tuple[tuple[str, float], ...]:
        """Each parameter that a control has moved, and where the control stands (0..1)."""
        return tuple((binding.to, value) for binding, value in self._stands.values())

    def _set(self, parameter: Parameter, share: float) -> None:
        self.moved[parameter.name] = parameter.clip(parameter.low + share * (parameter.high - parameter.low))
