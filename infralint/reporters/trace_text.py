"""A stream's way for a terminal: one block a hop, in 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from infralint.engine.outcomes import Outcome, TracedStream, TracedWay
from infralint.engine.tracing import TraceReport
from infralint.model import SEVERITIES, STRONG, Finding, Known, Leg, Unknown
from infralint.reporters.colors import paint
from infralint.reporters.phrases import UNFOLLOWED, UNSUPPORTED, unknown_message
from infralint.reporters.trace_facts import (
    BASES,
    Fact,
    belief_phrase,
    branch_phrase,
    clocks_of,
    condition_phrase,
    dialled_by,
    effect_phrase,
    end_phrase,
    facts,
    headline_phrase,
    left_out_phrase,
    name_beside_place,
    needs_phrase,
    place_of_answer,
    request_phrase,
    severity_at,
    source_phrase,
    summary_phrase,
    ways_shown,
)
from infralint.text.display import visible, visible_lines
from infralint.text.lazy import lazy
from infralint.text.wording import capitalize, listing, plural, seconds

WIDTH = 80
LABEL = 10
"""Columns of a fact's label."""
OUTCOME_COLORS: dict[Outcome, str] = {
    "breaks": "error",
    "not served": "error",
    "may break": "warning",
    "could not tell": "note",
    "flows": "good",
}
MARKS: dict[str, str] = {"error": "✗", "warning": "!", "note": "·", "unknown": "?", "": " ", "weakest": " "}
_STATE_COLORS = {"error": "error", "warning": "warning", "note": "note", "unknown": "note", "weakest": "bold", "": ""}


class TraceShown(msgspec.Struct, frozen=True):
    """How much of a trace is shown. compact: one line a hop. explain: also why not otherwise. color: use it."""

    compact: bool = False
    verbose: bool = False
    explain: bool = False
    color: bool = False


def render(report: TraceReport, shown: TraceShown) -> str:
    """The streams one after the other, then what could not be read."""
    page = _TracePage(shown)
    blocks = ["\n".join(page.stream(stream)) for stream in report.streams]
    rest = list(page.rest(report))
    if rest:
        blocks.append("\n".join(rest))
    separator = "\n" if shown.compact and not shown.verbose else "\n\n"
    return separator.join(blocks) + "\n" if blocks else ""


_COMMENT = lazy(r"(.*?)(?:^|(?<=\S) {2,})((?:#|//) .*)")
"""What is to be written, and a comment behind it or alone."""


def _fold_comment(line: str, width: int) -> list[str]:
    """A line to be written; a comment that is too long for the page is folded below it, what it explains stays whole."""
    found = _COMMENT.fullmatch(line) if len(line) > width else None
    if found is None:
        return [line]
    mark, _, words = found[2].partition(" ")
    indent = " " * (len(line) - len(line.lstrip()))
    room = max(width - len(indent) - len(mark) - 1, 20)
    comments = textwrap.wrap(words, room, break_long_words=False, break_on_hyphens=False)
    return [*filter(None, [found[1]]), *(f"{indent}{mark} {comment}" for comment in comments)]


@lru_cache(maxsize=4096)
def _break(text: str, width: int, hanging: str = "") -> Sequence[str]:
    """The lines of a text; a word is broken only where it fits on no line, behind a slash if it has one."""
    room = max(width, 20)
    words = (_cut_path(word, room - len(hanging)) for word in visible(text).split(" "))
    lines = textwrap.wrap(
        " ".join(words), room, subsequent_indent=hanging, break_on_hyphens=False, break_long_words=True
    )
    return [visible(line) for line in lines] or [""]  # broken anew, a line may begin with what gives orders to CI


def _cut_path(word: str, width: int) -> str:
    """A word that fits on no line, in pieces that do, each but the last with a slash at its end, as far as it has any."""
    cut = word.rfind("/", 0, width) + 1 if len(word) > width else 0
    return f"{word[:cut]} {_cut_path(word[cut:], width)}" if 0 < cut < len(word) else word


