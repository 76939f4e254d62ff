"""Styles of folk songs and ballads: slow, in 6/8 and 12/8, fingerpicking, bluegrass."""

from livegan.studio.hearing.song_style import Layer, Style, add

SING = Layer(
    "lead", "sung|choir|reed|violin|flute", ("@melody:0.45", "@melody:0.3", "@melody:0.6"), 2, 55, 76, slur=True
)

add(
    Style(
        "slow-song",
        "ballad",
        (58, 96),
        (
            "",
            "",
            "K:X...X... S:..X...X. H:xoxoxoxo",
            "K:x....... R:..x...x. H:xxxxxxxx",
            "V:xoxoxoxo",
            "K:X... S:..X. H:xxxx",
        ),
        (
            Layer("pad", "string pad|synth pad|organ|strings|choir", ("@pad", "@pad", "@pad2"), -4, 48, 70, 0.8),
            Layer(
                "chords",
                "piano|electric piano|nylon guitar|steel guitar",
                ("x---x---", "x-------", "xxxx", "x---x-x-"),
                -3,
                50,
                70,
                0.7,
            ),
            Layer(
                "arp", "piano|nylon guitar|harp|electric piano", ("12343234", "1.2.3.4.", "13243423"), -3, 50, 72, 0.5
            ),
            Layer(
                "bass",
                "electric bass|upright bass|cello|synth bass",
                ("r-------", "r---5---", "r---r-5-"),
                -1,
                28,
                47,
                0.7,
            ),
            Layer(
                "lead",
                "sung|choir|reed|violin|flute|cello",
                ("@melody:0.45", "@melody:0.3", "@melody:0.25"),
                4,
                53,
                76,
                slur=True,
            ),
        ),
        "pop",
        loose_ms=(5, 18),
        drift=0.02,
        drum_db=-3,
        no_drums=0.2,
        fills=0.3,
        rubato=(0.0, 0.04),
    ),
    Style(
        "ballad-12-8",
        "ballad",
        (48, 84),
        ("K:X.....X....x S:...X.....X.. H:xooxooxooxoo", "K:X.....X..... R:...X.....X.. D:xxxxxxxxxxxx", ""),
        (
            Layer("bass", "electric bass|upright bass", ("r-----5-----", "r--r-55--5-3"), 0, 28, 46),
            Layer("arp", "piano|clean guitar|nylon guitar", ("123432123432", "1.3.4.1.3.4."), -1, 50, 70),
            Layer("pad", "organ|string pad|choir", ("@pad",), -6, 50, 70, 0.5),
            SING,
        ),
        "pop",
        loose_ms=(4, 14),
        no_drums=0.2,
        drift=0.015,
    ),
    Style(
        "six-eight",
        "ballad",
        (52, 132),
        ("K:X..... S:...X.. H:xooxoo", "K:X....x S:...X.. D:xxxxxx", "K:x..x.. A:xoxxox", "j:X....x S:..xX.x", ""),
        (
            Layer("bass", "upright bass|electric bass|cello", ("r-----", "r--5--", "r--r-5"), 0, 28, 46),
            Layer("arp", "steel guitar|nylon guitar|harp|piano", ("123432", "134143", "1.34.3"), 0, 50, 70, 0.8),
            Layer("lead", "sung|fiddle|whistle|flute|accordion", ("@melody:0.6", "@melody:0.9"), 1, 60, 81, 0.8),
        ),
        "folk",
        metre=2,
        loose_ms=(4, 14),
        no_drums=0.25,
    ),
    Style(
        "folk-picking",
        "folk",
        (66, 140),
        ("",),
        (
            Layer(
                "arp",
                "steel guitar|nylon guitar|banjo|harp",
                ("1324132413241324", "14321432", "1.3.2.3.1.4.2.3.", "13234323", "1.34.31."),
                2,
                48,
                72,
                gate=1.2,
            ),
            Layer("bass", "steel guitar|nylon guitar|upright bass", ("r...5...", "r.5.r.5."), 0, 38, 50, 0.8),
            Layer("lead", "sung|fiddle|harmonica|whistle", ("@melody:0.45",), 1, 57, 77, 0.6, slur=True),
        ),
        "folk",
        loose_ms=(4, 15),
        drift=0.02,
        no_drums=1.0,
        rubato=(0.0, 0.03),
    ),
    Style(
        "bluegrass",
        "country",
        (120, 172),
        ("",),
        (
            Layer("bass", "upright bass", ("r...5...", "r.5."), 2, 28, 43),
            Layer("chords", "steel guitar|mandolin", ("..x...x.", "..xu..xu", ".x.x"), 0, 55, 72, gate=0.4),
            Layer("arp", "banjo|mandolin", ("14231423", "2314231414231423", "1.234.23"), 0, 57, 79, 0.8),
            Layer("lead", "fiddle|sung", ("@melody:0.8",), 0, 62, 84, 0.7),
        ),
        "folk",
        loose_ms=(4, 13),
        no_drums=1.0,
    ),
)
