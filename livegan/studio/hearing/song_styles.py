"""All styles of made songs; importing this fills `song_style.STYLES`."""

from livegan.studio.hearing import (  # noqa: F401
    song_styles_ballroom,
    song_styles_club,
    song_styles_concert,
    song_styles_electronic,
    song_styles_folk,
    song_styles_jazz,
    song_styles_pop,
    song_styles_rock,
    song_styles_world,
)

HELD_OUT = (  # `livegan train hearing` does not learn from these (the shipped network knows three: see its card)
    *("accordion-musette", "bachata", "big-beat", "bluegrass", "cumbia", "doo-wop", "dub", "dubstep", "film-ostinato"),
    *("flamenco", "footwork", "gypsy-jazz", "highland-march", "highlife", "jazz-waltz", "jig", "keherwa", "mazurka"),
    *("metal-groove", "music-box", "nocturne", "odd-seven", "ragtime", "rhythm-and-blues", "sequencer", "singer-piano"),
    *("steel-band", "surf", "taiko", "tango", "thrash", "two-step", "vibraphone-funk", "viennese-waltz"),
)
