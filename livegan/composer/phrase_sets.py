"""Sets of phrases for the MuseGAN-style network: four voices of one note each, or families of instruments."""

import numpy as np

from livegan.composer.corpus import Corpus
from livegan.composer.families import FAMILIES
from livegan.composer.musegan import SEMITONES
from livegan.composer.musegan_training import PhraseSet
from livegan.composer.phrase_rolls import DRUMS
from livegan.composer.phrases import four_voice_phrases, track_phrases
from livegan.composer.song import STEPS_PER_BEAT
from livegan.composer.voices import LOWEST, PITCHES, STEPS_PER_BAR, VOICES, sounding
from livegan.errors import TrainingError

FAMILY_PROGRAMS = {"drums": DRUMS, "piano": 0, "guitar": 25, "bass": 33, "strings": 48}  # MuseGAN's
FAMILY_LOWEST, FAMILY_OCTAVES = 24, 7


def voice_set(corpus: Corpus, bars: int) -> PhraseSet:
    """The phrases of four voices of a corpus; what was struck again is one long note."""
    tokens = four_voice_phrases(corpus, "train", bars)
    pitches = [sounding(phrase).T for phrase in tokens]
    packed = np.stack(pitches) if pitches else np.empty((0, VOICES, bars * STEPS_PER_BAR), np.int16)
    song = next((song for song in corpus.songs("train", broken=[]) if len(song.tracks) == VOICES), None)
    programs = (0,) * VOICES if song is None else tuple(track.program for track in song.tracks)
    return PhraseSet(
        phrases=np.where(packed < 0, -1, packed - LOWEST).astype(np.int8),
        programs=programs,
        lowest=LOWEST,
        octaves=PITCHES // SEMITONES,
        steps_per_beat=STEPS_PER_BEAT,
        beats_per_bar=STEPS_PER_BAR // STEPS_PER_BEAT,
    )


def family_set(corpus: Corpus, bars: int) -> PhraseSet:
    """The phrases of families of instruments of a corpus, those families that it has; TrainingError for odd metres."""
    rolls = track_phrases(corpus, "train", FAMILIES, bars, lowest=FAMILY_LOWEST, pitches=FAMILY_OCTAVES * SEMITONES)
    used = [number for number in range(len(FAMILIES)) if rolls[:, number].any()]
    beats, over = divmod(rolls.shape[2], bars * STEPS_PER_BEAT)
    if over:
        raise TrainingError(f"a bar of {corpus.folder.name} has no whole number of quarter notes; choose other pieces")
    return PhraseSet(
        phrases=(rolls[:, used] > 0).astype(np.int8),
        programs=tuple(FAMILY_PROGRAMS[FAMILIES[number].name] for number in used),
        lowest=FAMILY_LOWEST,
        octaves=FAMILY_OCTAVES,
        steps_per_beat=STEPS_PER_BEAT,
        beats_per_bar=beats,
    )