class _TracePage(msgspec.Struct, frozen=True):
    shown: TraceShown

    def stream(self, stream: TracedStream) -> Iterator[str]:
        """One stream with all its ways."""
        if self.shown.compact:
            yield from self._compact(stream)
            return
        yield from self._head(stream)
        before: TracedWay | None = None
        ways, rest = self._ways(stream)
        for number, way in enumerate(ways, 1):
            yield ""
            if len(stream.ways) > 1:
                yield from self._branch(way, number, len(stream.ways))
            shared = _common_hops(before, way)
            yield from self._way(way, shared)
            before = way
        if rest:
            yield from ("", *self._wrap(rest, "", "bold"))

    def _ways(self, stream: TracedStream) -> tuple[Sequence[TracedWay], str]:
        """The ways that are shown, and what is said of the others."""
        ways, rest = (stream.ways, "") if self.shown.verbose else ways_shown(stream)
        return ways, f"… {rest} (-v shows them)" if rest else ""

    def _head(self, stream: TracedStream) -> Iterator[str]:
        verdict = stream.verdict
        color = OUTCOME_COLORS[verdict.outcome]
        yield self._paint("bold", visible(stream.name))
        yield from self._wrap(capitalize(headline_phrase(stream)), "", color)
        yield from self._wrap(verdict.reason, "  ")
        if verdict.finding is not None and verdict.finding.fix:
            yield from self._fix(verdict.finding, "  ")
        yield ""
        yield from self._wrap(belief_phrase(stream.stream), "  ", "dim")
        yield from self._wrap(needs_phrase(stream.stream), "  ", "dim")
        doubts = dict.fromkeys(way.way.doubt for way in stream.ways if way.way.doubt)
        for doubt in doubts:
            yield from self._wrap(f"in doubt: {doubt}", "  ", "note")

    def _branch(self, way: TracedWay, number: int, count: int) -> Iterator[str]:
        """The heading of one of several ways, and when it is taken."""
        yield from self._wrap(branch_phrase(way, number, count), "", OUTCOME_COLORS[way.verdict.outcome])
        condition = condition_phrase(way)
        if condition:
            yield from self._wrap(condition, "  ")

    def _way(self, way: TracedWay, shared: int) -> Iterator[str]:
        """The hops of a way, from the browser on. shared: how many of them the way before had as well."""
        legs = way.trace.legs
        yield self._paint("bold", " browser") if not shared else self._paint("dim", f" … as above up to hop {shared}")
        for position in range(shared, len(legs)):
            yield self._arrow(way, position)
            yield from self._hop(way, position)
        yield from self._end(way)

    def _arrow(self, way: TracedWay, position: int) -> str:
        """The line that leads to a hop, and how it was found."""
        leg = way.trace.legs[position]
        if position == 0 or leg.basis is None:
            return self._paint("frame", " ▼")
        dialled = dialled_by(way.trace.legs[position - 1])
        text = f"{dialled} ({BASES[leg.basis]})" if dialled else BASES[leg.basis]
        style = "dim" if leg.basis in STRONG else "note"
        return self._lines(text, f"{self._paint('frame', ' ▼')}  ", " │  ", style)

    def _hop(self, way: TracedWay, position: int) -> Iterator[str]:
        leg = way.trace.legs[position]
        state = severity_at(way, position)
        blamed = way.verdict.position == position and way.verdict.outcome not in ("flows", "not served")
        color = _STATE_COLORS[state] if blamed or state in ("error", "warning") else "bold"
        mark = MARKS[state] if state in ("error", "warning", "unknown") else " "
        deed = ""
        if blamed and way.verdict.finding is not None:
            deed = f"  ◀ {effect_phrase(way.verdict.finding)}"
        name, place = visible(f"{mark}{position + 1} {name_beside_place(leg)}"), visible(str(leg.hop.where))
        together = len(name) + len(place) + len(deed) + 2 <= WIDTH
        beside = f"  {self._paint('dim', place)}" if together else ""
        yield f"{self._paint(color, name)}{beside}{self._paint(color, deed)}"
        if not together:
            yield from self._wrap(place, " │    ", "dim", " │")
        shown_facts = facts(way, position)
        for fact in shown_facts:
            if self.shown.verbose or not fact.needless or fact.state in ("error", "unknown"):
                yield from self._fact(fact)
        for finding in way.findings_at(position):
            yield from self._finding(finding, way)
        for finding in (ignored for ignored in way.ignored if ignored.provenance.position == position):
            yield from self._wrap(f"accepted: {finding.check}: {finding.message}", " │  · ", "dim", " │")
        for unknown in way.unknown_at(position):
            is_shown = any(unknown.why in fact.source for fact in shown_facts)
            yield from self._unknown(unknown, is_shown)
        if self.shown.explain:
            yield from self._explain(way, position)
        yield self._paint("frame", " │")

    def _fact(self, fact: Fact) -> Iterator[str]:
        label = f"{fact.label:<{LABEL}}"
        text = f"{fact.text}  ◀ the weakest" if fact.state == "weakest" else fact.text
        color = _STATE_COLORS[fact.state]
        first = f" │    {label} "
        lines = _break(f"{text}: {fact.source}" if fact.source else text, WIDTH - len(first))
        bar = self._paint("frame", " │")
        yield f"{bar}    {self._paint('dim', label)} {self._paint(color, lines[0])}"
        yield from (f"{bar}    {' ' * LABEL} {self._paint(color, line)}" for line in lines[1:])

    def _finding(self, finding: Finding, way: TracedWay) -> Iterator[str]:
        """What a check says; the one that is the verdict stands above already."""
        mark = MARKS[finding.severity]
        is_verdict = finding is way.verdict.finding
        text = f"{finding.check}: {effect_phrase(finding) if is_verdict and finding.effect else finding.message}"
        yield from self._wrap(text, f" │  {mark} ", finding.severity, " │")
        if finding.fix and not is_verdict:
            yield from self._fix(finding, "    ", " │")

    def _fix(self, finding: Finding, indent: str, bar: str = "") -> Iterator[str]:
        frame = self._paint("frame", bar) if bar else ""
        yield f"{frame}{indent}write:"
        for line in visible_lines(finding.fix).splitlines():
            for part in _fold_comment(line, WIDTH - len(bar) - len(indent) - 4):
                yield f"{frame}{indent}    {self._paint('fix', part)}"

    def _unknown(self, unknown: Unknown, is_shown: bool) -> Iterator[str]:
        """What could not be told, unless a fact shows it already, and what to do to be told."""
        text = f"could not tell {unknown_message(unknown)} ({unknown.where})"
        if not is_shown:
            yield from self._wrap(text, " │  ? ", "note", " │")
        if unknown.remedy:
            yield from self._wrap(f"to be told: {unknown.remedy}", " │  ? " if is_shown else " │    ", "note", " │")

    def _end(self, way: TracedWay) -> Iterator[str]:
        text = end_phrase(way.trace)
        if not text:
            return
        answered = way.trace.is_dead_end
        mark = " ✗" if answered else " ▼" if way.trace.end in ("origin", "leaves the project") else " ?"
        color = "error" if answered else "bold" if mark == " ▼" else "note"
        shown = way.answer if answered else text
        yield from self._wrap(shown, f"{mark} ", color, first_color=color)
        place = place_of_answer(way.trace)
        if place is not None:
            ending = way.trace.ending
            written = ending.answer.written if ending is not None and ending.answer is not None else ""
            yield from self._wrap(f"`{written}` at {place}" if written else str(place), "   ", "dim")
        if answered and way.trace.ending is not None:
            yield from self._wrap(f"asked: {request_phrase(way.trace.ending.request)}", "   ", "dim")
            selection = way.end_selection
            steps = "; ".join(step.message for step in selection.steps)
            if steps:
                yield from self._wrap(f"chosen: {steps}", "   ", "dim")
            if self.shown.explain or self.shown.verbose:
                for rival in selection.rivals:
                    yield from self._wrap(f"not {rival.name} ({rival.where}): {rival.reason}", "   ", "dim")

    def _explain(self, way: TracedWay, position: int) -> Iterator[str]:
        """Why this hop, why these values, and what would change the verdict."""
        leg = way.trace.legs[position]
        selection = way.selection(position)
        yield from self._list("why here", [f"{step.message} ({step.location})" for step in selection.steps])
        rivals = [f"{rival.name} ({rival.where}): {rival.reason}" for rival in selection.rivals]
        yield from self._list("why not", rivals or (["nothing else takes the request"] if selection.steps else []))
        for label, setting in _settings(way, position):
            if isinstance(setting, Known) and setting.name:
                lines = [f"{related.location}: {related.message}" for related in leg.hop.lines_of(setting)]
                lines += [f"{related.location}: {related.message}" for related in setting.related]
                nothing = f"nothing sets {setting.name}: {source_phrase(setting, leg.hop)}"
                yield from self._list(f"{label}:", lines or ([nothing] if setting.origin == "default" else []))
        yield from self._list("what would change it", list(_changes(way, position)))

    def _list(self, title: str, lines: Sequence[str]) -> Iterator[str]:
        if not lines:
            return
        yield f"{self._paint('frame', ' │')}    {self._paint('bold', title)}"
        for line in lines:
            yield from self._wrap(line, " │      ", "", " │", hanging="  ")

    def _compact(self, stream: TracedStream) -> Iterator[str]:
        verdict = stream.verdict
        check = f" ({verdict.finding.check})" if verdict.finding is not None else ""
        lines = _break(f"{stream.name}: {headline_phrase(stream)}{check}", WIDTH)
        color = OUTCOME_COLORS[verdict.outcome]
        yield from (self._paint(color, line) for line in lines)
        ways, rest = self._ways(stream)
        for number, each in enumerate(ways, 1):
            if len(stream.ways) > 1:
                yield from self._wrap(f"{branch_phrase(each, number, len(stream.ways))}{_condition(each)}", " ", "dim")
            for position, leg in enumerate(each.trace.legs):
                state = severity_at(each, position)
                clocks = [
                    f"{label} {seconds(clock.limit.value) if isinstance(clock.limit, Known) else '?'}"
                    for label, clock in clocks_of(each, position)
                    if clock.phase != "connect"
                ]
                perhaps = "perhaps " if leg.basis is not None and leg.basis not in STRONG else ""
                tail = f"  {', '.join(clocks)}" if clocks else ""
                room = max(WIDTH - 6 - len(tail), 24)
                name, place = _short_name(leg, perhaps, room)
                first, *further = _break(name, room)
                line = f" {MARKS[state]} {position + 1:>2} {first}{visible(tail)}"
                yield self._paint(_STATE_COLORS[state], line) if state else line
                for text in (*further, *filter(None, [place])):
                    yield from self._wrap(text, "      ", "dim")
            end = end_phrase(each.trace)
            if each.trace.end == "leaves the project":
                end = f"{each.trace.end_reason}: nothing that was read here listens there"
            if end:
                yield from self._wrap(end, "    → ")
        if rest:
            yield from self._wrap(rest, " ", "dim")

    def rest(self, report: TraceReport) -> Iterator[str]:
        """What could not be read, and how many streams there are."""
        for unreadable in report.unreadable:
            text = f"unreadable {unreadable.where}: {unreadable.message}"
            yield from self._wrap(text, "", "error")
        yield from self._untold(report)
        if report.unfollowed and self.shown.verbose:
            yield f"{UNFOLLOWED}:"
            for entry in report.unfollowed:
                yield from self._wrap(str(entry), "  ", hanging="  ")
        elif report.unfollowed:
            places = plural(len(report.unfollowed), "place")
            names = "it" if len(report.unfollowed) == 1 else "them"
            text = f"{places} that may stream could not be followed (-v names {names})."
            yield from self._wrap(text, "", "note")
        if report.seen:
            yield from self._wrap(f"{UNSUPPORTED}: {listing(report.seen, most=len(report.seen))}.", "")
        if report.elsewhere:
            others = plural(report.elsewhere, "more stream" if report.streams else "stream")
            text = f"{others} of the project lead{'s' if report.elsewhere == 1 else ''} through other folders (--in FOLDER)."
            yield from self._wrap(text, "", "dim")
        elif not report.streams:
            yield "Nothing here is known to stream. Name a path: infralint trace /api/chat"
        if len(report.streams) > 1:
            yield self._paint("bold", f"{summary_phrase(report.streams)}.")
        if left_out := left_out_phrase(report):
            yield f"{left_out}."

    def _untold(self, report: TraceReport) -> Iterator[str]:
        """What could not be told of the project, or how much, but for what stands in the ways already."""
        shown = {unknown for stream in report.streams for way in stream.ways for _, unknown in way.unknown}
        rest = [unknown for unknown in report.unknown if replace(unknown, places=1) not in shown]
        if self.shown.verbose:
            for unknown in rest:
                yield from self._wrap(f"could not tell {unknown.where}: {unknown_message(unknown)}", "", "note")
        elif rest:
            yield from self._wrap(f"{plural(len(rest), 'more thing')} could not be told (-v names what).", "", "note")

    def _wrap(
        self, text: str, indent: str, color: str = "", bar: str = "", first_color: str = "", hanging: str = ""
    ) -> Iterator[str]:
        """A text below an indentation, whose bar is painted as a frame."""
        lines = _break(text, WIDTH - len(indent), hanging)
        later = bar + " " * (len(indent) - len(bar))
        for number, line in enumerate(lines):
            margin = indent if number == 0 else later
            shown = self._paint(first_color or "frame", margin) if margin.strip() else margin
            yield f"{shown}{self._paint(color, line)}"

    def _lines(self, text: str, first: str, later: str, color: str) -> str:
        lines = _break(text, WIDTH - len(later))
        return "\n".join(
            f"{first if number == 0 else self._paint('frame', later)}{self._paint(color, line)}"
            for number, line in enumerate(lines)
        )

    def _paint(self, color: str, text: str) -> str:
        return paint(color, text, self.shown.color) if color else text


