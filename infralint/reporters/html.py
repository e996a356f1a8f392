"""A report to hand on: one page with everything in it, for a screen in light or dark, and for paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape as escape_html

from infralint.engine.pages import page_url
from infralint.engine.report import Report
from infralint.model import SEVERITIES, Finding, Location, Severity, Unknown, Unreadable
from infralint.reporters import Shown
from infralint.reporters.phrases import stream_phrase, trace_command, unknown_message, way_phrase
from infralint.text.display import visible, visible_lines
from infralint.text.wording import plural, seconds

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #59636e; --line: #d1d9e0; --track: #eaeef2;
  --error: #c0262d; --warning: #9a6700; --note: #0969da; --good: #1a7f37; --code: #f6f8fa }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #9198a1; --line: #3d444d;
  --track: #2a313c; --error: #ff7b72; --warning: #d29922; --note: #58a6ff; --good: #3fb950; --code: #161b22 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.6rem } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem }
p { margin: .3rem 0 } a { color: inherit } .faint { color: var(--faint) } small { font-size: .85em }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.2rem 0; padding: 0; list-style: none }
.tiles li { min-width: 7.5rem; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: 8px }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto } table { width: 100%; border-collapse: collapse }
th, td { padding: .5rem .7rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { font-size: .85rem; color: var(--faint); font-weight: 600; white-space: nowrap }
td.name { overflow-wrap: anywhere; min-width: 11rem } td.time { min-width: 15rem }
.bar { position: relative; height: .7rem; margin: .3rem 0 .15rem; border-radius: 3px; background: var(--track) }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--good) }
.bar.short i { background: var(--error) }
.bar b { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--ink) }
.tag { font-weight: 600; white-space: nowrap }
.error { color: var(--error) } .warning { color: var(--warning) } .note { color: var(--note) } .good { color: var(--good) }
article { margin: .8rem 0; padding: .7rem .9rem; border: 1px solid var(--line); border-left: 4px solid currentColor;
  border-radius: 6px } article > * { color: var(--ink) } article > .tag { color: inherit }
pre { margin: .5rem 0 .2rem; padding: .6rem .8rem; overflow-x: auto; border-radius: 6px; background: var(--code);
  font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
ul.plain { margin: .3rem 0; padding-left: 1.1rem } li { overflow-wrap: anywhere }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --faint: #444; --line: #bbb; --track: #ddd;
    --error: #a40e26; --warning: #7d4e00; --note: #0550ae; --good: #116329; --code: #f3f3f3 }
  body { max-width: none; padding: 0; font-size: 10.5pt } .bar, .bar * { print-color-adjust: exact;
    -webkit-print-color-adjust: exact } tr, article { break-inside: avoid } thead { display: table-header-group }
  .scroll { overflow: visible } }
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table of what was judged.

    kind, place, owner: in words. identity: its full name. allowed: seconds of silence that it
    allows (None: not known, `why` says it); needed: what its streams need (None: none crosses it).
    severities, checks: of the findings about it.
    """

    name: str
    kind: str
    place: str
    identity: str
    allowed: float | None
    why: str
    needed: float | None
    link: str = ""
    owner: str = ""
    streams: tuple[str, ...] = ()
    affinity: tuple[str, ...] = ()
    has_affinity_judged: bool = True
    severities: tuple[Severity, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """The worst first, then what is not known, then the rest."""
        worst = min(map(SEVERITIES.index, self.severities), default=len(SEVERITIES))
        return worst if self.severities else len(SEVERITIES) + (self.allowed is not None)


def render(report: Report, shown: Shown) -> str:
    """The page."""
    manuals = {check.name: page_url(check.page) for check in shown.checks}
    return "".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>infralint: {escape(_verdict(report))}</title><style>{STYLE}</style></head><body>\n",
            *_head(report, shown),
            *(_table(shown.rows) if shown.taken else ()),
            *_section("Findings", (_finding(finding, manuals.get(finding.check, "")) for finding in report.findings)),
            *_ways(report),
            *_section("Could not be read", [_list(map(_unreadable, report.unreadable))] if report.unreadable else []),
            *_section("Could not tell", [_list(map(_unknown, report.unknown))] if report.unknown else []),
            "</body></html>\n",
        ]
    )


def _ways(report: Report) -> Iterator[str]:
    """The ways of the streams, where the report has them."""
    if report.streams:
        from infralint.reporters.trace_html import report_part

        yield from report_part(report.streams)


def escape(text: str) -> str:
    """One line of text as markup that shows it, and nothing else of it acts."""
    return escape_html(visible(text))


def _head(report: Report, shown: Shown) -> Iterator[str]:
    counts = Counter(finding.severity for finding in report.findings)
    read = [place for places in report.read.values() for place in places]
    yield f"<h1>{escape(_verdict(report))}</h1>"
    when = f" on {escape(shown.taken[:16].replace('T', ' '))} UTC" if shown.taken else ""
    names = escape(", ".join(read)) if shown.taken else plural(len(read), "file")
    yield f'<p class="faint">infralint read {names}{when}.</p>\n<ul class="tiles">'
    judged, noun = (
        (len({row.identity for row in shown.rows}), "load balancers") if shown.taken else (report.hops, "hops")
    )
    yield f"<li><b>{judged}</b> {noun}</li>"
    for severity in SEVERITIES:
        yield f'<li><b class="{severity if counts[severity] else "faint"}">{counts[severity]}</b> {severity}s</li>'
    if report.unreadable:
        yield f'<li><b class="error">{len(report.unreadable)}</b> could not be read</li>'
    yield "</ul>\n"
    if report.assumed:
        hop = "load balancer" if shown.taken else "catch-all hop"
        yield (
            f"<p>Nothing declares what streams here, so every {hop} is taken to carry an SSE stream. "
            "Name the streams in <code>infralint.yaml</code> to judge the ones that matter by what they need.</p>"
        )


