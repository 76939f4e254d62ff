"""Styles of the club: dubstep, garage, hardcore, synthwave, dembow, sequencers, sampled loops, IDM."""

from typing import Any

from livegan.studio.hearing.song_style import Layer, Style, add

MACHINE: dict[str, Any] = {"loose_ms": (0.0, 2.0), "drift": 0.0, "kit": "electronic", "loop": 0.4, "drops": 0.6}
PAD = Layer("pad", "synth pad|string pad|supersaw|choir", ("@pad", "@pad2"), -6, 50, 72, 0.5, gate=1.0)
VOX = Layer("lead", "sung|rapped|synth lead", ("@melody:0.5", "@melody:0.3"), 1, 55, 76, 0.4, slur=True)

add(
    Style(
        "dubstep",
        "bass music",
        (136, 146),
        (
            "K:X.....x......... S:........X....... H:x.x.x.x.x.x.x.x.",
            "K:X..x............ S:........X....... H:x..x..x.x..x..xx",
            "K:X.........x..... C:........X.....x. H:x.xxx.xxx.xxx.xx",
        ),
        (
            Layer(
                "bass",
                "saw bass|acid|synth bass",
                ("rrrr--r-r-r-rrr-", "r-r-r-r-r--r--r-", "r--r--r-r-r-r-r-", "@riff:12:0.7"),
                3,
                26,
                43,
                gate=0.8,
            ),
            PAD,
            VOX,
            Layer("arp", "pluck|supersaw", ("1...3...4...2...",), -3, 57, 81, 0.4),
        ),
        "dance",
        **MACHINE,
    ),
    Style(
        "two-step",
        "bass music",
        (128, 138),
        (
            "K:X.........x..... S:....X.......X... H:..x...x...x...x. V:x.xx.xx.x.xx.xx.",
            "K:X......x..x..... C:....X.......X... H:xoxxoxxoxoxxoxxo",
            "K:X..x......x....x S:....X..x....X... O:..x...x...x...x.",
        ),
        (
            Layer(
                "bass", "synth bass|808 bass|organ", ("r..r..r...r..5..", "@riff:16:0.4", "r-----r---r-5---"), 2, 28, 45
            ),
            Layer(
                "chords",
                "organ|electric piano|supersaw",
                ("..x..x....x..x..", "x..x..x........."),
                -2,
                55,
                74,
                gate=0.4,
            ),
            VOX,
            PAD,
        ),
        "dance",
        swing=(0.2, 0.7),
        swing_unit=0.25,
        **MACHINE,
    ),
    Style(
        "hardcore-techno",
        "house",
        (158, 212),
        (
            "K:XXXX H:.x.x.x.x",
            "K:XXXX O:.x.x.x.x C:.x.x",
            "K:XXXXXXXX S:.x.x.x.x",
            "K:X...X...X...X.XX H:..x...x...x...x. S:....x.......x...",
        ),
        (
            Layer("bass", "acid|saw bass|synth lead", ("@riff:16:0.6", ".rrr.rrr.rrr.rrr"), 0, 33, 55, gate=0.6),
            Layer("arp", "supersaw|synth lead|pluck", ("1234123412341234", "@riff:16:0.5"), 0, 60, 86, 0.7),
            PAD,
        ),
        "dance",
        **(MACHINE | {"no_kick": 0.0}),
    ),
    Style(
        "psytrance",
        "trance",
        (136, 150),
        (
            "K:X...X...X...X... H:..x...x...x...x. C:....x.......x...",
            "K:X...X...X...X... O:..x...x...x...x. H:oooooooooooooooo",
        ),
        (
            Layer("bass", "saw bass|synth bass", (".rrr.rrr.rrr.rrr", ".r8r.r8r.r8r.r8r"), 2, 28, 45, gate=0.6),
            Layer("arp", "acid|pluck|synth lead", ("@riff:16:0.8", "1232143212321432"), -1, 57, 84, gate=0.5),
            PAD,
        ),
        "drone",
        **(MACHINE | {"no_kick": 0.02}),
    ),
    Style(
        "synthwave",
        "synth pop",
        (78, 122),
        (
            "K:X...X... S:..X...X. H:xxxxxxxx",
            "K:XXXX S:.X.X H:.x.x.x.x",
            "K:X..x..x.X..x..x. S:....X.......X... H:x.x.x.x.x.x.x.x.",
        ),
        (
            Layer(
                "bass", "saw bass|synth bass", ("rrrrrrrrrrrrrrrr", "rrrrrrrr", "r.rrr.rrr.rrr.rr"), 1, 28, 45, gate=0.7
            ),
            Layer("arp", "pluck|synth lead|fm bell", ("1234123412341234", "14341434"), -1, 57, 84, 0.8),
            PAD,
            VOX,
        ),
        "pop",
        **(MACHINE | {"loop": 0.2}),
    ),
    Style(
        "electro",
        "synth pop",
        (108, 134),
        (
            "K:X..x..X...x..... S:....X.......X... H:xxxxxxxxxxxxxxxx W:..x..x..x.......",
            "K:X.....X...X..x.. C:....X.......X... H:x.x.x.xrx.x.x.x.",
            "K:X..X...X..X..... S:....X..x....X... O:......x.......x.",
        ),
        (
            Layer("bass", "synth bass|acid|saw bass", ("@riff:16:0.6", "r.r.r.8.r.r.5.8."), 0, 28, 48, gate=0.6),
            Layer("arp", "synth lead|pluck|fm bell|chip", ("@riff:16:0.5", "1.2.3.4."), -1, 57, 84, 0.7),
            VOX,
            PAD,
        ),
        "vamp",
        **MACHINE,
    ),
    Style(
        "dembow",
        "latin",
        (84, 112),
        (
            "K:X...X...X...X... S:...x..x....x..x.",
            "K:X...X...X...X... S:...x..x....x..x. H:x.x.x.x.x.x.x.x.",
            "K:X..x....X..x.... R:...x..x....x..x. V:xoxoxoxoxoxoxoxo",
        ),
        (
            Layer("bass", "808 bass|synth bass", ("r..r..r.r..r..r.", "r-----r-r-------"), 1, 28, 43),
            Layer(
                "chords",
                "pluck|nylon guitar|piano|supersaw",
                ("..x...x...x...x.", "x..x..x.x..x..x."),
                -1,
                55,
                74,
                gate=0.5,
            ),
            Layer("lead", "rapped|sung", ("@melody:0.8", "@melody:0.5"), 2, 54, 74, 0.8),
        ),
        "latin",
        **MACHINE,
    ),
    Style(
        "sequencer",
        "synth pop",
        (92, 156),
        ("", "", "K:X...X...X...X...", "H:xoxoxoxoxoxoxoxo"),
        (
            Layer(
                "arp",
                "pluck|saw bass|synth lead|acid|fm bell",
                ("@riff:16:0.9", "1213141213141312", "1234321412343214"),
                2,
                40,
                64,
                gate=0.7,
            ),
            Layer("arp", "pluck|fm bell|chip", ("@riff:16:0.6", "1.2.3.4.2.3.1.4."), -2, 60, 84, 0.6, gate=0.6),
            PAD,
            Layer("bass", "saw bass|synth bass", ("rrrrrrrr", "r-------"), 0, 28, 45, 0.6),
        ),
        "drone",
        **(MACHINE | {"no_drums": 0.4, "loop": 0.6}),
    ),
    Style(
        "sampled-loop",
        "loops",
        (82, 156),
        (
            "K:X..x..x...x..... S:....X..x....X... H:x.xxx.x.x.xxx.x.",
            "K:X...X...X...X... H:..x...x...x..xx. R:...x..x....x..x. W:x..x..x.........",
            "K:X.....x......x.. S:....x.....x..... V:x.xx.xxx.xx.xx.x w:..x..x....x..x..",
            "R:x..x..x.x..x..x. H:.x.x.x.x.x.x.x.x K:X.......X.......",
            "K:X....x....X..... C:....X.......X..x G:..x...x...x...x.",
        ),
        (
            Layer(
                "bass", "synth bass|acid|808 bass|saw bass", ("@riff:16:0.4", "@riff:8:0.5"), 0, 28, 48, 0.6, gate=0.7
            ),
            Layer(
                "arp",
                "pluck|fm bell|chip|marimba|electric piano",
                ("@riff:16:0.5", "@riff:8:0.7", "1.3..4.2"),
                0,
                55,
                82,
                0.8,
                gate=0.6,
            ),
            Layer("pad", "synth pad|choir|string pad", ("@pad2",), -5, 50, 74, 0.4),
        ),
        "drone",
        **(MACHINE | {"loop": 1.0, "drops": 0.1, "kit": "any", "loose_ms": (0, 6)}),
    ),
    Style(
        "trip-hop",
        "hip hop",
        (60, 96),
        (
            "K:X..x......x..... S:....X.......X..g D:x.x.x.x.x.x.x.x.",
            "K:X.....x.x.x..... S:....X..g.g..X... H:xxxxxxxxxxxxxxxx",
            "K:X..xx.....xx.... S:....X.......X... O:..x...x...x...x.",
        ),
        (
            Layer("bass", "electric bass|upright bass|synth bass", ("@riff:8:0.4", "r-----.r--5-----"), 2, 28, 44),
            Layer(
                "chords", "electric piano|string pad|clean guitar|piano", ("x---------------", "..x...x."), -3, 52, 72
            ),
            Layer("lead", "sung|reed|muted trumpet", ("@melody:0.35", "@melody:0.5"), 2, 55, 76, 0.7, slur=True),
        ),
        "vamp",
        swing=(0, 0.5),
        swing_unit=0.25,
        kit="any",
        loop=0.7,
        fills=0.2,
        loose_ms=(3, 15),
    ),
    Style(
        "big-beat",
        "breaks",
        (104, 146),
        (
            "K:X..x..X...x..... S:....X.......X... O:x.x.x.x.x.x.x.x.",
            "K:X.x.......x.x... S:....X..x.x..X... H:x.x.x.x.x.x.x.x. A:....x.......x...",
            "K:X..X..X...X..X.. C:....X.......X... H:xxxxxxxxxxxxxxxx",
        ),
        (
            Layer("bass", "saw bass|electric bass|acid", ("@riff:16:0.5", "rrrrrrrr"), 1, 28, 46),
            Layer(
                "chords",
                "distorted guitar|organ|supersaw",
                ("x..x..x.........", "x-------", "......x...x....."),
                0,
                48,
                67,
                0.7,
            ),
            VOX,
        ),
        "vamp",
        kit="any",
        loose_ms=(0, 8),
        loop=0.7,
        drops=0.4,
    ),
    Style(
        "footwork",
        "bass music",
        (150, 164),
        (
            "K:X..X..X.X..X..X. S:............X... H:..x...x...x...x.",
            "K:X..X..X...X..X.. C:....X.......X... H:x.x.x.x.x.x.x.x.",
            "K:X.X..X..X.X..X.. R:..x..x....x..x.. H:....x.......x...",
        ),
        (
            Layer("bass", "808 bass|synth bass", ("r--r--r-r--r--r-", "r-----r---r-----"), 1, 28, 43),
            Layer("arp", "pluck|fm bell|electric piano", ("@riff:16:0.5",), -1, 57, 81),
            Layer("lead", "rapped", ("@melody:0.9",), 1, 55, 72, 0.6),
        ),
        "dance",
        **MACHINE,
    ),
    Style(
        "dub",
        "reggae",
        (62, 82),
        ("K:..X. R:..X. H:xoxoxoxo", "K:X.X. S:..X. H:x.xxx.xx", "K:XXXX S:..X. O:.x.x.x.x"),
        (
            Layer("bass", "electric bass|synth bass", ("@riff:8:0.6", "r..r.5..", "r.r.5.3."), 5, 26, 43),
            Layer("chords", "clean guitar|organ|piano", (".x.x", ".x.x.x.x"), -2, 52, 70, gate=0.3),
            Layer("lead", "reed|harmonica|sung", ("@melody:0.3",), -2, 57, 76, 0.5),
        ),
        "vamp",
        drops=0.9,
        swing=(0, 0.8),
        loose_ms=(3, 10),
        kit="any",
    ),
)
