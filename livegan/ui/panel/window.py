"""Panel window: the laptop's view of the show, and its hands on it, beside the output on the projector."""

from collections.abc import Callable
from typing import Protocol

from PyQt5.QtCore import QEvent, QSize, Qt, QTimer
from PyQt5.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QToolTip, QVBoxLayout, QWidget

from livegan.control.keys import key_groups
from livegan.core.types import ControlEvent, PromptEvent
from livegan.engine.board import Board
from livegan.engine.telemetry import Telemetry
from livegan.ui.feed import ShowFeed, WindowExtras
from livegan.ui.hud_data import HudData
from livegan.ui.keyboard import cap
from livegan.ui.panel.card import set_spaces
from livegan.ui.panel.choices import ChoiceList, prompt_rows, setlist_rows
from livegan.ui.panel.crossfade import CrossfadeSection
from livegan.ui.panel.facts import PanelFacts
from livegan.ui.panel.input_menu import InputMenu
from livegan.ui.panel.key_sheet import KeySheet
from livegan.ui.panel.learning import PanelLearning
from livegan.ui.panel.look import GROUND, INKS, dark_palette, unit_for
from livegan.ui.panel.master import MasterCard
from livegan.ui.panel.meters import NetworkBar
from livegan.ui.panel.pages import Pages
from livegan.ui.panel.phone import PhonePage
from livegan.ui.panel.preview import Preview
from livegan.ui.panel.scenes import ScenesPage, Scroll
from livegan.ui.panel.status import HandsSection, HealthSection, SoundSection, TempoSection
from livegan.ui.panel.texts import Headline, NowPlaying
from livegan.ui.panel.words import TextField

SETTLED_S = 8.0  # after which a scene has come in and looks as it does
UPDATE_S = 0.08  # between two updates of the figures
PREVIEW_S = 0.16  # between two pictures of the preview
MEASURE_S = 0.5  # between two readings of the window's percentiles
LATE_MS = 120  # the figures are updated so long after the last frame, where none comes any more
SMALLEST = QSize(820, 524)  # what it needs at its smallest type [px]
SOURCE = "panel"
ShowBoard = Callable[[Board, Telemetry | None], object]


class KeyTaker(Protocol):
    """The output's window: what a key of the show does, it does the same from here."""

    def take_key(self, event: QKeyEvent, tell: Callable[[str, float], object]) -> None:
        """A key is pressed; `tell` shows words for some seconds where the key was pressed."""
        ...

    def forget_quit(self) -> None:
        """A key that would end the show at its second press has done something else."""
        ...

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A key is let go."""
        ...

    def let_keys_go(self) -> None:
        """No key is held any more: what will be let go is another window's."""
        ...


