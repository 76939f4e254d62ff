"""Styles of machines: house, techno, trance, drum and bass, hip hop, ambient, chip tunes."""

from typing import Any

from livegan.studio.hearing.song_style import Layer, Style, add

ACID = Layer("bass", "acid", ("@riff:16:0.7", "@riff:16:0.5"), 0, 33, 52, gate=0.6)
SUB = Layer(
    "bass",
    "synth bass|808 bass|saw bass",
    ("..r...r...r...r.", ".rrr.rrr.rrr.rrr", "..r...r.", "@riff:16:0.4", "r.r.r.r.", "rrrrrrrrrrrrrrrr", "r..r..r."),
    0,
    28,
    46,
    gate=0.8,
)
PAD = Layer("pad", "synth pad|string pad|supersaw|choir", ("@pad", "@pad", "@pad2"), -7, 50, 72, 0.5, gate=1.0)
PLUCK = Layer(
    "arp",
    "pluck|synth lead|fm bell|chip",
    ("1234123412341234", "1.3.4.3.2.3.4.3.", "4.3.2.1.", "1..3..4..1..3.4.", "@riff:16:0.5"),
    -3,
    57,
    84,
    0.6,
    gate=0.6,
)
STAB = Layer(
    "chords",
    "supersaw|organ|electric piano|pluck",
    ("..x...x...x...x.", "x..x..x.........", "...x..x....x..x.", "x..x..x..x..x.x.", "..x...x."),
    -3,
    55,
    74,
    0.6,
    gate=0.5,
)
VOX = Layer("lead", "sung|choir|synth lead", ("@melody:0.4", "@melody:0.25"), 0, 57, 77, 0.3, slur=True)
MACHINE: dict[str, Any] = {"loose_ms": (0.0, 2.0), "drift": 0.0, "kit": "electronic", "loop": 0.5, "drops": 0.6}

