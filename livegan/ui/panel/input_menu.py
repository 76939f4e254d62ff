"""Menu of sound inputs: which there are, the one that is heard ticked; another one is chosen by a click."""

from functools import partial

from PyQt5.QtCore import QPoint
from PyQt5.QtWidgets import QMenu, QWidget

from livegan.engine.router import Router
from livegan.ui.panel.look import dress, font, unit_of


class InputMenu:
    """Opener of the menu; it asks for the list of inputs beforehand, as drivers may take their time."""

    def __init__(self, controls: Router) -> None:
        """Asks for the list now."""
        self._controls = controls
        self.menu: QMenu | None = None
        controls.input_choices.put("")

    def open(self, button: QWidget) -> None:
        """Open it over a button; at once, whatever the sound driver does."""
        known = self._controls.inputs.peek()
        menu = self.menu = QMenu(button)
        dress(menu)
        menu.setFont(font(15 * unit_of(button)))
        names, heard = (known.names, known.heard) if known is not None else ((), "")
        for name in names:
            action = menu.addAction(name.replace("&", "&&"))
            assert action is not None
            action.setCheckable(True)
            action.setChecked(name == heard)
            action.triggered.connect(partial(self._choose, name))
        if not names:
            nothing = menu.addAction("looking for sound inputs ..." if known is None else "no sound input was found")
            assert nothing is not None
            nothing.setEnabled(False)
        self._controls.input_choices.put("")  # for the next time
        height = menu.sizeHint().height()
        menu.popup(button.mapToGlobal(QPoint(0, -height)))

    def _choose(self, name: str, _checked: bool) -> None:
        self._controls.input_choices.put(name)