def _verdict(report: Report) -> str:
    counts = Counter(finding.severity for finding in report.findings)
    parts = [plural(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    if report.unreadable:
        parts.append("not everything could be read")
    if report.unknown:
        parts.append("not everything could be told")
    return ", ".join(parts) if parts else "Nothing stands in the way of a stream"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield "<p>There are no load balancers here.</p>"
        return
    yield '<h2>Load balancers</h2><div class="scroll"><table><thead><tr>'
    yield "".join(
        f"<th>{name}</th>" for name in ("Load balancer", "Region", "Silence it allows", "Stickiness", "Verdict")
    )
    yield "</tr></thead><tbody>\n"
    for row in rows:
        yield f'<tr data-identity="{escape(row.identity)}">{_name(row)}<td>{escape(row.place)}</td>{_time(row)}'
        yield f"<td>{'<br>'.join(map(escape, row.affinity))}</td>{_judgement(row)}</tr>\n"
    yield "</tbody></table></div>\n"


def _name(row: Row) -> str:
    linked = f'<a href="{escape(row.link)}" rel="noreferrer">{escape(row.name)}</a>' if row.link else escape(row.name)
    owner = f'<br><small class="faint">made by {escape(row.owner)}</small>' if row.owner else ""
    return f'<td class="name"><b>{linked}</b><br><small class="faint">{escape(row.kind)}</small>{owner}</td>'


def _time(row: Row) -> str:
    if row.allowed is None:
        return f'<td class="time"><span class="faint">not known: {escape(row.why)}</span></td>'
    allowed = seconds(row.allowed)
    if row.needed is None:
        return f'<td class="time">{allowed} <span class="faint">(no stream crosses it)</span></td>'
    need = f"{allowed}, {seconds(row.needed)} needed"
    return f'<td class="time" title="{escape(row.why)}">{_bar(row.allowed, row.needed, need)}{need}</td>'


def _bar(allowed: float, needed: float, label: str) -> str:
    """What is allowed as a bar, what is needed as a mark on the same scale."""
    most = max(min(allowed, 4 * needed), needed) or 1
    filled, mark = 100 * min(allowed, most) / most, 100 * needed / most
    short = " short" if allowed < needed else ""
    return (
        f'<div class="bar{short}" role="img" aria-label="{label}">'
        f'<i style="width:{filled:.1f}%"></i><b style="left:calc({mark:.1f}% - 2px)"></b></div>'
    )


def _judgement(row: Row) -> str:
    if row.severities:
        worst = min(row.severities, key=SEVERITIES.index)
        checks = "<br>".join(map(escape, row.checks))
        return f'<td><span class="tag {worst}">{worst}</span><br><small class="faint">{checks}</small></td>'
    if row.needed is None:
        return '<td class="faint">not judged</td>'
    if row.allowed is None:
        return '<td class="faint">could not tell</td>'
    more = "" if row.has_affinity_judged else '<br><small class="faint">stickiness not judged</small>'
    return f'<td><span class="tag good">good</span>{more}</td>'


def _finding(finding: Finding, manual: str) -> str:
    name = f"<code>{escape(finding.check)}</code>"
    linked = f'<a href="{escape(manual)}" rel="noreferrer">{name}</a>' if manual else name
    fix = f"<pre>{escape_html(visible_lines(finding.fix))}</pre>" if finding.fix else ""
    related = _list(f"{_place(related.location)}: {escape(related.message)}" for related in finding.related)
    lines = filter(None, (stream_phrase(finding), way_phrase(finding)))
    about = "".join(f'<p class="faint">{escape(line)}</p>' for line in lines)
    if command := trace_command(finding):
        about += f'<p class="faint">See it: <code>{escape(command)}</code></p>'
    return (
        f'<article class="{finding.severity}"><span class="tag">{finding.severity}</span> {linked}'
        f"{_where(finding)}<p>{escape(finding.message)}</p>{about}{fix}{related}</article>\n"
    )


def _where(finding: Finding) -> str:
    """The file and line; a live resource is introduced among the related places."""
    return f' <span class="faint">{escape(str(finding.location))}</span>' if finding.location.line else ""


def _place(where: Location) -> str:
    text = escape(str(where))
    return f'<a href="{text}" rel="noreferrer">console</a>' if text.startswith("https://") else text


def _unreadable(unreadable: Unreadable) -> str:
    return f"{escape(str(unreadable.where))}: {escape(unreadable.message)}"


def _unknown(unknown: Unknown) -> str:
    return f"{escape(str(unknown.where))}: {escape(unknown_message(unknown))}"


def _list(items: Iterable[str]) -> str:
    inner = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="plain">{inner}</ul>' if inner else ""


def _section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    inner = "".join(blocks)
    if inner:
        yield f"<h2>{title}</h2>\n{inner}"
