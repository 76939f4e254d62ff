"""QR codes (ISO/IEC 18004) of addresses: as a matrix, and as text for a terminal."""

import numpy as np
from numpy.typing import NDArray

QUIET = 4  # modules of white around it, which readers need (ISO/IEC 18004, 6.3.8)
HALVES = "█▀▄ "  # light above and below, light above, light below, dark


def remote_qr(address: str) -> NDArray[np.bool_]:
    """The QR code of an address, (n, n), True where it is dark; the quiet zone of 4 modules is in it.

    Level M (a fifth of it may be hidden) for 62 letters and fewer gives at most 33 modules and the quiet zone.
    """
    import segno  # on first use

    rows = segno.make(address, error="m", micro=False, boost_error=False).matrix_iter(border=QUIET)
    return np.array([list(row) for row in rows], bool)


def terminal_qr(address: str) -> str:
    """The QR code in half blocks, light on dark: for a terminal with dark paper, where most stand."""
    code = remote_qr(address)[2:-2, 2:-2]  # two modules are enough on a dark terminal, and save four lines
    if len(code) % 2:
        code = np.vstack([code, np.zeros((1, code.shape[1]), bool)])
    pairs = 2 * code[::2].astype(int) + code[1::2]
    return "\n".join("".join(HALVES[value] for value in row) for row in pairs)


def shows_blocks(encoding: str | None) -> bool:
    """Whether a terminal of this encoding can write half blocks."""
    try:
        HALVES.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