def _condition(way: TracedWay) -> str:
    condition = condition_phrase(way)
    return f", {condition}" if condition else ""


def _short_name(leg: Leg, perhaps: str, room: int) -> tuple[str, str]:
    """A hop with its place in one line, as whole as there is room for, down to the file's own name; where there is none,
    its name, and its place for a line of its own."""
    hop, where = leg.hop, str(leg.hop.where)
    folders = where.split("/")
    spellings = [f"{name_beside_place(leg)} ({where})", f"{hop.name} ({where})"]
    spellings += [f"{hop.name} (…/{'/'.join(folders[left:])})" for left in range(1, len(folders))]
    written = [visible(f"{perhaps}{spelling}") for spelling in spellings]
    fitting = next((text for text in written if len(text) <= room), "")
    return (fitting, "") if fitting else (f"{perhaps}{hop.name}", where)


def _common_hops(before: TracedWay | None, way: TracedWay) -> int:
    """How many hops two ways begin with together."""
    if before is None:
        return 0
    count = 0
    for leg, other in zip(before.trace.legs, way.trace.legs, strict=False):
        if leg.hop is not other.hop or leg.inbound != other.inbound:
            break
        count += 1
    return min(count, len(way.trace.legs) - (0 if way.trace.ending is not None else 1))


