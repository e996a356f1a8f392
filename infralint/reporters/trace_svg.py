"""A stream's way as a picture: the hops from left to right, and below them a time axis with what each of them allows."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape as escape_html
from typing import Literal, NamedTuple

import msgspec

from infralint.engine.outcomes import OUTCOMES, TracedStream, TracedWay
from infralint.engine.tracing import TraceReport
from infralint.model import LENGTH, SILENCE, STRONG, Clock, Finding, Known, Leg
from infralint.reporters.trace_facts import (
    State,
    branch_phrase,
    clocks_of,
    condition_phrase,
    effect_phrase,
    end_phrase,
    facts,
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
from infralint.text.wording import capitalize, seconds

FONT = 12
CHARACTER = 7.4
"""Width of a character, in the widest of the usual monospaced fonts (0.61 em)."""
LINE = 17
PADDING = 10
CARD = 240
"""Width of a hop."""
GAP = 68
"""Between two hops, where the arrow is."""
MARGIN = 16
WIDE = 5
"""Hops in a row."""
AXIS = 620
"""Width of the time axis at least, where hops stand beside each other."""
BAR = 9
_TICKS = (1, 10, 60, 600, 3600, 86400)

Tone = Literal["", "error", "warning", "note", "good", "faint", "strong"]
OUTCOME_TONES: dict[str, Tone] = dict(zip(OUTCOMES, ("error", "error", "warning", "note", "good"), strict=True))
_STATE_TONES: dict[State, Tone] = {"error": "error", "warning": "warning", "unknown": "note"}
STYLE = """
.t-svg { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; --t-ink: #1b1f24;
  --t-paper: #fff; --t-faint: #59636e; --t-line: #8c959f; --t-track: #eaeef2; --t-error: #c0262d; --t-warning: #8a5d00;
  --t-note: #0969da; --t-good: #1a7f37 }
@media (prefers-color-scheme: dark) { .t-svg { --t-ink: #e6edf3; --t-paper: #0d1117; --t-faint: #9198a1;
  --t-line: #656c76; --t-track: #2a313c; --t-error: #ff7b72; --t-warning: #d29922; --t-note: #58a6ff;
  --t-good: #3fb950 } }
@media print { .t-svg { --t-ink: #000; --t-paper: #fff; --t-faint: #444; --t-line: #777; --t-track: #ddd;
  --t-error: #a40e26; --t-warning: #7d4e00; --t-note: #0550ae; --t-good: #116329; print-color-adjust: exact;
  -webkit-print-color-adjust: exact } }
.t-svg text { fill: var(--t-ink); white-space: pre } .t-paper { fill: var(--t-paper) }
.t-svg .faint { fill: var(--t-faint) } .t-svg .strong { font-weight: 700 }
.t-svg .error { fill: var(--t-error); font-weight: 700 } .t-svg .warning { fill: var(--t-warning); font-weight: 700 }
.t-svg .over { paint-order: stroke; stroke: var(--t-paper); stroke-width: 5px }
.t-svg .note { fill: var(--t-note) } .t-svg .good { fill: var(--t-good); font-weight: 700 }
.t-card { fill: var(--t-paper); stroke: var(--t-line) } .t-card.error { fill: var(--t-paper); stroke: var(--t-error);
  stroke-width: 2.5 } .t-card.warning { fill: var(--t-paper); stroke: var(--t-warning); stroke-width: 2.5 }
.t-card.note { fill: var(--t-paper); stroke: var(--t-note); stroke-dasharray: 5 3 }
.t-card.outside { stroke-dasharray: 2 3 } .t-arrow { fill: none; stroke: var(--t-line); stroke-width: 1.5 }
.t-arrow.perhaps { stroke-dasharray: 5 4 } .t-head { fill: var(--t-line) } .t-track { fill: var(--t-track) }
.t-bar { fill: var(--t-good) }
.t-bar.error { fill: var(--t-error) } .t-bar.warning { fill: var(--t-warning) } .t-bar.unknown { fill: none;
  stroke: var(--t-note); stroke-dasharray: 4 3 } .t-tick { stroke: var(--t-line); stroke-width: 1; opacity: .5 }
.t-need { stroke: var(--t-ink); stroke-width: 1.5; stroke-dasharray: 4 3 }
"""


class TextLine(NamedTuple):
    """One line of a card, and its tone."""

    text: str
    tone: Tone = ""


class Card(msgspec.Struct, frozen=True):
    """A box of the chain: the browser, a hop, or what stands behind the last one."""

    lines: tuple[TextLine, ...]
    look: str = ""
    certain: bool = True

    @property
    def height(self) -> float:
        return len(self.lines) * LINE + 2 * PADDING - 3


class Canvas(msgspec.Struct):
    """What was drawn, and how far down it goes."""

    width: float
    y: float = 0.0
    parts: list[str] = []

    def text(self, x: float, y: float, text: str, tone: str = "", anchor: str = "start") -> None:
        """A line of text; it begins, or ends, at x."""
        attributes = f' class="{tone}"' if tone else ""
        attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{escape_html(text)}</text>')

    def rect(self, x: float, y: float, width: float, height: float, look: str, round_: float = 2) -> None:
        """A box."""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" rx="{round_}" class="{look}"/>'
        )

    def line(self, x: float, y: float, to_x: float, to_y: float, look: str) -> None:
        """A straight line."""
        self.parts.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" class="{look}"/>')


def render(report: TraceReport, _shown: TraceShown) -> str:
    """All streams in one picture, one below the other."""
    return picture(report.streams, last=left_out_phrase(report))


def picture(streams: Sequence[TracedStream], columns: int = WIDE, alone: bool = True, last: str = "") -> str:
    """A picture of streams. columns: hops in a row. alone: it stands by itself, so that it brings its own style, and says
    which stream it is and what becomes of it. last: a line below them."""
    most = max((len(_cards(way)) for stream in streams for way in ways_shown(stream)[0]), default=1)
    beside = min(columns, most)
    width = 2 * MARGIN + beside * CARD + (beside - 1) * GAP
    canvas = Canvas(max(width, 2 * MARGIN + AXIS) if columns > 1 else width, MARGIN)
    for number, stream in enumerate(streams):
        if number:
            canvas.y += 2 * LINE
        _draw_stream(canvas, stream, columns, alone)
    if not streams:
        canvas.y += LINE
        canvas.text(MARGIN, canvas.y, "Nothing here is known to stream.")
    if last:
        canvas.y += 2 * LINE
        canvas.text(MARGIN, canvas.y, last)
    height = canvas.y + MARGIN
    label = escape_html(visible(summary_phrase(streams) if len(streams) != 1 else _caption(streams[0])), quote=True)
    style = f"<style>{STYLE}</style>" if alone else ""
    size = f'width="{canvas.width:.0f}" height="{height:.0f}" viewBox="0 0 {canvas.width:.0f} {height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="t-svg" role="img" aria-label="{label}" {size}>'
        f'{style}<rect width="100%" height="100%" class="t-paper"/>{"".join(canvas.parts)}</svg>\n'
    )


def _caption(stream: TracedStream) -> str:
    return f"{stream.name}: {stream.verdict.outcome}"


def _draw_stream(canvas: Canvas, stream: TracedStream, columns: int, titled: bool) -> None:
    """Each way of a stream. titled: with the stream's name and its verdict above."""
    room = canvas.width - 2 * MARGIN
    if titled:
        _draw_title(canvas, stream, room)
    ways, rest = ways_shown(stream)
    for number, each in enumerate(ways, 1):
        canvas.y += LINE / 2
        if len(stream.ways) > 1:
            condition = condition_phrase(each)
            text = f"{branch_phrase(each, number, len(stream.ways))}{f'; {condition}' if condition else ''}"
            _paragraph(canvas, text, OUTCOME_TONES[each.verdict.outcome], room)
        _draw_chain(canvas, _cards(each), columns)
        _draw_axis(canvas, each)
    if rest:
        canvas.y += LINE / 2
        _paragraph(canvas, f"… {rest}", "strong", room)


def _draw_title(canvas: Canvas, stream: TracedStream, room: float) -> None:
    verdict = stream.verdict
    _paragraph(canvas, stream.name, "strong", room)
    _paragraph(canvas, capitalize(headline_phrase(stream)), OUTCOME_TONES[verdict.outcome], room)
    _paragraph(canvas, verdict.reason, "faint", room)


def _paragraph(canvas: Canvas, text: str, tone: Tone, room: float) -> None:
    for line in fold(text, room):
        canvas.y += LINE
        canvas.text(MARGIN, canvas.y, line, tone)


@lru_cache(maxsize=256)
def _cards(way: TracedWay) -> Sequence[Card]:
    """The boxes of a way, which each picture of it measures first, and then draws."""
    trace = way.trace
    first = trace.legs[0].inbound if trace.legs else trace.ending.request if trace.ending else None
    asked = fold(f"asks {request_phrase(first)}", CARD - 2 * PADDING, 3) if first is not None else []
    cards = [Card((TextLine("browser", "strong"), *(TextLine(line, "faint") for line in asked)))]
    cards += [_hop_card(way, leg, position) for position, leg in enumerate(trace.legs)]
    end = end_phrase(trace)
    if end:
        answered = trace.is_dead_end
        text = way.answer if answered else end
        tone: Tone = "error" if answered else ""
        lines = tuple(TextLine(line, tone) for line in fold(text, CARD - 2 * PADDING, 8))
        basis = trace.ending.basis if trace.ending is not None else None
        look = "error" if answered else "note" if trace.end == "unknown" else "outside"
        cards.append(Card(lines, look, basis is None or basis in STRONG))
    return cards


def _hop_card(way: TracedWay, leg: Leg, position: int) -> Card:
    room = CARD - 2 * PADDING
    tone = _STATE_TONES.get(severity_at(way, position), "")
    lines = [TextLine(line, "strong") for line in fold(f"{position + 1} {name_beside_place(leg)}", room, 3)]
    lines += [TextLine(line, "faint") for line in fold(str(leg.hop.where), room, 1, keep_end=True)]
    if position:
        lines += [TextLine(line) for line in fold(f"gets {request_phrase(leg.inbound)}", room, 3)]
    for fact in facts(way, position):
        if fact.label in ("buffering", "upgrade", "adds", "takes off"):
            words = fact.text if fact.label in ("buffering", "upgrade") else f"{fact.label} {fact.text}"
            lines += [TextLine(line) for line in fold(words, room, 2)]
    for finding in [finding for finding in way.findings_at(position) if finding.severity != "note"][:3]:
        words = effect_phrase(finding) if finding.effect is not None else finding.check
        lines += [TextLine(line, _tone(finding)) for line in fold(f"{MARKS[finding.severity]} {words}", room, 2)]
        if finding.effect is not None:
            lines += [TextLine(line, "faint") for line in fold(f"  {finding.check}", room, 1)]
    lines += [TextLine(line, "note") for line in fold("? could not tell", room) if way.unknown_at(position)]
    certain = leg.match.certain and (leg.basis is None or leg.basis in STRONG)
    return Card(tuple(lines), tone, certain)


def _tone(finding: Finding) -> Tone:
    return "error" if finding.severity == "error" else "warning"


def _draw_chain(canvas: Canvas, cards: Sequence[Card], columns: int) -> None:
    """The boxes in rows, each row as high as its highest box, with arrows between them."""
    top = canvas.y + LINE / 2
    before: tuple[float, float, float] | None = None
    for start in range(0, len(cards), columns):
        row = cards[start : start + columns]
        height = max(card.height for card in row)
        for column, card in enumerate(row):
            x = MARGIN + column * (CARD + GAP)
            if before is not None:
                if column:
                    y = top + min(height, 60) / 2
                    _arrow(canvas, [(before[0] + CARD, y), (x, y)], card.certain)
                else:
                    middle = top - 20
                    points = [(before[0] + CARD / 2, before[1] + before[2]), (before[0] + CARD / 2, middle)]
                    points += [(x + CARD / 2, middle), (x + CARD / 2, top)]
                    _arrow(canvas, points, card.certain)
            canvas.rect(x, top, CARD, height, f"t-card {card.look}".strip(), 6)
            for number, line in enumerate(card.lines):
                canvas.text(x + PADDING, top + PADDING + FONT + number * LINE - 2, line.text, line.tone)
            before = (x, top, height)
        canvas.y = top + height
        top = canvas.y + 40


def _arrow(canvas: Canvas, points: Sequence[tuple[float, float]], certain: bool) -> None:
    """A line through points with a head at its end; what is only possible is dashed, and says so."""
    (before_x, before_y), (x, y) = points[-2], points[-1]
    look = "t-arrow" if certain else "t-arrow perhaps"
    path = " L".join(f"{at:.1f} {down:.1f}" for at, down in points)
    canvas.parts.append(f'<path d="M{path}" class="{look}"/>')
    head = (
        [(x, y), (x - 8, y - 4.5), (x - 8, y + 4.5)] if before_y == y else [(x, y), (x - 4.5, y - 8), (x + 4.5, y - 8)]
    )
    canvas.parts.append(f'<polygon points="{" ".join(f"{at:.1f},{down:.1f}" for at, down in head)}" class="t-head"/>')
    if certain:
        return
    if before_y == y:
        canvas.text((before_x + x) / 2, y - 7, "perhaps", "note", "middle")
    else:
        canvas.text(x + 10, y - 6, "perhaps", "note")


class NeedMark(NamedTuple):
    """A time that the stream needs, as a line on the axis."""

    label: str
    seconds: float


def _draw_axis(canvas: Canvas, way: TracedWay) -> None:
    """What the stream needs, and what each hop allows, on one scale of time."""
    rows = [(position, leg, _running(way, position)) for position, leg in enumerate(way.trace.legs)]
    rows = [row for row in rows if row[2]]
    if not rows or way.stream.handshake_only:
        return
    wanted = sorted(_needs(way), key=lambda need: need.seconds)
    limits = [clock.limit.value for _, _, clocks in rows for _, clock in clocks if isinstance(clock.limit, Known)]
    finite = [limit for limit in limits if math.isfinite(limit)]
    most = max([600.0, *(need.seconds * 2 for need in wanted), *(limit * 1.5 for limit in finite)])
    left, width = MARGIN, canvas.width - 2 * MARGIN

    def at(value: float) -> float:
        """Where a time stands on the axis, whose scale is logarithmic from one second on."""
        if not math.isfinite(value):
            return left + width
        return left + width * math.log(max(value, 1)) / math.log(most)

    canvas.y += 14
    _paragraph(canvas, "What the stream needs, and what each hop allows", "strong", width)
    canvas.y += 4
    tops = [_draw_need(canvas, need, at(need.seconds), width) for need in wanted]
    if not all(_fits_right(need, at(need.seconds), width) for need in wanted):
        tops = [canvas.y + 3] * len(tops)
    first = len(canvas.parts)
    for position, leg, clocks in rows:
        canvas.y += LINE + 6
        _draw_row(canvas, way, position, leg, clocks, at)
    canvas.y += 8
    bottom = canvas.y
    words = [part for part in canvas.parts[first:] if part.startswith("<text")]
    canvas.parts[first:] = [part for part in canvas.parts[first:] if not part.startswith("<text")]
    for need, top in zip(wanted, tops, strict=True):
        canvas.line(at(need.seconds), top, at(need.seconds), bottom, "t-need")
    canvas.parts += words
    _draw_ticks(canvas, bottom, [(tick, at(tick)) for tick in _TICKS if tick <= most])
    canvas.y = bottom + LINE + 4


def _draw_ticks(canvas: Canvas, y: float, ticks: Sequence[tuple[int, float]]) -> None:
    """The scale below the bars; a time whose words would run into those of the one before goes without."""
    left, right = MARGIN, canvas.width - MARGIN
    canvas.line(left, y, right, y, "t-tick")
    free = float(left)
    for tick, x in ticks:
        canvas.line(x, y, x, y + 5, "t-tick")
        label = len(seconds(tick)) * CHARACTER
        begin = min(max(x - label / 2, left), right - label)
        if begin >= free:
            canvas.text(begin, y + LINE, seconds(tick), "faint")
            free = begin + label + CHARACTER


def _draw_need(canvas: Canvas, need: NeedMark, x: float, width: float) -> float:
    """What a line on the axis means, beside it where there is room, else above it; where the line begins."""
    top, is_left = canvas.y + 4, not _fits_right(need, x, width)
    if not is_left or x - _label_width(need) >= MARGIN:
        canvas.y += LINE
        canvas.text(x - 5 if is_left else x + 5, canvas.y, need.label, "", "end" if is_left else "start")
        return top
    _paragraph(canvas, need.label, "", width)
    return canvas.y + 3


def _label_width(need: NeedMark) -> float:
    return len(need.label) * CHARACTER + 6


def _fits_right(need: NeedMark, x: float, width: float) -> bool:
    """Whether what a line means has room at its right, where no line of a longer time crosses it."""
    return x + _label_width(need) <= MARGIN + width


def _running(way: TracedWay, position: int) -> list[tuple[str, Clock]]:
    """The clocks of a hop that the axis shows: of silence and of length."""
    return [(label, clock) for label, clock in clocks_of(way, position) if clock.phase in (*SILENCE, *LENGTH)]


def _needs(way: TracedWay) -> Iterator[NeedMark]:
    stream = way.stream
    silence, length = stream.longest_silence.seconds, stream.duration.seconds
    if silence == length:
        yield NeedMark(f"needs {seconds(silence)} (silence, length)", silence)
    else:
        yield NeedMark(f"needs {seconds(silence)} (silence)", silence)
        yield NeedMark(f"needs {seconds(length)} (length)", length)
    if stream.heartbeat:
        yield NeedMark(f"pings every {seconds(stream.heartbeat)}", stream.heartbeat)


def _draw_row(
    canvas: Canvas,
    way: TracedWay,
    position: int,
    leg: Leg,
    clocks: Sequence[tuple[str, Clock]],
    at: Callable[[float], float],
) -> None:
    """A hop's name and its times in words, and a bar for each of them."""
    left, width = MARGIN, canvas.width - 2 * MARGIN
    words = ", ".join(f"{label} {_limit(clock)}" for label, clock in clocks)
    room = width - (len(words) + 2) * CHARACTER
    name = f"{position + 1} {leg.name}"
    if room >= columns_of(name) * CHARACTER or room >= 40 * CHARACTER:
        canvas.text(left, canvas.y, fold(name, room, 1)[0], "over")
        canvas.text(left + width, canvas.y, words, "faint over", "end")
    else:
        for number, line in enumerate(fold(name, width)):
            canvas.y += LINE if number else 0
            canvas.text(left, canvas.y, line, "over")
        for line in fold(words, width):
            canvas.y += LINE
            canvas.text(left, canvas.y, line, "faint over")
    cutting = dict(_cutting(way, position))
    for _, clock in clocks:
        canvas.y += BAR + 3
        y = canvas.y - BAR + 3
        canvas.rect(left, y, width, BAR, "t-track")
        if isinstance(clock.limit, Known):
            look = f"t-bar {cutting.get(clock.limit.value, '')}".rstrip()
            canvas.rect(left, y, max(at(clock.limit.value) - left, 3), BAR, look)
        else:
            canvas.rect(left + 1, y + 1, width - 2, BAR - 2, "t-bar unknown")


def _cutting(way: TracedWay, position: int) -> Iterator[tuple[float, Tone]]:
    """The times of a hop by which checks say that it cuts the stream, the loudest last."""
    for finding in reversed(way.findings_at(position)):
        is_loud = finding.severity != "note" and finding.effect in ("cuts", "refuses")
        if is_loud and isinstance(finding.at, Known) and isinstance(finding.at.value, int | float):
            yield finding.at.value, _tone(finding)


def _limit(clock: Clock) -> str:
    return seconds(clock.limit.value) if isinstance(clock.limit, Known) else "not known"


def columns_of(text: str) -> int:
    """How many characters wide a text is; an ideograph is as wide as two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


_SHORT = 4
"""Columns of a line that no address is put below: a hop's number, or `asks`."""


def fold(text: str, room: float, most: int = 0, keep_end: bool = False) -> list[str]:
    """The lines of a text in a width of pixels; what does not fit on so many lines is cut at its end. keep_end: of a path
    that does not fit the last folders are kept, on one line."""
    limit = max(int(room / CHARACTER), 8)
    lines = list(_lines(visible(text), limit))
    if not most or len(lines) <= most:
        return lines
    if keep_end:
        return [_tail(visible(text), limit)]
    last = lines[most - 1][:limit]
    while columns_of(last) > limit - 1:
        last = last[:-1]
    return [*lines[: most - 1], f"{last.rstrip()}…"]


def _tail(path: str, limit: int) -> str:
    """The end of a path, from a slash on where that fits."""
    tail = path[-limit:]
    while columns_of(tail) > limit - 1:
        tail = tail[1:]
    slash = tail.find("/")
    return f"…{tail[slash:] if slash >= 0 else tail}"


def _lines(text: str, limit: int) -> Iterator[str]:
    """Words in lines; a word that is too long is broken, behind a slash if it has one."""
    line = ""
    for word in text.split(" "):
        while _is_wider(f"{line} {word}" if line else word, limit):
            head = _head(word, limit - (columns_of(line) + 1 if line else 0))
            is_joined = columns_of(line) <= _SHORT and head.endswith("/")
            if line and not is_joined and not _is_wider(word, limit):
                yield line
                line = ""
                continue
            if not head:
                yield line
                line = ""
                continue
            yield f"{line} {head}" if line else head
            line, word = "", word[len(head) :]
        line = f"{line} {word}" if line else word
    if line:
        yield line


def _is_wider(text: str, limit: int) -> bool:
    return len(text) > limit or columns_of(text) > limit


def _head(word: str, room: int) -> str:
    """As much of a word as fits; up to its last slash where there is one."""
    head = word[: max(room, 0)]
    while head and columns_of(head) > room:
        head = head[:-1]
    slash = head.rfind("/") + 1
    return head[:slash] if slash > room // 2 else head if room >= 12 else ""
