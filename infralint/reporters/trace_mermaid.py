"""Traces as Mermaid flowcharts in Markdown, for pull requests: https://mermaid.js.org/syntax/flowchart.html"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.engine.outcomes import TracedStream, TracedWay
from infralint.engine.tracing import TraceReport
from infralint.model import STRONG, Known
from infralint.reporters.trace_facts import (
    State,
    branch_phrase,
    clocks_of,
    condition_phrase,
    dialled_by,
    effect_phrase,
    end_phrase,
    headline_phrase,
    left_out_phrase,
    name_beside_place,
    request_phrase,
    severity_at,
    summary_phrase,
    ways_shown,
)
from infralint.reporters.trace_text import MARKS, TraceShown
from infralint.text.display import visible
from infralint.text.wording import seconds

LONGEST = 90
"""Characters of one line of a label."""
_CLASSES: dict[State, str] = {"error": "broken", "warning": "doubtful", "unknown": "unknown"}
_STYLES = (
    "classDef broken stroke:#c0262d,stroke-width:3px",
    "classDef doubtful stroke:#9a6700,stroke-width:3px",
    "classDef unknown stroke:#0969da,stroke-dasharray:5 3",
    "classDef outside stroke-dasharray:2 3",
)


def render(report: TraceReport, _shown: TraceShown) -> str:
    """Markdown with a heading and a flowchart for each way."""
    blocks = ["\n".join(_stream(stream)) for stream in report.streams]
    if len(report.streams) > 1:
        blocks.insert(0, f"{_plain(summary_phrase(report.streams))}.")
    if left_out := left_out_phrase(report):
        blocks.append(f"{_plain(left_out)}.")
    return "\n\n".join(blocks or ["Nothing here is known to stream."]) + "\n"


def _stream(stream: TracedStream) -> Iterator[str]:
    verdict = stream.verdict
    yield f"**{_plain(stream.name)}** {_plain(headline_phrase(stream))}: {_plain(verdict.reason)}"
    ways, rest = ways_shown(stream)
    for number, each in enumerate(ways, 1):
        if len(stream.ways) > 1:
            condition = condition_phrase(each)
            yield ""
            yield _plain(branch_phrase(each, number, len(stream.ways)) + (f", {condition}" if condition else ""))
        yield ""
        yield from ("```mermaid", "flowchart LR", *(f"    {line}" for line in _chart(each)), "```")
    if rest:
        yield f"\n… {_plain(rest)}"


def _chart(way: TracedWay) -> Iterator[str]:
    trace = way.trace
    yield 'browser(["browser"])'
    before = "browser"
    label = request_phrase(trace.legs[0].inbound) if trace.legs else ""
    for position, leg in enumerate(trace.legs):
        name = f"hop{position + 1}"
        css = _CLASSES.get(severity_at(way, position), "")
        yield f'{name}["{_label(list(_lines(way, position)))}"]{f":::{css}" if css else ""}'
        yield _edge(before, name, label, leg.basis is None or leg.basis in STRONG)
        before, label = name, dialled_by(leg)
    end = end_phrase(trace)
    if end:
        text = way.answer if trace.is_dead_end else end
        css = "broken" if trace.is_dead_end else "unknown" if trace.end == "unknown" else "outside"
        basis = trace.ending.basis if trace.ending is not None else None
        yield f'last["{_label([text])}"]:::{css}'
        yield _edge(before, "last", label, basis is None or basis in STRONG)
    yield from _STYLES


def _lines(way: TracedWay, position: int) -> Iterator[str]:
    """What stands in the box of a hop."""
    leg = way.trace.legs[position]
    yield f"{position + 1} {name_beside_place(leg)}"
    yield str(leg.hop.where)
    for label, clock in clocks_of(way, position):
        if clock.phase != "connect":
            yield f"{label} {seconds(clock.limit.value) if isinstance(clock.limit, Known) else 'not known'}"
    for finding in way.findings_at(position):
        if finding.severity != "note":
            yield f"{MARKS[finding.severity]} {effect_phrase(finding)} ({finding.check})"


def _edge(before: str, name: str, label: str, certain: bool) -> str:
    words = " ".join(part for part in ("" if certain else "perhaps", label) if part)
    arrow = "-->" if certain else "-.->"
    return f'{before} {arrow}|"{_label([words])}"| {name}' if words else f"{before} {arrow} {name}"


def _label(lines: list[str]) -> str:
    """Text in a box: what Mermaid or HTML would take for its own is an entity."""
    return "<br/>".join(_entities(line[: LONGEST - 1] + "…" if len(line) > LONGEST else line) for line in lines)


def _entities(text: str) -> str:
    shown = visible(text)
    return "".join(f"#{ord(character)};" if character in '"#<>&;`[]{}|\\' else character for character in shown)


def _plain(text: str) -> str:
    """Text in Markdown that is nothing but text."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|~" else character for character in visible(text))