def _settings(way: TracedWay, position: int) -> Iterator[tuple[str, object]]:
    """The settings of a hop that decide about the stream."""
    leg = way.trace.legs[position]
    if leg.hop.origin:
        pass
    elif way.stream.kind == "websocket":
        yield "upgrade", leg.hop.upgrade_of(leg.inbound)
    else:
        yield "buffering", leg.hop.buffering_of(leg.arriving, leg.inbound)
    yield from ((label, clock.limit) for label, clock in clocks_of(way, position) if clock.phase != "connect")


def _changes(way: TracedWay, position: int) -> Iterator[str]:
    """What would change the verdict, at the hop that it blames, or that is next to fail."""
    verdict = way.verdict
    if verdict.finding is not None and verdict.position == position:
        loud = [other for other in way.findings if other is not verdict.finding and other.severity != "note"]
        yield "what is to be written here (above)" if verdict.finding.fix else "another platform or another way"
        if loud:
            then = min(loud, key=lambda finding: SEVERITIES.index(finding.severity))
            leg = way.trace.legs[then.provenance.position]
            more = f", and {plural(len(loud) - 1, 'more problem')}" if len(loud) > 1 else ""
            yield f"then {then.check} is left at hop {then.provenance.position + 1}, {name_beside_place(leg)}{more}"
        else:
            yield "then it flows"
    elif verdict.outcome == "flows":
        for what, found in (
            ("a silence", way.shortest("first-byte", "between-bytes")),
            ("a stream", way.shortest("whole-response", "connection")),
        ):
            if found is not None and found[0] == position:
                yield f"{what} of more than {seconds(found[1].value)} would be cut here"
