"""Page of `livegan rehearse`, one HTML file: loudness with parts, what was fitted, how the song is followed."""

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np

from livegan.core.files import write_atomic
from livegan.core.text import counted
from livegan.studio.doors_page import STYLE
from livegan.studio.rehearse import PackPart, ScenePack

WIDTH, HEIGHT, TOP, BOTTOM = 1000, 190, 26, 22
POINTS = 500
COLOURS = ("#2f6f8f", "#b2572b", "#5b7f3a", "#7a4e9c", "#a08a1f", "#3d7d74", "#a13b5f", "#5a6472")


def write_rehearsal_page(pack: ScenePack, path: Path) -> None:
    """Write the page."""
    write_atomic(path, rehearsal_page(pack))


def rehearsal_page(pack: ScenePack) -> str:
    """The page as HTML; it loads nothing from anywhere."""
    heard, sure = pack.rehearsal, round(100 * pack.sure)
    verdict = "pass" if pack.sure >= 0.9 else "warn"
    tempo = f"{heard.tempo:.1f} BPM" if heard.tempo is not None else "no steady beat"
    looks = counted(len({part.letter for part in pack.parts}), "look")
    facts = f"{_clock(heard.analysis.seconds)} · {tempo} · {counted(len(pack.parts), 'part')}, {looks}"
    known = f"Played again, its place is known in {sure} % of it, to {pack.error_s:.2f} s."
    advice = "" if verdict == "pass" else " Long loops that sound alike hide the place: cue those by hand (→)."
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(pack.title)}: rehearsed</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<header class="{verdict}"><h1>{escape(pack.title)}</h1><p class="facts">{facts}</p></header>'
        f"<p>{known}{advice} On stage: <code>livegan play --set {escape(str(pack.setlist))}</code></p>"
        "<figure><figcaption>Loudness <small>parts of one letter sound alike</small></figcaption>"
        f"{_plot(pack)}</figure>{_table(pack.parts)}{_fitted(pack)}</body></html>\n"
    )


def _plot(pack: ScenePack) -> str:
    seconds, curve = pack.rehearsal.analysis.seconds, pack.rehearsal.analysis.loudness
    edges = np.linspace(0, len(curve), POINTS + 1).astype(int)
    means = [float(curve[a : max(b, a + 1)].mean()) for a, b in pairwise(edges)]
    floor = HEIGHT - BOTTOM
    bands = "".join(_band(part, seconds, floor) for part in pack.parts)
    places = (f"{x / POINTS * WIDTH:.1f},{floor - value * (floor - TOP):.1f}" for x, value in enumerate(means))
    line = f'<polygon points="0,{floor} {" ".join(places)} {WIDTH},{floor}" fill="#1a1a1a" fill-opacity=".55"/>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="loudness">{bands}{line}</svg>'


def _band(part: PackPart, seconds: float, floor: float) -> str:
    x, right = (WIDTH * at / seconds for at in (part.start_s, part.end_s))
    colour = COLOURS[(ord(part.letter[0]) - ord("A")) % len(COLOURS)]
    return (
        f'<rect x="{x:.1f}" y="{TOP - 18}" width="{max(right - x - 1, 1):.1f}" height="{floor - TOP + 18}" '
        f'fill="{colour}" fill-opacity=".28"/><text x="{x + 5:.1f}" y="{TOP - 4}" font-weight="600" fill="{colour}">'
        f'{part.letter}</text><text x="{x + 2:.1f}" y="{HEIGHT - 6}" fill="#555">{_clock(part.start_s)}</text>'
    )


def _table(parts: tuple[PackPart, ...]) -> str:
    heads = "".join(f'<th class="number">{head}</th>' for head in ("from", "to", "bars", "loudness"))
    rows = "".join(
        f'<tr><td class="what">{part.letter}</td><td class="number">{_clock(part.start_s)}</td>'
        f'<td class="number">{_clock(part.end_s)}</td>'
        f'<td class="number">{"–" if part.bars is None else f"{part.bars:g}"}</td>'
        f'<td class="number">{100 * part.loudness:.0f} %</td>'
        f"<td>{escape(part.title)} <small>{escape(part.scene)}</small></td></tr>"
        for part in parts
    )
    return f"<h2>Parts</h2><table><thead><tr><th></th>{heads}<th>look</th></tr></thead><tbody>{rows}</tbody></table>"


def _fitted(pack: ScenePack) -> str:
    return f"<h2>Fitted to the song</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in fitted_lines(pack))}</ul>"


def fitted_lines(pack: ScenePack) -> Iterator[str]:
    """What was fitted, one line each."""
    routes = "1 route answers" if pack.ranges == 1 else f"{pack.ranges} routes answer"
    yield f"{routes} to the range in which its feature lies in this song"
    for source, target, amount in pack.directions:
        yield f"{source} moves {target} of the network, by up to {amount:g} standard deviations"
    if not pack.directions:
        yield "no directions: the network has none, or nothing in the song moves enough"
    if pack.rehearsal.tempo is not None:
        yield f"the tempo is looked for near {pack.rehearsal.tempo:.0f} BPM"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
