"""The report for people: what breaks, where, why infralint thinks so, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from infralint.engine.pages import page_url
from infralint.engine.report import Report
from infralint.model import SEVERITIES, Finding, Known, Location
from infralint.reporters import Shown
from infralint.reporters.colors import paint
from infralint.reporters.grouping import group_alike, other_hops
from infralint.reporters.phrases import possible_phrases, stream_phrase, trace_command, unknown_message, way_phrase
from infralint.text.display import hide_secrets, visible, visible_lines
from infralint.text.wording import listing, plural

WIDTH = 110
"""Characters of a source line that are shown."""
NOUNS = {"aws": "AWS region"}
"""What a platform's inputs are called where they are no files."""


def render(report: Report, shown: Shown) -> str:
    """The report as text; nothing but the summary line when clean."""
    page = _Page(report, shown)
    blocks = [page.finding(group) for group in group_alike(report.findings)]
    blocks += [page.unreadable(index) for index in range(len(report.unreadable))]
    if report.fixed:
        blocks.append("\n".join(page.list_fixed()))
    if shown.statistics and report.findings:
        blocks.append("\n".join(page.statistics()))
    if not shown.quiet:
        blocks.append("\n".join(page.summary()))
    return "\n\n".join(blocks) + "\n" if blocks else ""


