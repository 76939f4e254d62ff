"""The line that words are typed into."""

from livegan.ui.text_line import MOST, TextLine


def typed(line: TextLine, text: str) -> None:
    for letter in text:
        line.press(letter.upper(), letter)


def test_it_writes_letters_sends_them_and_remembers() -> None:
    line = TextLine()
    line.begin()
    typed(line, "blue Hx")
    line.press("Backspace", "\x08")
    assert "blue H" in line.shown
    assert line.press("Enter", "\r") == "blue H"
    assert not line.open
    line.begin()
    assert line.text == ""
    typed(line, "gold")
    line.press("Esc", "\x1b")
    assert not line.open
    line.begin()
    line.press("Up", "")
    assert line.text == "blue H", "what was not sent is forgotten"
    line.press("Up", "")
    assert line.text == "blue H"
    line.press("Down", "")
    assert line.press("Enter", "") == "", "an empty line ends the words before"


def test_it_takes_no_control_characters_and_no_novels() -> None:
    line = TextLine()
    line.begin()
    for key, text in (("Ctrl+B", "\x02"), ("F11", ""), ("Space", " "), ("Ctrl+V", "a\nb" * 500)):
        line.press(key, text)
    assert "\n" not in line.text
    assert len(line.text) == MOST
    assert len(line.shown) < MOST
    line.press("Ctrl+U", "")
    typed(line, "one two")
    line.press("Ctrl+W", "")
    assert line.text == "one"
