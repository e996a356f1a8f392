"""The report for people: what breaks, where, why infralint thinks so, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from infralint.engine.report import Report
from infralint.model import Finding, Known, Location
from infralint.reporters import Shown
from infralint.reporters.grouping import merged, message
from infralint.reporters.json import unknown_message
from infralint.text.lazy import lazy
from infralint.text.wording import listing, plural

WIDTH = 110
"""Characters of a source line that are shown."""
NOUNS = {"aws": "AWS region"}
"""What a platform's inputs are called where they are no files."""
_COLORS = {"error": "31;1", "warning": "33;1", "note": "36;1", "frame": "34", "bold": "1", "fix": "32", "dim": "2"}
_CONTROL = lazy(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def render(report: Report, shown: Shown) -> str:
    """The report as text; nothing but the summary line when clean."""
    page = _Page(report, shown)
    blocks = [page.finding(group) for group in merged(report.findings)]
    blocks += [page.unreadable(index) for index in range(len(report.unreadable))]
    if report.fixed:
        blocks.append("\n".join(page.fixed()))
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

    def finding(self, group: list[Finding]) -> str:
        """One finding, or several that share their place and words."""
        one = group[0]
        head = self._linked(one.check, self._paint(one.severity, f"{one.severity}[{one.check}]"))
        lines = [f"{head} {self._paint('bold', _clean(message(group)))}", *self._frame(one.location, one.severity)]
        lines += self._hop(group)
        lines += [self._aside(f"{related.location}: {related.message}") for related in one.related]
        if one.stream is not None:
            more = f" (and {plural(len(one.provenance.streams), 'more stream')})" if one.provenance.streams else ""
            lines.append(
                self._aside(f"stream: {_clean(str(one.stream))}{more}, because {_clean(one.stream.evidence.because)}")
            )
        lines += self._fix(one.fix)
        lines += [
            self._aside(f"not fixed: {why}") for why in dict.fromkeys(one.provenance.unfixed for one in group) if why
        ]
        return "\n".join(lines)

    def _hop(self, group: list[Finding]) -> Iterator[str] | list[str]:
        """The other end of an inherited setting, and the other hops it rules."""
        one = group[0]
        if one.hop is None:
            return []
        inherited = isinstance(one.at, Known) and one.at.origin == "inherited"
        names = list(dict.fromkeys(f"{_clean(other.hop.name)} ({other.hop.where})" for other in group if other.hop))
        environments = list(
            dict.fromkeys(other.hop.environment for other in group if other.hop and other.hop.environment)
        )
        lines = [self._aside(f"in {listing(environments)}")] if environments else []
        if len(names) > 1 or inherited:
            counted = f"{len(group)} findings, one a hop: " if len(group) > 1 else ""
            lines.append(self._aside(f"{counted}rules {listing(names, most=4)}"))
        return lines

    def _frame(self, where: Location, severity: str) -> Iterator[str]:
        margin = " " * len(str(where.line or ""))
        yield f"{margin}{self._paint('frame', '-->')} {where}"
        line = self._line(where)
        if line is None:
            return
        start, end = where.column - 1, where.end_column - 1 if where.end_line == where.line else len(line)
        text, shift = _window(line, start)
        before = line[shift:start].expandtabs(4)
        marked = line[start : max(end, start + 1)].expandtabs(4) or " "
        bar = self._paint("frame", "|")
        yield f"{margin} {bar}"
        yield f"{self._paint('frame', str(where.line))} {bar} {_clean(text.expandtabs(4))}"
        carets = "^" * min(len(marked), max(WIDTH - len(before), 1))
        yield f"{margin} {bar} {' ' * len(before)}{self._paint(severity, carets)}"

    def _line(self, where: Location) -> str | None:
        if not where.line or not where.column:
            return None
        if where.path not in self.files:
            self.files[where.path] = [line.rstrip("\r") for line in self._text(where.path).split("\n")]
        lines = self.files[where.path]
        return lines[where.line - 1] if where.line <= len(lines) else None

    def _text(self, path: str) -> str:
        if path in self.report.texts:
            return self.report.texts[path]
        try:
            return Path(path).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return ""

    def _aside(self, text: str) -> str:
        return f"  {self._paint('frame', '=')} {_clean(text)}"

    def _fix(self, fix: str) -> list[str]:
        if not fix:
            return []
        return [self._aside("write:"), *(self._paint("fix", f"      {line}") for line in fix.splitlines())]

    def unreadable(self, index: int) -> str:
        """A file that could not be read, with the line at fault where there is one."""
        one = self.report.unreadable[index]
        head = f"{self._paint('error', 'unreadable')} {self._paint('bold', _clean(f'{one.where.path}: {one.message}'))}"
        return "\n".join([head, *(self._frame(one.where, "error") if one.where.line else ())])

    def fixed(self) -> Iterator[str]:
        """What `--fix` put right, where it stood before."""
        yield self._paint("fix", f"Fixed {plural(len(self.report.fixed), 'finding')}:")
        for one in self.report.fixed:
            hop = f" ({_clean(one.hop.name)})" if one.hop else ""
            yield f"  {one.location}: {one.check}{hop}"

    def summary(self) -> Iterator[str]:
        """What was read, what was found, what could not be told, what was assumed."""
        yield from self._unknowns()
        yield from self._assumptions()
        if self.shown.verbose:
            yield from (f"read {path}" for paths in self.report.read.values() for path in paths)
            yield from (f"skipped {one}" for one in self.report.skipped)
        if self.report.gone:
            yield f"In the baseline, and no more ({plural(len(self.report.gone), 'entry')}; write it anew with `infralint baseline`):"
            yield from (_clean(f"  {one}") for one in self.report.gone)
            yield ""
        if self.report.idle:
            yield f"Nothing to read in: {listing(self.report.idle, most=6)}"
        if self.report.seen:
            yield _clean(f"Seen, and not read yet: {listing(self.report.seen, most=len(self.report.seen))}.")
        yield self._paint("bold", f"{self._read()}: {self._counts()}.")

    def _unknowns(self) -> Iterator[str]:
        if not self.report.unknown:
            return
        yield f"Could not tell {plural(len(self.report.unknown), 'thing')}:"
        for one in self.report.unknown:
            yield _clean(f"  {one.where}: {unknown_message(one)}")
            if one.remedy:
                yield self._paint("dim", f"      {one.remedy}")
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
        counts = Counter((one.check, one.severity) for one in self.report.findings)
        width = len(str(max(counts.values())))
        for (check, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            yield f"{count:>{width}}  {severity:<7}  {check}"

    def _read(self) -> str:
        if not self.report.read:
            return "Read nothing"
        kinds = [plural(len(paths), NOUNS.get(name, f"{name} file")) for name, paths in self.report.read.items()]
        return f"Read {listing(kinds)} with {plural(self.report.hops, 'hop')} to judge"

    def _counts(self) -> str:
        counts = Counter(one.severity for one in self.report.findings)
        said = [plural(counts[severity], severity) for severity in ("error", "warning", "note") if counts[severity]]
        if self.report.unreadable:
            noun = "part" if self.report.read.keys() & NOUNS else "file"
            said.append(f"{plural(len(self.report.unreadable), noun)} unreadable")
        if self.report.ignored:
            said.append(f"{self.report.ignored} ignored")
        if self.report.known:
            said.append(f"{self.report.known} in the baseline")
        if not self.report.findings and not self.report.unreadable:
            said.insert(0, "nothing was judged" if not self.report.read else "clean")
            if self.report.unknown:
                said.append(f"{plural(len(self.report.unknown), 'thing')} could not be told")
        return listing(said)

    def _linked(self, check: str, text: str) -> str:
        """The text as a link to the check's page, for terminals that show links (OSC 8); the others leave it out."""
        from infralint.engine.pages import page_url

        url = (
            next((page_url(one.page) for one in self.shown.checks if one.name == check), "") if self.shown.color else ""
        )
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if url else text

    def _paint(self, color: str, text: str) -> str:
        return f"\x1b[{_COLORS[color]}m{text}\x1b[0m" if self.shown.color else text


def _window(line: str, column: int) -> tuple[str, int]:
    """A part of a long line that holds the column, and how many characters stand before it."""
    shift = max(0, column - WIDTH // 2) if len(line) > WIDTH else 0
    return line[shift : shift + WIDTH], shift


def _clean(text: str) -> str:
    """Without characters that steer a terminal: files are not trusted."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