@dataclass
class _Page:
    report: Report
    shown: Shown
    files: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[tuple[str, int], str] = field(default_factory=dict)

    def finding(self, group: list[Finding]) -> str:
        """One finding, or several that differ by their hop alone."""
        finding = group[0]
        head = self._link(finding.check, self._paint(finding.severity, f"{finding.severity}[{finding.check}]"))
        lines = [f"{head} {self._paint('bold', visible(finding.message))}"]
        lines += self._frame(finding.location, finding.severity)
        lines += map(self._aside, self._details(group))
        if finding.fix:
            lines += [self._aside("write:"), *self._fix(finding.fix)]
        reasons = dict.fromkeys(finding.provenance.unfixed for finding in group if self.shown.fixing)
        lines += [self._aside(f"not fixed: {reason}") for reason in reasons if reason]
        return "\n".join(lines)

    def _details(self, group: list[Finding]) -> Iterator[str]:
        """What stands below a finding: where it holds, other places, the stream and its way."""
        finding = group[0]
        if environments := dict.fromkeys(other.hop.environment for other in group if other.hop):
            if any(environments):
                yield f"in {listing([name for name in environments if name])}"
        others = other_hops(group)
        inherited = isinstance(finding.at, Known) and finding.at.origin == "inherited"
        if finding.hop is not None and (others or inherited):
            counted = f"{len(group)} findings, one a hop: " if len(group) > 1 else ""
            yield f"{counted}rules {listing([f'{finding.hop.name} ({finding.hop.where})', *others], most=4)}"
        yield from (f"{related.location}: {related.message}" for related in finding.related)
        if stream := stream_phrase(finding):
            yield f"stream: {stream}"
        if way := way_phrase(finding):
            yield f"way: {way}"
        if command := trace_command(finding):
            yield f"see it: {command}"
        if self.shown.verbose:
            yield from possible_phrases(finding)

    def _frame(self, where: Location, severity: str) -> Iterator[str]:
        margin = " " * len(str(where.line or ""))
        yield f"{margin}{self._paint('frame', '-->')} {visible(str(where))}"
        line = self._line(where)
        if line is None:
            return
        start, end = where.column - 1, where.end_column - 1 if where.end_line == where.line else len(line)
        text, shift = _window(line, start)
        before = visible(line[shift:start].expandtabs(4))
        marked = visible(line[start : max(end, start + 1)].expandtabs(4)) or " "
        bar = self._paint("frame", "|")
        yield f"{margin} {bar}"
        yield f"{self._paint('frame', str(where.line))} {bar} {visible(text.expandtabs(4))}"
        carets = "^" * min(len(marked), max(WIDTH - len(before), 1))
        yield f"{margin} {bar} {' ' * len(before)}{self._paint(severity, carets)}"

    def _line(self, where: Location) -> str | None:
        if not where.line or not where.column:
            return None
        if where.path not in self.files:
            self.files[where.path] = [line.rstrip("\r") for line in self._text(where.path).split("\n")]
        written = self.files[where.path]
        if where.line > len(written):
            return None
        key = (where.path, where.line)
        if key not in self.lines:
            self.lines[key] = hide_secrets(written[where.line - 1])
        return self.lines[key]

    def _text(self, path: str) -> str:
        if path in self.report.texts:
            return self.report.texts[path]
        try:
            return Path(path).read_text(encoding="utf-8-sig", errors="replace")
        except (OSError, ValueError):
            return ""

    def _aside(self, text: str) -> str:
        return f"  {self._paint('frame', '=')} {visible(text)}"

    def _fix(self, fix: str) -> Iterator[str]:
        return (self._paint("fix", f"      {line}") for line in visible_lines(fix).splitlines())

    def unreadable(self, index: int) -> str:
        """A file that could not be read, with the line at fault where there is one."""
        unreadable = self.report.unreadable[index]
        words = visible(f"{unreadable.where.path}: {unreadable.message}")
        frame = self._frame(unreadable.where, "error") if unreadable.where.line else ()
        return "\n".join([f"{self._paint('error', 'unreadable')} {self._paint('bold', words)}", *frame])

    def list_fixed(self) -> Iterator[str]:
        """What `--fix` put right, where it stood before."""
        yield self._paint("fix", f"Fixed {plural(len(self.report.fixed), 'finding')}:")
        for finding in self.report.fixed:
            hop = f" ({finding.hop.name})" if finding.hop else ""
            yield visible(f"  {finding.location}: {finding.check}{hop}")

    def summary(self) -> Iterator[str]:
        """What was read, what was found, what could not be told, what was assumed."""
        yield from self._unknowns()
        yield from self._assumptions()
        if self.shown.verbose:
            yield from (visible(f"read {path}") for paths in self.report.read.values() for path in paths)
            yield from (visible(f"skipped {path}") for path in self.report.skipped)
            yield from (self._paint("dim", visible_lines(trace.rstrip())) for trace in self.report.traces)
        if self.report.gone:
            yield f"In the baseline, and no more ({plural(len(self.report.gone), 'entry')}; write it anew with `infralint baseline`):"
            yield from (visible(f"  {entry}") for entry in self.report.gone)
            yield ""
        if self.report.idle:
            yield visible(f"Nothing to read in: {listing(self.report.idle, most=6)}")
        if self.report.seen:
            yield visible(f"Seen, and not read yet: {listing(self.report.seen, most=len(self.report.seen))}.")
        yield self._paint("bold", f"{self._read()}: {self._counts()}.")

    def _unknowns(self) -> Iterator[str]:
        if not self.report.unknown:
            return
        yield f"Could not tell {plural(len(self.report.unknown), 'thing')}:"
        for unknown in self.report.unknown:
            yield visible(f"  {unknown.where}: {unknown_message(unknown)}")
            if unknown.remedy:
                yield self._paint("dim", visible(f"      {unknown.remedy}"))
        yield ""

    def _assumptions(self) -> Iterator[str]:
        if not self.report.assumed:
            return
        hops = plural(self.report.assumed, "catch-all hop")
        yield f"Assumed that {hops} may carry an SSE stream, for nothing here says what streams. To say it, in infralint.yaml:"
        yield self._paint("fix", "      streams:")
        yield self._paint("fix", "        - path: /api/chat      # or `streams: []`: nothing streams")
        yield ""

    def statistics(self) -> Iterator[str]:
        """How often each check was heard, the most frequent first."""
        counts = Counter((finding.check, finding.severity) for finding in self.report.findings)
        width = len(str(max(counts.values())))
        for (check, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield f"{count:>{width}}  {severity:<7}  {check}"

    def _read(self) -> str:
        if not self.report.read:
            return "Read nothing"
        kinds = [plural(len(paths), NOUNS.get(name, f"{name} file")) for name, paths in self.report.read.items()]
        return f"Read {listing(kinds)} with {plural(self.report.hops, 'hop')} to judge"

    def _counts(self) -> str:
        counts = Counter(finding.severity for finding in self.report.findings)
        parts = [plural(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
        if self.report.unreadable:
            noun = "part" if self.report.read.keys() & NOUNS else "file"
            parts.append(f"{plural(len(self.report.unreadable), noun)} unreadable")
        if self.report.ignored:
            parts.append(f"{self.report.ignored} ignored")
        if self.report.known:
            parts.append(f"{self.report.known} in the baseline")
        if not self.report.findings and not self.report.unreadable:
            parts.insert(0, "nothing was judged" if not self.report.read else "clean")
            if self.report.unknown:
                parts.append(f"{plural(len(self.report.unknown), 'thing')} could not be told")
        return listing(parts)

    def _link(self, check: str, text: str) -> str:
        """The text as a link to the check's page, for terminals that show links (OSC 8); the others leave it out."""
        url = (
            next((page_url(known.page) for known in self.shown.checks if known.name == check), "")
            if self.shown.color
            else ""
        )
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if url else text

    def _paint(self, color: str, text: str) -> str:
        return paint(color, text, self.shown.color)


def _window(line: str, column: int) -> tuple[str, int]:
    """A part of a long line that holds the column, and how many characters stand before it."""
    shift = max(0, column - WIDTH // 2) if len(line) > WIDTH else 0
    return line[shift : shift + WIDTH], shift
