"""Page of `livegan doors`: one HTML file with everything in it, light, to be looked at or printed."""

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path

from livegan.core.files import unwritable, write_atomic
from livegan.studio.door_check import DoorCheck
from livegan.studio.doors import DoorsReport
from livegan.studio.doors_play import SceneFigures
from livegan.studio.doors_plots import nice, scenes_plot

MARKS = {"pass": ("ok", "&#10003;"), "warn": ("warning", "!"), "fail": ("failed", "&#10007;")}
ORDER = {"fail": 0, "warn": 1, "pass": 2}
MOST_PERIODS = 4.0  # of the target rate that the plot of intervals shows

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1060px; padding: 24px 28px 40px; background: #fff; color: #1a1a1a;
  font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; }
h2 { margin: 28px 0 8px; font-size: 17px; }
p.facts { margin: 4px 0 0; color: #555; }
header { border-left: 8px solid; padding: 4px 0 4px 16px; }
header.pass { border-color: #1d7a3a; } header.warn { border-color: #b26a00; } header.fail { border-color: #b3261e; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 5px 8px 5px 0; text-align: left; vertical-align: top; border-bottom: 1px solid #e2e2e2; }
th { font-weight: 600; color: #555; font-size: 12px; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr { break-inside: avoid; }
.mark { display: inline-block; min-width: 74px; white-space: nowrap; font-weight: 600; }
.mark.pass { color: #1d7a3a; } .mark.warn { color: #8a5200; } .mark.fail { color: #b3261e; }
.what { white-space: nowrap; font-weight: 600; }
.do { display: block; color: #333; } code { font: 12.5px "DejaVu Sans Mono", monospace; background: #f2f2f2;
  padding: 1px 4px; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.still { width: 96px; height: 54px; object-fit: cover; background: #000; display: block; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 11px; }
figure { margin: 14px 0 0; break-inside: avoid; } figcaption { font-weight: 600; margin-bottom: 2px; }
figcaption small { font-weight: 400; color: #555; font-size: 12px; }
@media (max-width: 700px) { body { padding: 14px; } .checks td { display: block; border: 0; padding: 1px 0; }
  .checks tr { display: block; padding: 6px 0; border-bottom: 1px solid #e2e2e2; } h1 { font-size: 22px; } }
@media print { body { padding: 0; font-size: 11px; } @page { size: A4 portrait; margin: 14mm; }
  header, .mark, .still, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def write_page(report: DoorsReport, path: Path) -> None:
    """Write the page; MediaError if it cannot be written."""
    try:
        write_atomic(path, page(report))
    except OSError as error:
        raise unwritable(path, error, "--html") from error


def page(report: DoorsReport) -> str:
    """The page as HTML; it loads nothing from anywhere."""
    verdict = "warn" if any(check.verdict == "warn" for check in report.checks) else "pass"
    verdict = "fail" if report.verdict == "fail" else verdict
    facts = " · ".join(escape(text) for text in (report.when, report.machine, report.device) if text)
    rate = f"target {report.target_fps:g} pictures a second"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>livegan doors</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<header class="{verdict}"><h1>{escape(report.sentence)}</h1>'
        f'<p class="facts">{facts} · {rate}</p></header>'
        f"{_checks(report.checks)}{_scenes(report)}{_plots(report)}</body></html>\n"
    )


def _checks(checks: list[DoorCheck]) -> str:
    """What failed first, then warnings, then what is well, each in the order in which it was found."""
    rows = "".join(_check(check) for check in sorted(checks, key=lambda check: ORDER[check.verdict]))
    return f'<h2>Checks</h2><table class="checks"><tbody>{rows}</tbody></table>' if rows else ""


def _check(check: DoorCheck) -> str:
    word, sign = MARKS[check.verdict]
    do = f'<span class="do">do: <code>{escape(check.repair)}</code></span>' if check.verdict != "pass" else ""
    return (
        f'<tr><td><span class="mark {check.verdict}">{sign} {word}</span></td><td>{escape(check.group)}</td>'
        f'<td class="what">{escape(check.what)}</td><td>{escape(check.detail)}{do if check.repair else ""}</td></tr>'
    )


def _scenes(report: DoorsReport) -> str:
    if not report.scenes:
        return ""
    names = ("fps", "p50 ms", "p95 ms", "p99 ms", "late", "coming in", "load", "memory", "light", "move", "limited")
    heads = "".join(f'<th class="number">{name}</th>' for name in names)
    rows = "".join(_scene(number, row) for number, row in enumerate(report.scenes, 1))
    return (
        '<h2>Scenes</h2><div class="wide"><table><thead><tr><th class="number">#</th><th></th><th>scene</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _scene(number: int, row: SceneFigures) -> str:
    still = f"data:image/jpeg;base64,{b64encode(row.still).decode()}" if row.still else ""
    picture = f'<img class="still" alt="" src="{still}">' if still else ""
    traded = f"<br><small>{escape(row.traded)}</small>" if row.traded else ""
    cells = "".join(f'<td class="number">{cell}</td>' for cell in _figures(row))
    title = f'<span class="what">{escape(row.title)}</span><br><small>{escape(row.name)}</small>{traded}'
    return f'<tr><td class="number">{number}</td><td>{picture}</td><td>{title}</td>{cells}</tr>'


def _figures(row: SceneFigures) -> Iterator[str]:
    """The cells of a scene: milliseconds, seconds, megabytes and shares of 100."""
    if row.missing:
        yield from ("–",) * 11
        return
    times = row.interval_ms
    yield f"{row.fps:.1f}"
    yield from (f"{times['p50']:.0f}", f"{times['p95']:.0f}", f"{times['p99']:.0f}")
    yield f"{row.late}"
    yield f"{row.transition_ms['p99']:.0f} ms" if row.transition_ms else "–"
    yield f"{row.load_s:.1f} s" if row.load_s is not None else "–"
    yield f"{row.rss_mb:.0f} MB" + (f"<br>GPU {row.gpu_mb:.0f}" if row.gpu_mb is not None else "")
    yield from (f"{100 * row.brightness:.0f} %", f"{100 * row.motion:.1f} %", f"{row.limited}")


def _plots(report: DoorsReport) -> str:
    played = report.scenes
    if not any(row.intervals_ms for row in played):
        return ""
    period_ms = 1e3 / report.target_fps
    high = nice(max(max(row.interval_ms["p99"] for row in played), MOST_PERIODS * period_ms))
    figures = (
        (
            "Time from picture to picture",
            f"milliseconds, longest; red: {report.target_fps:g} a second; below: the scenes' numbers",
            scenes_plot("interval", "ms", [row.intervals_ms for row in played], period_ms, high=high, peaks=True),
        ),
        ("Memory", "megabytes of this program", scenes_plot("memory", "MB", [row.memory_mb for row in played])),
        (
            "Brightness",
            "per cent of white",
            scenes_plot("light", "%", [[100 * value for value in row.lights] for row in played], high=100.0),
        ),
    )
    drawn = "".join(
        f"<figure><figcaption>{title} <small>{about}</small></figcaption>{svg}</figure>"
        for title, about, svg in figures
    )
    return f"<h2>While the scenes played</h2>{drawn}"
