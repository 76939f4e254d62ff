"""Music tags: what the two bundled taggers name. Needs no torch."""

import numpy as np
from numpy.typing import NDArray

# Each file of networks/bundled gives fifty probabilities, in this order.
TAGS_OF = {
    "mtt": (  # MagnaTagATune: instruments, tempo, loudness, voices, few genres
        *("guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano"),
        *("ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing"),
        *("vocals", "no-vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male-vocal", "no-vocal", "pop"),
        *("soft", "sitar", "solo", "man", "classic", "choir", "voice", "new-age", "dance", "male-voice"),
        *("female-vocal", "beats", "harp", "cello", "no-voice", "weird", "country", "metal", "female-voice", "choral"),
    ),
    "msd": (  # Million Song Dataset, of last.fm: genres, decades, moods
        *("rock", "pop", "alternative", "indie", "electronic", "female-vocalists", "dance", "00s", "alternative-rock"),
        *("jazz", "beautiful", "metal", "chillout", "male-vocalists", "classic-rock", "soul", "indie-rock", "mellow"),
        *("electronica", "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard-rock"),
        *("ambient", "acoustic", "experimental", "female-vocalist", "guitar", "hip-hop", "70s", "party", "country"),
        *("easy-listening", "sexy", "catchy", "funk", "electro", "heavy-metal", "progressive-rock", "60s", "rnb"),
        *("indie-pop", "sad", "house", "happy"),
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
