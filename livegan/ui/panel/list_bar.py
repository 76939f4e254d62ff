"""Scroll bar of the panel's lists: slim, without arrows."""

from PyQt5.QtWidgets import QAbstractScrollArea

from livegan.ui.panel.look import EDGE_LINE, GROUND

HANDLE, HOVERED = EDGE_LINE.name(), EDGE_LINE.lighter(160).name()
STYLE = f"""
QScrollBar:vertical {{ background: {GROUND.name()}; width: 12px; margin: 0; border: none; }}
QScrollBar::handle:vertical {{ background: {HANDLE}; border-radius: 4px; margin: 0 0 0 4px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {HOVERED}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ background: none; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
"""


def slim_scroll_bar(area: QAbstractScrollArea) -> None:
    """Give a list this scroll bar."""
    bar = area.verticalScrollBar()
    if bar is not None:
        bar.setStyleSheet(STYLE)
