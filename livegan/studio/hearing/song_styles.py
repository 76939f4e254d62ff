"""All styles of made songs; importing this fills `song_style.STYLES`."""

from livegan.studio.hearing import (  # noqa: F401
    song_styles_acoustic,
    song_styles_concert,
    song_styles_dance,
    song_styles_dances,
    song_styles_electronic,
    song_styles_pop,
    song_styles_rock,
    song_styles_world,
)

HELD_OUT = (  # never learned from: songs of these tell how well unknown music is heard
    *("accordion-musette", "bachata", "big-beat", "bluegrass", "cumbia", "doo-wop", "dub", "dubstep", "film-ostinato"),
    *("flamenco", "footwork", "gypsy-jazz", "highland-march", "highlife", "jazz-waltz", "jig", "keherwa", "mazurka"),
    *("metal-groove", "music-box", "nocturne", "odd-seven", "ragtime", "rhythm-and-blues", "sequencer", "singer-piano"),
    *("steel-band", "surf", "taiko", "tango", "thrash", "two-step", "vibraphone-funk", "viennese-waltz"),
)
