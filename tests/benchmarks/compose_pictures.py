"""Pictures of composed music for docs/composing.md: rolls of phrases, and spectrograms of their sound, kind by kind.

    python -m tests.benchmarks.compose_pictures CORPUS OUTPUT NAME=NETWORK...

writes OUTPUT-rolls.jpg (the first five phrases by each network, of what the corpus held out and of the control) and
OUTPUT-sound.jpg (FluidSynth's sound of the first, 12 s, 0..2 kHz). Nothing is picked: seeds 0, 1, 2 ...
"""

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.signal import stft

from livegan.audio.fluidsynth import find_soundfont
from livegan.composer.comparison import measured
from livegan.composer.controls import mixed_voices
from livegan.composer.corpus import open_corpus
from livegan.composer.four_voices import song_of
from livegan.composer.phrases import four_voice_phrases
from livegan.composer.roll_picture import roll_sheet
from livegan.composer.song import Song
from livegan.studio.song_sound import HALL, write_sound

PHRASES = 5
ORGAN = 19
LABEL_PX, WIDTH_PX, ROW_PX, GAP_PX = 130, 1150, 130, 8
PAPER, INK = "#12141b", "#e8e6e1"
HIGHEST_HZ, FLOOR_DB, MUSIC_S = 2000.0, -60.0, 12.0


def kinds(corpus_path: str, networks: list[str]) -> dict[str, list[Song]]:
    """Five phrases of each kind of music."""
    held = four_voice_phrases(open_corpus(corpus_path), "held-out")
    some = held[np.random.default_rng(0).choice(len(held), PHRASES, replace=False)]
    songs = {"held-out Bach": [song_of(phrase) for phrase in some]}
    songs["voices mixed"] = [song_of(phrase) for phrase in mixed_voices(some)]
    for word in networks:
        name, _, path = word.partition("=")
        songs[name] = measured(path, PHRASES, 0)[1]
    return songs


def spectrogram(song: Song) -> NDArray[np.uint8]:
    """Level of the sound on an organ, black -60 dB to white 0 dB of its loudest bin; low frequencies at the bottom."""
    organ = replace(song, tempos=((0, 84.0),), tracks=tuple(replace(t, program=ORGAN) for t in song.tracks))
    with TemporaryDirectory() as folder:
        write_sound(organ, Path(folder) / "a.wav", find_soundfont(), HALL)
        sound, rate = soundfile.read(Path(folder) / "a.wav")
    _, _, bins = stft(sound[: int(MUSIC_S * rate)].mean(1), rate, nperseg=8192, noverlap=7168)
    levels = 20 * np.log10(np.abs(bins[: int(HIGHEST_HZ * 8192 / rate)]) + 1e-9)
    loudest = max(levels.max(), -60.0)
    grey: NDArray[np.uint8] = (np.clip((levels - loudest - FLOOR_DB) / -FLOOR_DB, 0, 1) * 255).astype(np.uint8)
    return grey[::-1]


def labelled(rows: dict[str, Image.Image]) -> Image.Image:
    """Rows of pictures, each with its name to the left."""
    sheet = Image.new("RGB", (LABEL_PX + WIDTH_PX, sum(row.height + GAP_PX for row in rows.values())), PAPER)
    draw, y = ImageDraw.Draw(sheet), 0
    for name, row in rows.items():
        draw.text((12, y + row.height / 2), name, INK, ImageFont.load_default(15), anchor="lm")
        sheet.paste(row, (LABEL_PX, y))
        y += row.height + GAP_PX
    return sheet


def main(corpus_path: str, output: str, networks: list[str]) -> None:
    songs = kinds(corpus_path, networks)
    everything = [song for row in songs.values() for song in row if song.tracks]
    rolls = roll_sheet([song for row in songs.values() for song in row], PHRASES, WIDTH_PX)
    tall = rolls.height // len(songs)
    rows = {name: rolls.crop((0, tall * n, WIDTH_PX, tall * (n + 1))) for n, name in enumerate(songs)}
    labelled(rows).save(f"{output}-rolls.jpg", quality=62)
    sounds = {
        name: Image.fromarray(spectrogram(row[0])).convert("RGB").resize((WIDTH_PX, ROW_PX))
        for name, row in songs.items()
        if any(track.notes for track in row[0].tracks)
    }
    labelled(sounds).save(f"{output}-sound.jpg", quality=62)
    print(f"{len(everything)} phrases with notes of {sum(map(len, songs.values()))}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
