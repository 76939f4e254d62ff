"""The sound input is chosen while the show runs, and whoever asks is told what there is."""

import numpy as np

from livegan.audio.device import SoundCard
from livegan.audio.test_signals import Silence
from livegan.core.clock import ManualClock
from livegan.engine.inputs import SILENT_S, TOLD_S, InputChoice
from livegan.engine.router import Router
from tests.fake_portaudio import FakeDriver, device


def test_a_list_comes_when_it_is_asked_for_and_again_when_another_input_is_heard() -> None:
    clock, driver, controls = ManualClock(), FakeDriver([device("Scarlett"), device("Mixer")]), Router()
    card = SoundCard(driver=driver, now=clock.now)
    card.start(0.0)
    choice = InputChoice(controls, card)
    choice.poll(0.0)
    assert controls.inputs.peek() is None, "nobody has asked"
    controls.input_choices.put("")
    choice.poll(0.1)
    known = controls.inputs.peek()
    assert known is not None
    assert (known.names, known.heard) == (("Scarlett", "Mixer"), "Scarlett")
    controls.input_choices.put("Mixer")
    choice.poll(0.2)
    card.poll(0.2)
    choice.poll(0.3)
    known = controls.inputs.peek()
    assert known is not None
    assert known.heard == "Mixer"
    assert choice.notice == ""


def test_why_an_input_is_not_heard_is_told_for_a_while() -> None:
    clock, driver, controls = ManualClock(), FakeDriver([device("Scarlett")]), Router()
    card = SoundCard(driver=driver, now=clock.now)
    card.start(0.0)
    choice = InputChoice(controls, card)
    controls.input_choices.put("gone")
    choice.poll(0.0)
    card.poll(0.0)
    choice.poll(0.2)
    assert choice.notice.startswith("'gone' does not open")
    choice.poll(0.3 + TOLD_S)
    assert choice.notice == ""


def test_a_song_goes_on_and_it_is_said_what_to_type() -> None:
    controls = Router()
    choice = InputChoice(controls, Silence())
    controls.input_choices.put("Scarlett")
    choice.poll(0.0)
    assert "livegan play --input 'Scarlett'" in choice.notice


def test_a_sound_card_that_sends_nothing_but_zeros_is_told() -> None:
    clock, driver, controls = ManualClock(), FakeDriver([device("Scarlett")]), Router()
    card = SoundCard(driver=driver, now=clock.now)
    card.start(0.0)
    choice = InputChoice(controls, card)
    zeros = np.zeros((256, card.ring.channels), np.float32)
    for step in range(30):
        card.ring.write(zeros, step * 0.2)
        choice.poll(step * 0.2)
        assert (choice.notice == "no sound from Scarlett") == (step * 0.2 >= SILENT_S)
    card.ring.write(zeros + 1e-4, 6.0)
    choice.poll(6.0)
    assert choice.notice == ""