class PanelWindow(QWidget):
    """Panel of a show; main thread only. Its figures are updated right after a frame was shown, never before one."""

    def __init__(
        self,
        feed: ShowFeed,
        extras: WindowExtras,
        measures: Callable[[], HudData],
        output: KeyTaker,
        parent: QWidget | None = None,
    ) -> None:
        """`measures` of the output, and `output`, which takes the keys that are the show's. Not shown yet."""
        super().__init__(parent)
        self._feed, self._clock, self._extras = feed, feed.clock, extras
        self._measures, self._output_window = measures, output
        self.learning = PanelLearning(feed.controls)
        self._since_s = feed.clock.now()
        self._output, self._measured_s = HudData(), float("-inf")
        self._due_s = self._preview_due_s = 0.0
        self._unit = 0.0
        self._playing = -1, 0.0  # the scene that plays, and since when
        self.setWindowTitle("livegan panel")
        self.setPalette(dark_palette())
        self.setAutoFillBackground(True)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, GROUND)
        self.setPalette(palette)
        self.setMinimumSize(SMALLEST)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.headline, self.preview, self.now = Headline(), Preview(), NowPlaying()
        self.crossfade, self.networks = CrossfadeSection(self.send), NetworkBar()
        self.words = TextField("words for the picture", "Words that the picture follows (P)", self._send_words)
        self.search = TextField("search scenes", "Search scenes by their title (Ctrl+F)", self._play_found)
        self.search.textChanged.connect(self._search)
        self.lists, column = Scroll(), QWidget()
        self.prompts = ChoiceList(
            "WORDS OF THE SCENE", lambda place: self.send(f"prompt.{place + 1}"), self.lists.reveal
        )
        self.setlist = ChoiceList("SETLIST", lambda place: self.send(f"scene.{place + 1}"), self.lists.reveal)
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        for rows in (self.prompts, self.setlist):
            inner.addWidget(rows)
        inner.addStretch(1)
        self.lists.hold(column)
        self.scenes = ScenesPage(self.send)
        self.pages = Pages()
        self.pages.corner.addStretch(1)
        self.pages.corner.addWidget(self.search)
        self.pages.turned.connect(lambda: self.search.setVisible(self.pages.shows(self.scenes)))
        self.pages.add("S&cenes", "Every scene of the show", self.scenes)
        self._finders: dict[QWidget, Callable[[], object]] = {self.scenes: self.search.setFocus}
        self._by_name: tuple[QWidget, Callable[[str], object]] | None = None  # page and search to learn from
        self._boards: list[tuple[QWidget, ShowBoard]] = []
        self.master = MasterCard(self.send)
        self.inputs = InputMenu(feed.controls)
        self.sound, self.tempo = SoundSection(self.inputs.open), TempoSection(self.send)
        self.hands, self.health = HandsSection(self._learn), HealthSection()
        self.phone: PhonePage | None = None
        self._lay_out()
        self.key_sheet = KeySheet(key_groups(extras.keys), self)
        self._framed = False  # a frame around all of it says that clicks name what a knob shall move
        QToolTip.setPalette(dark_palette())
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._refresh_late)
        self.setFocus()

    def send(self, name: str, value: float = 1.0) -> None:
        """Put a control event of the panel into the router; while it learns, let that control be what is learnt."""
        if self.learning.arm(name):
            return
        self._feed.controls.put(ControlEvent(self._clock.now(), name, value, source=SOURCE))
        self._due_s = 0.0  # show what it does at once

    def add_page(
        self, title: str, about: str, page: QWidget, update: ShowBoard, find: Callable[[], object] | None = None
    ) -> None:
        """One more page; while it is seen, `update` gets each new board, and `find` goes to its search."""
        self.pages.add(title, about, page)
        self._boards.append((page, update))
        if find is not None:
            self._finders[page] = find

    def learn_by_name(self, page: QWidget, search: Callable[[str], object]) -> None:
        """Letters that are typed while the panel learns search this page, which was added before."""
        self._by_name = page, search

    def after_frame(self, *_: object) -> None:
        """A frame was shown: there is time until the next one to update what is due."""
        if self.isVisible() and self._clock.now() >= self._due_s:
            self.refresh()

    def refresh(self) -> None:
        """Show the newest facts."""
        now_s = self._clock.now()
        self._due_s = now_s + UPDATE_S
        self._timer.start(LATE_MS)
        facts = self.facts(now_s)
        self.headline.show_facts(facts, self.learning.line(now_s), learns=self.learning.on)
        self.hands.show_learning(on=self.learning.on)
        if self._framed != self.learning.on:
            self._framed = self.learning.on
            self.update()
        self._show_phone()
        self.now.show_facts(facts)
        self.crossfade.show_facts(facts)
        self.networks.show_facts(facts)
        self.networks.setVisible(facts.board is not None and len(facts.board.networks) > 1)
        self.prompts.show_rows(prompt_rows(facts))
        self.setlist.show_rows(setlist_rows(facts))
        self.master.show_facts(facts)
        for section in (self.sound, self.tempo, self.hands, self.health):
            section.show_facts(facts)
        if self.pages.shows(self.scenes):
            self.scenes.show_facts(facts)
        for page, update in self._boards:
            if facts.board is not None and self.pages.shows(page):
                update(facts.board, facts.engine)
        if now_s >= self._preview_due_s:
            self._preview_due_s = now_s + PREVIEW_S
            self._keep_picture(facts)
            newest = self._feed.frames.peek()
            self.preview.show_frame(newest, frozen=facts.frozen, light=facts.light, marks=facts.marks)

    def facts(self, now_s: float) -> PanelFacts:
        """What the panel shows now."""
        if now_s - self._measured_s >= MEASURE_S:
            self._output, self._measured_s = self._measures(), now_s
        return PanelFacts(
            now_s,
            self._feed.board.peek(),
            self._feed.telemetry.peek(),
            self._output,
            self._feed.controls.states,
            self._since_s,
        )

    def sizeHint(self) -> QSize:  # noqa: N802
        """A laptop's screen."""
        return QSize(1280, 720)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Everything is as large as the window asks for."""
        super().resizeEvent(event)
        unit = unit_for(self.width(), self.height())
        if unit != self._unit:
            self._unit = unit
            self._rescale(unit)
        self.key_sheet.setGeometry(self.rect())

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """A frame around all of it while a click is not done, but names what a knob shall move."""
        super().paintEvent(event)
        if self._framed:
            wide = max(round(5 * self._unit), 3)
            pen = QPainter(self)
            pen.setPen(QPen(INKS["warn"], 2 * wide))
            pen.drawRect(self.rect())
            pen.end()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Begin to update."""
        super().showEvent(event)
        self._feed.controls.record(ControlEvent(self._clock.now(), "panel", 1.0))
        self.refresh()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Where another window gets the keys, those that are held are let go."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._output_window.let_keys_go()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """The show goes on without it."""
        self._output_window.let_keys_go()
        self._timer.stop()
        self._feed.controls.record(ControlEvent(self._clock.now(), "panel", 0.0))
        super().closeEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A key that no control of the panel wanted is the show's; typing and learning are done here."""
        if event is None:
            return
        key, now_s = cap(event), self._clock.now()
        binding = self._extras.keys.get(key)
        name = binding.to if binding is not None else ""
        page = self.pages.page
        typed = event.text()
        if key == "Ctrl+F" or typed == "/":
            if page is None or page not in self._finders:
                self.pages.turn_to(0)
            self._finders.get(self.pages.page or self.scenes, self.search.setFocus)()
        elif self.learning.on and typed.isalnum() and not key.startswith("Ctrl+") and self._by_name is not None:
            names, search_for = self._by_name
            self.pages.turn_to(self.pages.place(names))
            search_for(typed)
        elif name == "keys" or (key == "Esc" and self.key_sheet.isVisible()):
            self.key_sheet.toggle()
            self._output_window.forget_quit()
        elif key == "Esc" and (self.learning.on or not self.hasFocus()):
            if self.learning.on:
                self.learning.toggle(now_s)
            self._output_window.forget_quit()
            self.setFocus()
        elif name == "prompt.type":
            self.words.setFocus()
        elif name == "learn":
            self.learning.toggle(now_s)
        elif name != "undo" or not self.learning.undo(now_s):
            self._output_window.take_key(event, lambda words, for_s: self.headline.tell(words, now_s + for_s))
        self._due_s = 0.0

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Let go what a key holds."""
        self._output_window.keyReleaseEvent(event)

    def _lay_out(self) -> None:
        self._columns = QHBoxLayout()
        self._left, self._middle = QVBoxLayout(), QVBoxLayout()
        for widget in (self.preview, self.now, self.crossfade, self.words):
            self._left.addWidget(widget)
        self._left.addWidget(self.lists, 1)
        self._middle.addWidget(self.pages, 1)
        self._middle.addWidget(self.networks)
        self._columns.addLayout(self._left)
        self._columns.addLayout(self._middle, 1)
        self._columns.addWidget(self.master)
        self._strip = QHBoxLayout()
        for section, share in ((self.sound, 3), (self.tempo, 4), (self.hands, 4), (self.health, 4)):
            self._strip.addWidget(section, share)
        self._whole = QVBoxLayout(self)
        self._whole.addWidget(self.headline)
        self._whole.addLayout(self._columns, 1)
        self._whole.addLayout(self._strip)

    def _rescale(self, unit: float) -> None:
        edge = round(14 * unit)
        set_spaces(self._whole, (edge, round(8 * unit), edge, edge), 10 * unit)
        for widget in self.findChildren(QWidget):
            rescale = getattr(widget, "rescale", None)
            if rescale is not None:
                rescale(unit)
        self.preview.setFixedSize(round(304 * unit), round(171 * unit))
        for widget in (self.now, self.crossfade, self.words, self.lists):
            widget.setFixedWidth(round(304 * unit))
        self.search.setFixedWidth(round(220 * unit))
        self.master.setFixedWidth(round(180 * unit))

    def _keep_picture(self, facts: PanelFacts) -> None:
        """A scene without a still gets a picture of itself, once it has played for a while."""
        board = facts.board
        if board is None or board.playing != self._playing[0]:
            self._playing = (board.playing if board is not None else -1), facts.now_s
        name = board.scenes[board.playing].name if board is not None and board.playing >= 0 else ""
        settled = facts.now_s - self._playing[1] > SETTLED_S and not facts.frozen and board is not None
        if name and settled and self.preview.image is not None and self.scenes.stills.lacks(name):
            self.scenes.keep_picture(name, self.preview.image)

    def _learn(self) -> None:
        self.learning.toggle(self._clock.now())
        self.setFocus()  # from a line of text: letters are names to learn now
        self._due_s = 0.0

    def _show_phone(self) -> None:
        """The phone page's code on a page of its own, once it has an address."""
        address = self._extras.remote()
        if address and self.phone is None:
            self.phone = PhonePage()
            self.phone.rescale(self._unit)
            self.pages.add("Ph&one", "The code of the phone page", self.phone)
        if self.phone is not None:
            self.phone.show_address(address)

    def _refresh_late(self) -> None:
        """No frame has come for a while: update all the same."""
        if self.isVisible():
            self.refresh()

    def _search(self, words: str) -> None:
        self.scenes.tiles.search(words)

    def _play_found(self, _words: str) -> None:
        self.scenes.tiles.play_first()
        self.search.clear()
        self.setFocus()

    def _send_words(self, words: str) -> None:
        self._feed.controls.prompt_events.put(PromptEvent(self._clock.now(), words))
        self.setFocus()
