"""Bar-pointer model: its probabilities are probabilities, whatever comes in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.tempo_range import FASTEST_BPM, SLOWEST_BPM
from livegan.features.bar_pointer import BarPointer
from livegan.features.metre import METRES, Metre

ACTIVATIONS = st.lists(st.floats() | st.floats(0, 1), max_size=30)
BPM, PHASE, SHARE = st.floats(SLOWEST_BPM, FASTEST_BPM), st.floats(-0.5, 0.5), st.floats(0, 1)


@settings(max_examples=20, deadline=None)
@given(heard=ACTIVATIONS, bpm=BPM, phase=PHASE, share=SHARE, low=st.floats(SLOWEST_BPM, 150.0))
def test_the_posterior_sums_to_one_whatever_comes_in(
    heard: list[float], bpm: float, phase: float, share: float, low: float
) -> None:
    pointer = BarPointer()
    pointer.expect((low, low + 20.0))
    for beat in heard:
        pointer.step(beat)
        assert pointer.probability.min() >= 0.0
        assert abs(float(pointer.probability.sum()) - 1.0) < 1e-3
    pointer.believe(bpm, phase, share)
    assert abs(float(pointer.probability.sum()) - 1.0) < 1e-3
    mass, beats, tempo = pointer.around(bpm, phase)
    assert 0.0 <= mass <= pointer.tempo_mass(bpm) + 1e-6 <= 1.001
    assert abs(beats) <= 0.5
    assert abs(tempo) < 0.08
    leader = pointer.leader()
    assert low <= leader.bpm <= low + 20.0
    assert -0.5 <= leader.phase <= 0.5
    assert 0.0 <= leader.mass <= 1.001


@settings(max_examples=20, deadline=None)
@given(heard=ACTIVATIONS)
def test_a_bar_has_a_place_for_every_beat(heard: list[float]) -> None:
    metre = Metre()
    for downbeat in heard:
        place = metre.step(downbeat)
        assert metre.beats_per_bar in METRES
        assert 0 <= place < metre.beats_per_bar
        assert abs(metre.probability.sum() - 1.0) < 1e-9