add(
    Style(
        "house",
        "house",
        (116, 130),
        (
            "K:X...X...X...X... C:....x.......x... O:..x...x...x...x.",
            "K:X...X...X...X... C:....x.......x... O:..x...x...x...x. H:oo.ooo.ooo.ooo.o",
            "K:X...X...X...X... S:....x.......x..? H:xoxoxoxoxoxoxoxo V:o.oxo.oxo.oxo.ox",
            "K:X...X...X...X.x. C:....x.......x... H:..x...x...x...x. R:...x..x....x..x.",
        ),
        (SUB, STAB, PAD, PLUCK, VOX),
        "dance",
        swing=(0.0, 0.45),
        swing_unit=0.25,
        **MACHINE,
    ),
    Style(
        "techno",
        "house",
        (124, 152),
        (
            "K:X...X...X...X... O:..x...x...x...x.",
            "K:X...X...X...X... H:oooooooooooooooo C:....x.......x...",
            "K:X...X...X...X... H:..x...x...x...x. R:x..x..x..x..x.x. L:...........x..x.",
            "K:X...X...X...X... O:..x...x...x...x. D:x...x...x...x...",
        ),
        (ACID, SUB, PLUCK, PAD),
        "drone",
        **(MACHINE | {"no_kick": 0.03}),
    ),
    Style(
        "trance",
        "trance",
        (132, 148),
        (
            "K:X...X...X...X... O:..x...x...x...x. C:....x.......x...",
            "K:X...X...X...X... H:xoxoxoxoxoxoxoxo S:....x.......x...",
        ),
        (
            Layer(
                "bass", "saw bass|synth bass", (".rrr.rrr.rrr.rrr", "..r...r...r...r.", ".r.r.r.r"), 0, 28, 45, gate=0.7
            ),
            Layer(
                "arp",
                "supersaw|pluck|synth lead",
                ("1234123412341234", "1324132413241324", "4.34.34.34.34.2."),
                0,
                60,
                86,
                gate=0.6,
            ),
            PAD,
            VOX,
        ),
        "dance",
        **MACHINE,
    ),
    Style(
        "drum-and-bass",
        "breaks",
        (162, 182),
        (
            "K:X.........x..... S:....X.......X... H:x.x.x.x.x.x.x.x.",
            "K:X.x.......xx.... S:....X..g.g..X..g H:xoxoxoxoxoxoxoxo",
            "K:X.....x...x..... S:....X..x.x..X... D:x.x.x.x.x.x.x.x.",
            "K:X..x......x..... S:....X.......X... O:..x...x...x...x.",
        ),
        (
            Layer(
                "bass",
                "saw bass|synth bass|808 bass",
                ("r-----r---5-----", "r-------", "@riff:16:0.35", "r..r..r-..r..r--"),
                0,
                26,
                43,
            ),
            PAD,
            Layer("arp", "pluck|electric piano|fm bell", ("1...3...4...2...", "@riff:16:0.3"), -4, 57, 80, 0.5),
            VOX,
        ),
        "dance",
        **(MACHINE | {"kit": "any"}),
    ),
    Style(
        "breakbeat",
        "breaks",
        (88, 176),
        (
            "K:x.x.......xx.... S:....X..o.o..X..o H:x.x.x.x.x.x.x.x.",
            "K:x.x.......x..... S:....X..o.o....X. D:x.x.x.x.x.x.x.x.\n"
            "K:..xx......x..... S:.o..X..o.o..x..o D:x.x.x.x.x.x.x.x.\n"
            "K:x.x.......x..... S:....X..o.o....X. D:x.x.x.x.x.x.x.x.\n"
            "K:..xx......x..... S:.o..X..o.o....X. D:x.x.x.x.x.x.x.x.",
            "K:x..x..x..x...... S:....X.......X..o H:xxxxxxxxxxxxxxxx",
            "K:x.....xx..x.x... S:....X..o....X... O:..x...x...x...x. H:x.x.x.x.x.x.x.x.",
            "K:x..x....x.x..... S:..o.X..o.oo.X.oo H:x.x.x.x.x.x.x.x.",
        ),
        (
            Layer("bass", "synth bass|electric bass|808 bass", ("@riff:16:0.35", "r-----r---5-----"), 0, 28, 45, 0.5),
            Layer(
                "chords", "electric piano|organ|synth pad", ("x---------------", "@pad", "..x...x."), -5, 52, 72, 0.4
            ),
            VOX,
        ),
        "vamp",
        loose_ms=(2, 12),
        loop=0.8,
        fills=0.25,
        drops=0.2,
        swing=(0, 0.3),
        swing_unit=0.25,
        no_kick=0.02,
        no_drums=0.0,
    ),
    Style(
        "boom-bap",
        "hip hop",
        (78, 100),
        (
            "K:x......x..x..... S:....X.......X... H:x.x.x.x.x.x.x.x.",
            "K:x.....x...xx.... S:....X.......X..g H:xxxxxxxxxxxxxxxx",
            "K:x..x...x..x.x... S:....X.......X... H:x.x.x.xxx.x.x.x.",
            "K:x.x....xx.x..x.. S:....X..g.g..X... O:......x.......x.",
        ),
        (
            Layer(
                "bass",
                "electric bass|upright bass|808 bass",
                ("@riff:16:0.3", "r-----.r--5-..8-", "r-------"),
                0,
                28,
                45,
            ),
            Layer(
                "chords",
                "electric piano|piano|clean guitar|vibraphone|string pad",
                ("x---------------", "x-----x---------", "..x...x...x...x."),
                -4,
                52,
                72,
                0.8,
            ),
            Layer("lead", "rapped|reed|flute|sung", ("@melody:0.8", "@melody:0.4"), 0, 52, 72, 0.6),
        ),
        "vamp",
        swing=(0.1, 0.7),
        swing_unit=0.25,
        loose_ms=(3, 16),
        kit="any",
        loop=0.6,
        fills=0.2,
    ),
    Style(
        "trap",
        "hip hop",
        (62, 82),
        (
            "K:X.....x...x..... S:....X.......X... H:xxxxxxRxxxrxxxxx",
            "K:X..x..x......x.. C:....X.......X... H:x.xrx.x.xRx.x.rr",
            "K:X.....X...x..x.. S:....X.......X... H:xrxxxrxRxrxxxxRr",
        ),
        (
            Layer("bass", "808 bass", ("r-----r---r-----", "r--------..5--8-", "@riff:16:0.25"), 2, 26, 40, gate=1.0),
            Layer(
                "arp",
                "fm bell|piano|pluck|synth pad|flute",
                ("1...3...4...2...", "@riff:16:0.3", "1-------3---2---"),
                -4,
                60,
                84,
                0.8,
            ),
            Layer("lead", "rapped|sung", ("@melody:0.8", "@melody:0.5"), 0, 52, 72, 0.5),
        ),
        "dance",
        **(MACHINE | {"loop": 0.6}),
    ),
    Style(
        "chip",
        "chip",
        (100, 190),
        ("K:X...X... S:..X...X. H:xxxxxxxx", "K:X..x..X. S:..X...X. H:x.x.x.x.", "", "K:X..xX..x S:..X...X."),
        (
            Layer("bass", "chip", ("rrrrrrrr", "r8r8r8r8", "r.r5r.8."), 0, 33, 52),
            Layer("arp", "chip", ("123412341234123412341234", "1234123412341234", "13241324"), -2, 60, 84),
            Layer("lead", "chip", ("@melody:0.8", "@melody:0.6"), 1, 64, 88, 0.8),
        ),
        "pop",
        loose_ms=(0, 1),
        drift=0.0,
        kit="chip",
        loop=0.3,
    ),
    Style(
        "ambient-pulse",
        "ambient",
        (60, 128),
        ("", "K:X...X...X...X...", "H:..x...x.", "V:xoxoxoxo", "K:X.......X......."),
        (
            Layer("pad", "synth pad|choir|string pad|supersaw", ("@pad", "@pad2"), -2, 48, 74),
            Layer(
                "arp",
                "pluck|fm bell|kalimba|electric piano|piano",
                ("1.3.4.3.", "1234123412341234", "1...3...4...3...", "1.2.3.4.3.2."),
                1,
                55,
                82,
            ),
            Layer("bass", "synth bass|saw bass|808 bass", ("r-------", "r---r---"), -2, 28, 45, 0.6),
        ),
        "dance",
        loose_ms=(0, 4),
        drift=0.0,
        kit="electronic",
        fills=0.0,
        loop=0.4,
        no_drums=0.3,
        drum_db=-4,
    ),
)
