"""`livegan compose play` on the virtual sound card: the note is heard, and Ctrl-C ends it at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livegan.audio.device import SoundCard
from livegan.composer.midi_file import write_midi
from livegan.composer.song import Note, Song, Track
from livegan.features import Listening
from tests.deadline import until
from tests.shell import ROOT
from tests.virtual import SoundServer, sound_server  # noqa: F401

pytestmark = pytest.mark.virtual


def test_a_midi_file_is_heard_and_ctrl_c_ends_it(sound_server: SoundServer, tmp_path: Path) -> None:  # noqa: F811
    write_midi(Song((Track((Note(0, 69, 400),), 73),), 400), tmp_path / "a.mid")  # 50 s of a flute's A
    command = [sys.executable, str(ROOT / "main.py"), "compose", "play", "a.mid"]
    player = subprocess.Popen(command, cwd=tmp_path, env=os.environ | sound_server.env, stderr=subprocess.PIPE)
    card = SoundCard("pulse")
    card.start(time.monotonic())
    try:
        listening = Listening(card.ring.sample_rate, card.ring.channels)

        def heard_a() -> bool:
            card.poll(time.monotonic())
            listening.follow(card.ring)
            heard = listening.ring.since(listening.ring.written - 1)
            return heard is not None and heard.frame["chroma.A"] == 1.0 and heard.frame["gate"] == 1.0

        until(heard_a, lambda: f"an A; the player: {player.poll()}, the card: {card.notice}")
        player.send_signal(signal.SIGINT)
        _, printed = player.communicate(timeout=30)
    finally:
        card.stop()
        player.kill()
        player.wait()
    assert player.returncode == 0
    lines = [line for line in printed.decode().splitlines() if not line.startswith("ALSA lib")]  # of a busy machine
    assert lines == ["playing a.mid, 0:50, with default-GM.sf2; Ctrl-C ends it"]
