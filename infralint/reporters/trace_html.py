"""Traces as one page: every stream with its verdict, to sort and to search, and below each its picture and its hops."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape as escape_html

from infralint.engine.outcomes import OUTCOMES, TracedStream, TracedWay
from infralint.engine.tracing import TraceReport
from infralint.model import LENGTH, SILENCE, Finding
from infralint.reporters.page import STYLE as PAGE_STYLE
from infralint.reporters.page import escape, prose
from infralint.reporters.phrases import UNFOLLOWED, UNSUPPORTED, unknown_message
from infralint.reporters.trace_facts import (
    Fact,
    belief_phrase,
    condition_phrase,
    end_phrase,
    facts,
    headline_phrase,
    left_out_phrase,
    needs_phrase,
    summary_phrase,
)
from infralint.reporters.trace_svg import OUTCOME_TONES, picture
from infralint.reporters.trace_svg import STYLE as PICTURE_STYLE
from infralint.reporters.trace_text import TraceShown
from infralint.text.display import visible_lines
from infralint.text.wording import capitalize, seconds

ON_A_PAGE = 4
"""Hops in a row."""
MOST_PICTURES = 60
"""Streams in a report of another command that are drawn; the others are in the page of `infralint trace`."""
WAYS_STYLE = """
figure { margin: .8rem 0 } .wide .t-svg { max-width: 100%; height: auto }
section.way h3, section.way h4, section.way p { overflow-wrap: anywhere } .narrow { display: none } details { margin: .4rem 0 }
summary { cursor: pointer } .facts { display: grid; grid-template-columns: max-content 1fr;
  gap: .25rem .9rem; margin: .4rem 0 } .facts dt { color: var(--faint) } .facts dd { margin: 0; overflow-wrap: anywhere }
.facts dd b { font-weight: 500 } .facts dd.weakest b::after { content: " (the weakest)"; font-weight: 400 }
section.way .tag { white-space: normal; overflow-wrap: anywhere }
section.way { margin: 1.6rem 0; padding-top: .6rem; border-top: 1px solid var(--line) }
@media screen and (max-width: 1000px) { .wide { display: none } .narrow { display: block } }
@media print { .scroll { overflow: visible } .t-svg { max-width: 100%; height: auto } details > * { display: block }
  details::details-content { content-visibility: visible }
  section.way { break-inside: avoid-page } }
"""
_LIST_STYLE = """
input[type=search] { width: 100%; max-width: 28rem; margin: .4rem 0 .8rem; padding: .5rem .7rem; font: inherit;
  color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px }
