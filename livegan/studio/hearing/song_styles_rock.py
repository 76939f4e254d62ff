"""Styles with a drum kit and guitars: rock, punk, metal, blues, country."""

from livegan.studio.hearing.song_style import Layer, Style, add

BASS = Layer("bass", "electric bass", ("rrrrrrrr", "r.r.r.r.", "r-r.r-5.", "r..r..r.", "@riff:8:0.6"), 0, 28, 45)
SING = Layer(
    "lead", "sung|lead guitar|reed|organ", ("@melody:0.5", "@melody:0.35", "@melody:0.7"), 0, 57, 76, 0.55, slur=True
)
GUITAR = Layer(
    "chords",
    "distorted guitar|clean guitar|crunch guitar",
    ("x-------", "xxxxxxxx", "x-x-x-x-", "x--x--x-", "X-xxX-xx", "x..xx..x"),
    -2,
    45,
    62,
)
CHUG = Layer(
    "bass",
    "heavy guitar",
    ("@riff:16:0.8", "@riff:16:0.6", "rrrrrrrr", "r.rrr.rr", "@gallop", "rrrrrrrrrrrrrrrr"),
    2,
    38,
    52,
    gate=0.7,
)

add(
    Style(
        "rock",
        "rock",
        (96, 150),
        (
            "K:X...X... S:..X...X. H:xoxoxoxo",
            "K:X..xX... S:..X...X. H:xxxxxxxx",
            "K:X...X..x S:..X...X. O:x.x.x.x.",
            "K:X..x.x.. S:..X...X. D:xoxoxoxo",
            "K:X.x...x. S:..X...X. H:x.x.x.x.",
            "K:X.....xx......x. S:....X..g.g..X... H:x.x.x.x.x.x.x.x.",
            "K:X.xX.x.. S:..X...X. L:x.x.x.x.",
        ),
        (BASS, GUITAR, SING, Layer("chords", "organ|piano|string pad", ("x-------", "@pad"), -8, 52, 70, 0.35)),
        "rock",
        loose_ms=(3, 12),
    ),
    Style(
        "rock-slow",
        "rock",
        (60, 92),
        (
            "K:X...X... S:..X...X. H:xoxoxoxo",
            "K:X......x..x..... S:....X.......X... H:x.x.x.x.x.x.x.x.",
            "K:X..X.x.. S:..X...X. D:x.x.x.x.",
        ),
        (BASS, GUITAR, SING, Layer("arp", "clean guitar|piano", ("12343234", "1.3.4.3."), -4, 48, 67, 0.5)),
        "pop",
        loose_ms=(4, 14),
    ),
    Style(
        "punk",
        "rock",
        (158, 214),
        (
            "K:X...X... S:..X...X. H:xxxxxxxx",
            "K:X..xX... S:..X...X. O:x.x.x.x.",
            "K:X.x.X.x. S:.X.X.X.X H:x.x.x.x.",
            "K:X..X.X.. S:..X...X. D:x.x.x.x.",
        ),
        (
            Layer("bass", "electric bass", ("rrrrrrrr",), 0, 28, 43),
            Layer("chords", "distorted guitar", ("xxxxxxxx", "x-x-x-x-", "XxxxXxxx", "x--x--xx"), 3, 42, 58),
            SING,
        ),
        "rock",
        loose_ms=(4, 12),
        phrase=4,
    ),
    Style(
        "metal",
        "metal",
        (150, 215),
        (
            "K:xxxxxxxxxxxxxxxx S:....X.......X... Y:x...x...x...x...",
            "K:xxxxxxxx S:..X...X. D:x.x.x.x.",
            "K:xxxxxxxxxxxxxxxx S:....X.......X... H:x...x...x...x...",
            "K:X..xX.xx S:..X...X. H:x.x.x.x.",
            "K:x.x.x.x. S:.x.x.x.x D:x.x.x.x.",
            "K:xxxxxxxxxxxx S:...X.....X.. D:x..x..x..x..",
            "K:X.xx..x.X.xx..x. S:....X.......X... O:x...x...x...x...",
        ),
        (
            CHUG,
            Layer("bass", "electric bass", ("rrrrrrrr", "@double"), 0, 26, 40, 0.9),
            Layer("chords", "heavy guitar", ("x-------", "x---x---"), 0, 40, 55, 0.4),
            Layer("lead", "growl|lead guitar", ("@melody:0.6", "@melody:0.9"), -2, 55, 84, 0.5),
        ),
        "metal",
        loose_ms=(1.5, 8),
        drift=0.006,
    ),
    Style(
        "metal-groove",
        "metal",
        (84, 132),
        (
            "K:X..xx..x..x.xx.. S:....X.......X... Y:x...x...x...x...",
            "K:X.x..x..X.x..x.. S:........X....... O:x...x...x...x...",
            "K:XxxX..xxX..xx.xx S:....X.......X... D:x.x.x.x.x.x.x.x.",
        ),
        (
            CHUG,
            Layer("bass", "electric bass", ("@double",), 0, 26, 40),
            Layer("lead", "growl|lead guitar", ("@melody:0.5",), -2, 55, 84, 0.5),
        ),
        "metal",
        loose_ms=(2, 8),
        drift=0.006,
    ),
    Style(
        "blues-shuffle",
        "blues",
        (76, 150),
        (
            "K:x...x... S:..X...X. H:xxxxxxxx",
            "K:x.x.x.x. S:..X...X. D:xoxoxoxo",
            "K:x...x..x S:.gX..gX. H:xoxoxoxo",
            "K:x...x... R:..X...X. D:x.xxx.xx",
        ),
        (
            Layer(
                "bass",
                "electric bass|upright bass",
                ("@walk", "r.3.5.6.", "rr55rr77", "r.r.5.5.", "r355735r"),
                0,
                28,
                48,
            ),
            Layer(
                "chords",
                "crunch guitar|clean guitar|organ|piano",
                ("xxxxxxxx", "..x...x.", ".x.x.x.x", "x-------"),
                -3,
                48,
                66,
            ),
            Layer("lead", "sung|lead guitar|harmonica|reed", ("@melody:0.5",), 0, 57, 79, 0.75, slur=True),
            Layer("chords", "piano|organ", ("...x...x", "x--x----", ".x.x.x.x"), -4, 55, 74, 0.4),
        ),
        "blues",
        swing=(0.75, 1.05),
        loose_ms=(5, 14),
        phrase=4,
    ),
    Style(
        "country-train",
        "country",
        (96, 132),
        ("K:x...x... F:xoXooxXo", "K:x.x.x.x. F:ooXoooXo", "F:xoxXxoxXxoxXxoxX", "K:x...x... S:goXggoXg H:..x...x."),
        (
            Layer("bass", "upright bass|electric bass", ("r...5...", "r...l...", "r.r.5.5."), 0, 28, 45),
            Layer("chords", "steel guitar|clean guitar", ("..x...x.", "..xx..xx", "x.xxx.xx"), -2, 50, 69),
            Layer("lead", "sung|fiddle|lead guitar|harmonica", ("@melody:0.55",), 0, 60, 79, 0.75, slur=True),
            Layer("arp", "banjo", ("14232423", "1.423.42"), -3, 55, 74, 0.35),
        ),
        "folk",
        loose_ms=(4, 12),
    ),
)
