"""Findings that somebody has looked at: `# infralint: ignore[check] because …`, and `accept:` in infralint.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import accumulate

import msgspec

from infralint.engine.report import Suppression
from infralint.model import Finding, Location, Unreadable
from infralint.project import CantRead, Project
from infralint.project.config import Accepted, places_of
from infralint.text.globs import matches_text
from infralint.text.lazy import lazy
from infralint.text.suggestions import closest

_MARK = "infralint"
_LONGEST = 2_000
"""Characters at the end of a line in which a comment to infralint is looked for; what is text or comment in a longer
line is not told from code."""
_MOST_SHOWN = 80
"""Characters of a comment in a message about it."""
_END = lazy(r"(?:-?#\}|-?\*/\s*-?\}\}|-?\}\}|\*/|-->)$")
_OURS = lazy(r"(?:#|//|/?\*|<!--)\s*infralint\b\s*(:?)\s*(.*)$", re.IGNORECASE)
_STREAM = lazy(r"stream\s*=\s*(?:sse|websocket|ws)\b", re.IGNORECASE)
_IGNORE = lazy(r"infralint\s*:\s*ignore\s*(?:\[([^\]\n]*)\]\s*)?(?:because\b[:\s]*(.*))?$")
_COMMENT_ONLY = lazy(r"^\s*(?:#|//|/\*|\*|<!--|\{#|\{\{-?\s*/\*)")
_NOT_CODE = lazy(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:#|//).*$|\$\{[^{}]*\}|\{\{.*?\}\}|\{%.*?%\}")
_OPENS_COMMENT = lazy(r"/\*|\{#|<!--")
_CLOSES_COMMENT = {"/*": "*/", "{#": "#}", "<!--": "-->"}


class Ignore(msgspec.Struct, eq=False):
    """One ignore: the checks it names (none: every check), its reason, where it stands, and what it kept silent.

    path_of: a shown path from the project's root.
    """

    checks: tuple[str, ...]
    reason: str
    where: Location
    written: str
    lines: frozenset[int] = frozenset()
    accepted: Accepted | None = None
    path_of: Callable[[str], str] = str
    used: list[Finding] = []

    def covers(self, finding: Finding) -> bool:
        """Whether this ignore is about a finding: by the lines it stands at, or by the hop that it names."""
        if self.checks and finding.check not in self.checks:
            return False
        if self.accepted is not None:
            return _accepts(self.accepted, finding, self.path_of)
        return any(place.path == self.where.path and place.line in self.lines for place in _anchors(finding))

    def suppress(self, finding: Finding) -> Suppression:
        """The finding, kept silent by this ignore."""
        return Suppression(finding, "accept" if self.accepted else "comment", self.reason, self.where)


def find_addressing(project: Project, files: Iterable[str]) -> list[str]:
    """The files, of those with these shown paths, in which infralint is addressed at all."""
    shown_of = {project.path_of(shown): shown for shown in files}
    found = project.glance_at_all("comments to infralint", shown_of, partial(_addresses, project), _address_nobody)
    return [shown_of[path] for path in found]


def _addresses(project: Project, path: str) -> bool:
    try:
        return project.holds(path, _MARK)
    except CantRead:
        return False


def _address_nobody(contents: Sequence[bytes]) -> bool:
    return _MARK.encode() not in b"\n".join(contents).lower()


def ignores_of(project: Project, files: Iterable[str]) -> list[Ignore]:
    """Every ignore of a project. files: the shown paths of what was read."""
    found = [ignore for path in files for ignore in _in_file(project, path)]
    return [*found, *_of_settings(project)]


def apply_ignores(findings: Sequence[Finding], ignores: Sequence[Ignore]) -> tuple[list[Finding], list[Suppression]]:
    """The findings that no ignore covers, and the others; each ignore remembers what it covered."""
    kept, suppressed = [], []
    for finding in findings:
        covering = [ignore for ignore in ignores if ignore.covers(finding)]
        for ignore in covering:
            ignore.used.append(finding)
        if covering:
            suppressed.append(covering[0].suppress(finding))
        else:
            kept.append(finding)
    return kept, suppressed


def find_mistyped(project: Project, files: Iterable[str], names: Sequence[str]) -> Iterator[Unreadable]:
    """Comments to infralint that it does not understand. names: of the checks there are."""
    for path in files:
        for number, line in enumerate(_lines(project, path), 1):
            before, end = _end_of(line)
            if _MARK in end.lower() and (found := _OURS.search(_without_end(end))):
                if wrong := _misunderstood(found[2], bool(found[1]) and _MARK in end, names):
                    start = before + found.start() + 1
                    yield Unreadable(wrong, Location(path, number, start, number, len(line.rstrip()) + 1))


def _without_end(comment: str) -> str:
    """A comment without what closes it."""
    return _END.sub("", comment.rstrip()).rstrip()


def _misunderstood(comment: str, addressed: bool, names: Sequence[str]) -> str:
    """What is wrong with a comment, if it is meant for us and something is. addressed: it begins with `infralint:`."""
    shown = comment if len(comment) <= _MOST_SHOWN else f"{comment[: _MOST_SHOWN - 1]}…"
    word = re.split(r"[^a-z]", comment.lower(), maxsplit=1)[0]
    meant = closest(word, ("ignore", "stream", "disable"), 0.75)
    if meant and not addressed:
        instructs = re.match(r"\w+\s*[\[=]", comment)
        return f"`{shown}` is not heeded: such a comment begins with `infralint:`" if instructs else ""
    meant = "ignore" if meant == "disable" else meant
    if meant == "stream" and not _STREAM.match(comment):
        return f"`{shown}` declares no stream: expected `stream=sse` or `stream=websocket`"
    if meant != "ignore":
        return ""
    found = _IGNORE.search(f"infralint: {comment}")
    if not found:
        return f"`{shown}` ignores nothing: expected `ignore[CHECK] because …`"
    if found[1] is not None and not _names(found[1]):
        return f"`{shown}` names no check: expected `ignore[CHECK] because …`, or `ignore because …` for every check"
    for name in _names(found[1]):
        if near := near_miss(name, names):
            return f"no check is called {name}; did you mean {near}?"
    return ""


def near_miss(name: str, names: Sequence[str]) -> str:
    """The check that a name is mistyped for; none for a check that there is, or one of a pack that is not here."""
    return "" if name in names else closest(name, names, 0.8)


def _lines(project: Project, shown: str) -> list[str]:
    """The lines of a file that says something to infralint; none of one that does not."""
    try:
        text = project.text(project.path_of(shown))
    except CantRead:
        return []
    return text.split("\n") if _MARK in text.lower() else []


def _end_of(line: str) -> tuple[int, str]:
    """How many characters of a line are left out, and the rest, in which its comment stands."""
    before = max(0, len(line) - _LONGEST)
    return before, line[before:]


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[\s,]+", text or "") if name)


def _in_file(project: Project, shown: str) -> Iterator[Ignore]:
    layout = _Layout(_lines(project, shown))
    for number, line in enumerate(layout.lines, 1):
        before, end = _end_of(line)
        if _MARK in end and (found := _IGNORE.search(_without_end(end))) and (found[1] is None or _names(found[1])):
            start = before + found.start() + 1
            where = Location(shown, number, start, number, len(line.rstrip()) + 1)
            ruled = frozenset(layout.ruled_by(number))
            yield Ignore(_names(found[1]), (found[2] or "").strip(), where, found[0].strip(), ruled)


class _Layout(msgspec.Struct, dict=True):
    """The lines of a file, and what comments stand above; each is looked at once, however many comments there are."""

    lines: Sequence[str]

    def ruled_by(self, number: int) -> Iterator[int]:
        """The lines that a comment is about: its own, or, standing alone, the directive or block below it."""
        yield number
        last = self._long_comments.get(number, number)
        if last == number and not _COMMENT_ONLY.match(self.lines[number - 1]):
            return
        if last < len(self.lines) and (below := self._code[last]):
            yield from range(below, self._end_of_block(below) + 1)

    @cached_property
    def _long_comments(self) -> dict[int, int]:
        """The last line of the comment of several lines that a line lies in, by line."""
        found: dict[int, int] = {}
        text = "\n".join(self.lines)
        at, line, counted = 0, 1, 0
        closers = dict(_CLOSES_COMMENT)
        while opening := _OPENS_COMMENT.search(text, at):
            at = opening.end()
            closing = closers.get(opening[0], "")
            end = text.find(closing, at) if closing else -1
            if end < 0:
                closers.pop(opening[0], None)
                continue
            line += text.count("\n", counted, opening.start())
            counted, at = opening.start(), end + len(closing)
            last = line + text.count("\n", counted, at)
            found |= dict.fromkeys(range(line, last + 1), last)
        return found

    @cached_property
    def _code(self) -> list[int]:
        """For each number of lines, the first line after them that holds more than a comment; 0 where there is none."""
        found = [0] * (len(self.lines) + 1)
        for number in range(len(self.lines), 0, -1):
            text = self.lines[number - 1]
            holds = bool(text.strip()) and not _COMMENT_ONLY.match(text)
            found[number - 1] = number if holds else found[number]
        return found

    @cached_property
    def _depths(self) -> list[int]:
        """How many braces are open after so many lines."""
        plain = (line if len(line) > _LONGEST else _NOT_CODE.sub("", line) for line in self.lines)
        return list(accumulate((text.count("{") - text.count("}") for text in plain), initial=0))

    def _end_of_block(self, first: int) -> int:
        """The line that closes the block which a line opens; the line itself if it opens none, or it is never closed."""
        return self._closed_by[first - 1] or first

    @cached_property
    def _closed_by(self) -> list[int]:
        """For each number of lines, the line after which no more braces are open again; 0 where there is none."""
        found = [0] * len(self._depths)
        waiting: list[int] = []
        for number, depth in enumerate(self._depths):
            while waiting and depth <= self._depths[waiting[-1]]:
                found[waiting.pop()] = number
            waiting.append(number)
        return found


def _of_settings(project: Project) -> Iterator[Ignore]:
    """The `accept:` entries; their paths are those of the project, wherever the user stands."""
    entries, shown = project.settings.accept, project.config_name
    if entries:
        keys = [f"$.accept[{index}]" for index in range(len(entries))]
        yield from map(partial(_ignore_of, project), entries, places_of(project.base / shown, shown, keys))


def _ignore_of(project: Project, accepted: Accepted, where: Location) -> Ignore:
    written = ", ".join(
        f"{key}: {value}"
        for key, value in (("path", accepted.path), ("hop", accepted.hop), ("check", accepted.check))
        if value
    )
    return Ignore(
        (accepted.check,) if accepted.check else (),
        accepted.reason,
        where,
        f"accept: {{{written}}}",
        accepted=accepted,
        path_of=project.path_of,
    )


def _accepts(accepted: Accepted, finding: Finding, path_of: Callable[[str], str]) -> bool:
    hop = finding.hop.name if finding.hop else ""
    shown = {finding.location.path} | ({finding.hop.where.path} if finding.hop else set())
    wanted = accepted.path.removeprefix("./").rstrip("/")
    patterns = (wanted, f"*/{wanted}", f"{wanted}/*")
    named = not wanted or any(matches_text(path_of(path), pattern) for path in shown for pattern in patterns)
    return named and (not accepted.hop or hop == accepted.hop or matches_text(hop, accepted.hop))


def _anchors(finding: Finding) -> Iterator[Location]:
    """Where an ignore may stand: at the setting, at the hop that lacks it, at the call that decides it."""
    yield finding.location
    if finding.hop is not None:
        yield finding.hop.where
    yield from (related.location for related in finding.related)