th button { padding: 0; border: 0; background: none; font: inherit; color: inherit; cursor: pointer }
th[aria-sort=ascending] button::after { content: " ▲" } th[aria-sort=descending] button::after { content: " ▼" }
td.path { overflow-wrap: anywhere; min-width: 12rem } td.number { white-space: nowrap }
@media print { input[type=search] { display: none } }
"""
SCRIPT = """
const table = document.querySelector('table.streams'), body = table.tBodies[0], field = document.querySelector('input');
const count = document.querySelector('output');
table.tHead.addEventListener('click', event => {
  const head = event.target.closest('th');
  if (!head) return;
  const down = head.getAttribute('aria-sort') === 'ascending';
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const key = row => row.cells[head.cellIndex].dataset.key ?? row.cells[head.cellIndex].innerText;
  const rows = [...body.rows].sort((row, other) => {
    const one = key(row), two = key(other), order = one - two;
    return Number.isNaN(order) ? one.localeCompare(two) : order;
  });
  body.append(...(down ? rows.reverse() : rows));
});
field.addEventListener('input', () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of body.rows) {
    const fits = words.every(word => row.dataset.words.includes(word));
    row.hidden = !fits;
    const section = document.getElementById(row.dataset.section);
    if (section) section.hidden = !fits;
    shown += fits;
  }
  count.textContent = words.length ? `${shown} of ${body.rows.length}` : '';
});
"""
_HEADS = ("Verdict", "Stream", "Hops", "Silence", "Length", "Where")


def render(report: TraceReport, _shown: TraceShown) -> str:
    """The page. Its one script sorts and searches the list; the policy of the page lets no other run."""
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    listed = len(report.streams) > 1
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    title = escape(summary_phrase(report.streams))
    return "".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            f"<title>infralint trace: {title}</title>",
            f"<style>{PAGE_STYLE}{PICTURE_STYLE}{WAYS_STYLE}{_LIST_STYLE}</style></head><body>\n",
            f"<h1>{title}</h1>",
            '<p class="faint">The way of each stream from the browser to the code that sends it, as infralint read it.</p>',
            *(_list(report.streams) if listed else ()),
            *sections(report.streams),
            *_rest(report),
            f"<script>{SCRIPT}</script>" if listed else "",
            "</body></html>\n",
        ]
    )


def sections(streams: Sequence[TracedStream]) -> Iterator[str]:
    """A section for each stream: its verdict, its picture for wide screens and for narrow ones, and its hops in words."""
    for number, stream in enumerate(streams, 1):
        yield "".join(_section(stream, number))


def report_part(streams: Sequence[TracedStream]) -> Iterator[str]:
    """The ways of streams for the report page of another command, which runs no script."""
    if not streams:
        return
    yield f"<style>{PICTURE_STYLE}{WAYS_STYLE}</style><h2>Ways</h2>\n"
    yield from sections(streams[:MOST_PICTURES])
    if len(streams) > MOST_PICTURES:
        yield f"<p>{len(streams) - MOST_PICTURES} more: <code>infralint trace --format html</code></p>"


def _list(streams: Sequence[TracedStream]) -> Iterator[str]:
    yield '<input type="search" placeholder="Search: a path, a host, a hop, a verdict" aria-label="Search streams">'
    yield ' <output class="faint"></output>\n<div class="scroll"><table class="streams cards"><thead><tr>'
    yield "".join(f'<th scope="col"><button type="button">{head}</button></th>' for head in _HEADS)
    yield "</tr></thead><tbody>\n"
    for number, stream in enumerate(streams, 1):
        yield _row(stream, number)
    yield "</tbody></table></div>\n"


def _row(stream: TracedStream, number: int) -> str:
    verdict, way = stream.verdict, stream.worst
    legs = way.trace.legs if way is not None else ()
    blamed = legs[verdict.position].name if verdict.position is not None and legs else ""
    words = " ".join(
        [
            stream.name,
            verdict.outcome,
            verdict.reason,
            *(leg.name for each in stream.ways for leg in each.trace.legs),
            *(finding.check for finding in stream.findings),
        ]
    )
    times = [way.shortest(*phases) if way is not None else None for phases in (SILENCE, LENGTH)]
    cells = [
        f'<td data-key="{OUTCOMES.index(verdict.outcome)}"><span class="tag {OUTCOME_TONES[verdict.outcome]}">'
        f"{verdict.outcome}</span></td>",
        f'<td class="path"><a href="#stream-{number}">{escape(stream.name)}</a></td>',
        f'<td class="number" data-label="Hops">{len(legs)}</td>',
        *(
            f'<td class="number" data-label="{label}" data-key="{found[1].value if found else 1e12:g}">'
            f"{seconds(found[1].value) if found else ''}</td>"
            for label, found in zip(_HEADS[3:5], times, strict=True)
        ),
        f'<td class="path" data-label="Where">{escape(blamed)}</td>',
    ]
    return f'<tr data-section="stream-{number}" data-words="{escape(words.lower())}">{"".join(cells)}</tr>\n'


def _section(stream: TracedStream, number: int) -> Iterator[str]:
    verdict, wording = stream.verdict, headline_phrase(stream)
    tone = OUTCOME_TONES[verdict.outcome]
    yield f'<section class="way" id="stream-{number}"><h3>{escape(stream.name)}</h3>'
    yield f'<p><span class="tag {tone}">{escape(wording)}</span></p>'
    yield f"<p>{prose(verdict.reason)}</p>"
    if verdict.finding is not None and verdict.finding.fix:
        yield _fix(verdict.finding)
    belief = belief_phrase(stream.stream)
    about = f"{capitalize(belief)}. It {needs_phrase(stream.stream)}."
    yield f'<p class="faint">{prose(about)}</p>'
    if stream.ways:
        wide, narrow = picture([stream], ON_A_PAGE, alone=False), picture([stream], columns=1, alone=False)
        yield f'<figure class="scroll wide">{wide}</figure><figure class="scroll narrow">{narrow}</figure>'
    for position, each in enumerate(stream.ways, 1):
        yield from _way(each, position, len(stream.ways))
    yield "</section>\n"


def _way(way: TracedWay, number: int, count: int) -> Iterator[str]:
    """The hops of a way in words."""
    title = f"Way {number} of {count}, hop by hop" if count > 1 else "Hop by hop"
    condition = condition_phrase(way) if count > 1 else ""
    yield f"<details><summary>{title}</summary>"
    if condition:
        yield f'<p class="faint">{prose(condition)}</p>'
    for position, leg in enumerate(way.trace.legs):
        rows = "".join(map(_fact, facts(way, position)))
        yield f"<h4>{position + 1} {escape(leg.name)} <small class='faint'>{escape(str(leg.hop.where))}</small></h4>"
        yield f'<dl class="facts">{rows}</dl>'
        for finding in way.findings_at(position):
            yield _finding(finding)
        for unknown in way.unknown_at(position):
            yield f"<p>Could not tell: {prose(unknown_message(unknown))}</p>"
    end = way.answer if way.trace.is_dead_end else end_phrase(way.trace)
    if end:
        yield f"<p>→ {prose(end)}</p>"
    yield "</details>"


def _fact(fact: Fact) -> str:
    css = fact.state if fact.state in ("error", "warning", "note", "weakest") else ""
    source = f"<br><small class='faint'>{prose(fact.source)}</small>" if fact.source else ""
    return f'<dt>{escape(fact.label)}</dt><dd class="{css}"><b>{prose(fact.text)}</b>{source}</dd>'


def _finding(finding: Finding) -> str:
    fix = _fix(finding) if finding.fix else ""
    check = f"<code>{escape(finding.check)}</code>"
    return (
        f'<article class="{finding.severity}"><span class="tag">{finding.severity}</span> {check}'
        f"<p>{prose(finding.message)}</p>{fix}</article>"
    )


def _fix(finding: Finding) -> str:
    return f"<p class='faint'>Write:</p><pre>{escape_html(visible_lines(finding.fix))}</pre>"


def _rest(report: TraceReport) -> Iterator[str]:
    """What was not read, or could not be told, of the whole project."""
    parts = {
        "Could not be read": [f"{entry.where}: {entry.message}" for entry in report.unreadable],
        "Could not tell": [f"{entry.where}: {unknown_message(entry)}" for entry in report.unknown],
        UNFOLLOWED: [str(entry) for entry in report.unfollowed],
        UNSUPPORTED: report.seen,
        "Left out": [left_out] if (left_out := left_out_phrase(report)) else [],
    }
    for title, phrases in parts.items():
        if phrases:
            items = "".join(f"<li>{prose(phrase)}</li>" for phrase in phrases)
            yield f'<h2>{title}</h2><ul class="plain">{items}</ul>'
