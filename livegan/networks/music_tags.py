"""Music tags: what the two bundled taggers name. Needs no torch."""

import numpy as np
from numpy.typing import NDArray

# Each file of networks/bundled gives fifty probabilities, in this order.
TAGS_OF = {
    "mtt": (  # MagnaTagATune: instruments, tempo, loudness, voices, few genres
        *("guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano"),
        *("ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing"),
        *("vocals", "no_vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male_vocal", "no_vocal", "pop"),
        *("soft", "sitar", "solo", "man", "classic", "choir", "voice", "new_age", "dance", "male_voice"),
        *("female_vocal", "beats", "harp", "cello", "no_voice", "weird", "country", "metal", "female_voice", "choral"),
    ),
    "msd": (  # Million Song Dataset, of last.fm: genres, decades, moods
        *("rock", "pop", "alternative", "indie", "electronic", "female_vocalists", "dance", "00s", "alternative_rock"),
        *("jazz", "beautiful", "metal", "chillout", "male_vocalists", "classic_rock", "soul", "indie_rock", "mellow"),
        *("electronica", "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard_rock"),
        *("ambient", "acoustic", "experimental", "female_vocalist", "guitar", "hip_hop", "70s", "party", "country"),
        *("easy_listening", "sexy", "catchy", "funk", "electro", "heavy_metal", "progressive_rock", "60s", "rnb"),
        *("indie_pop", "sad", "house", "happy"),
    ),
}
TAGS = tuple(f"{network}.{tag}" for network, tags in TAGS_OF.items() for tag in tags)
"""The hundred columns of every array of tags: "mtt.guitar" ... "msd.happy"."""
TAG_NAMES = tuple(dict.fromkeys(tag for tags in TAGS_OF.values() for tag in tags))
"""The ninety-two names in them; eight are known to both networks."""
_NAMED = np.zeros((len(TAGS), len(TAG_NAMES)), np.float32)
_NAMED[range(len(TAGS)), [TAG_NAMES.index(tag.partition(".")[2]) for tag in TAGS]] = 1.0
_NAMED /= _NAMED.sum(axis=0)


def by_name(tags: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tags (..., 100) as one column for each of TAG_NAMES (..., 92): of a name that both networks know, the mean."""
    return np.asarray(tags @ _NAMED, np.float32)
