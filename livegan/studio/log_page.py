"""Page of a show log: one HTML file with plots as SVG. It asks nothing of any network and runs no script."""

from collections.abc import Iterator, Sequence
from html import escape

from livegan.studio.log_story import CURVES, Story, clock_text

WIDE, HIGH = 900, 130  # of a plot, in its own units
POINTS = 900  # of a curve
MOST_TOLD = 2000  # lines in the table
MARKS = ("fault", "strobe", "quality", "notice")  # kinds with a row of marks
STYLE = """
:root { color-scheme: light dark; --ink: #1c1c22; --soft: #6a6a75; --line: #d9d9e0; --paper: #fbfbfd; --one: #3d5afe;
  --bad: #c62828; --band: #e7eaff; --band2: #f3e9ff; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf2; --soft: #a0a0ad; --line: #383842; --paper: #141418;
  --one: #8c9eff; --bad: #ff8a80; --band: #23264a; --band2: #33234a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 1rem; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
figure { margin: .9rem 0; } figcaption { color: var(--soft); font-size: .85rem; }
figcaption, .axis { display: flex; justify-content: space-between; }
svg { width: 100%; height: auto; display: block; }
.curve { fill: none; stroke: var(--one); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.grid { stroke: var(--line); vector-effect: non-scaling-stroke; }
.mark { stroke: var(--bad); stroke-width: 2; vector-effect: non-scaling-stroke; }
.axis { color: var(--soft); font-size: .8rem; }
.band { display: flex; } .band div { min-width: 0; padding: .3rem .4rem; font-size: .85rem; overflow: hidden;
  white-space: nowrap; text-overflow: ellipsis; background: var(--band); }
.band div:nth-child(2n) { background: var(--band2); }
ol { list-style: none; margin: 0; padding: 0; }
ol li { display: grid; grid-template-columns: 5.2rem 5rem 1fr; gap: .2rem .6rem; padding: .18rem 0;
  border-top: 1px solid var(--line); font-size: .93rem; }
ol time, ol b { color: var(--soft); font-weight: normal; font-variant-numeric: tabular-nums; }
.fault b, .strobe b { color: var(--bad); }
@media (max-width: 34rem) { body { padding: .9rem; } ol li { grid-template-columns: 4.6rem 1fr; }
  ol li span { grid-column: 1 / 3; } .band div { padding: .3rem .1rem; font-size: .7rem; } }
@media print { body { max-width: none; } }
"""


def log_page(story: Story) -> str:
    """The page as text."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(story.title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(story.title)}</h1>",
            "<dl>",
            *(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in story.facts.items()),
            "</dl>",
            "<h2>How it went</h2>",
            *_plots(story),
            "<h2>What happened</h2>",
            *_told(story),
            "</body></html>",
            "",
        ]
    )


def _plots(story: Story) -> Iterator[str]:
    length_s = max(story.seconds, 1.0)
    if story.scenes:
        yield from _scene_band(story.scenes, length_s)
    for name, label in CURVES.items():
        if len(curve := story.curves.get(name, ())) > 1:
            yield from _plot(label, curve, length_s)
    for kind in MARKS:
        times = [line.time_s for line in story.lines if line.kind == kind]
        if times:
            yield from _marks(f"{kind}: {len(times)}", times, length_s)
    ends = (clock_text(length_s * share) for share in (0, 0.5, 1))
    yield f'<div class="axis">{"".join(f"<span>{each}</span>" for each in ends)}</div>'


def _plot(label: str, curve: Sequence[tuple[float, float]], length_s: float) -> Iterator[str]:
    """One curve, from 0 or its least value to its greatest."""
    values = [value for _, value in curve]
    low, high = min(0.0, *values), max(values)
    span = (high - low) or 1.0
    step = max(len(curve) // POINTS, 1)
    points = " ".join(
        f"{time_s / length_s * WIDE:.1f},{HIGH - 4 - (value - low) / span * (HIGH - 8):.1f}"
        for time_s, value in _peaks(curve, step)
    )
    yield f"<figure><figcaption><span>{escape(label)}</span><span>{low:.4g} to {high:.4g}</span></figcaption>"
    yield f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
    yield "".join(f'<path class="grid" d="M0 {y}H{WIDE}"/>' for y in (4, HIGH // 2, HIGH - 4))
    yield f'<polyline class="curve" points="{points}"/></svg></figure>'


def _peaks(curve: Sequence[tuple[float, float]], step: int) -> Iterator[tuple[float, float]]:
    """Every `step` points as their greatest: what was bad for a moment is seen."""
    for at in range(0, len(curve), step):
        yield max(curve[at : at + step], key=lambda point: point[1])


def _scene_band(scenes: Sequence[tuple[float, str]], length_s: float) -> Iterator[str]:
    """What played when: a box for each scene, as wide as it was long."""
    yield '<figure><figcaption><span>scenes</span></figcaption><div class="band">'
    for number, (time_s, title) in enumerate(scenes[:POINTS]):
        end_s = scenes[number + 1][0] if number + 1 < len(scenes) else length_s
        name = escape(title)
        yield f'<div style="flex:{max(end_s - time_s, 0.001):.3f}" title="{name}, {clock_text(time_s)}">{name}</div>'
    yield "</div></figure>"


def _marks(label: str, times: Sequence[float], length_s: float) -> Iterator[str]:
    ticks = "".join(f"M{time_s / length_s * WIDE:.1f} 2V16" for time_s in times[:MOST_TOLD])
    yield f"<figure><figcaption><span>{escape(label)}</span></figcaption>"
    yield f'<svg viewBox="0 0 {WIDE} 18" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
    yield f'<path class="grid" d="M0 9H{WIDE}"/><path class="mark" d="{ticks}"/></svg></figure>'


def _told(story: Story) -> Iterator[str]:
    yield "<ol>"
    for line in story.lines[:MOST_TOLD]:
        kind = escape(line.kind)
        yield (
            f'<li class="{kind}"><time>{clock_text(line.time_s)}</time><b>{kind}</b>'
            f"<span>{escape(line.text)}</span></li>"
        )
    yield "</ol>"
    if len(story.lines) > MOST_TOLD:
        yield f"<p>{len(story.lines) - MOST_TOLD} lines more: type <code>livegan log</code> without --html.</p>"
