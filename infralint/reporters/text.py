"""The report for people: what breaks, where, why infralint thinks so, and what to write instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from infralint.engine.pages import page_url
from infralint.engine.report import Report
from infralint.model import SEVERITIES, Finding, Known, Location
from infralint.reporters import Shown
from infralint.reporters.colors import paint
from infralint.reporters.grouping import group_alike, group_by, hops_of, loudest_first
from infralint.reporters.lines import SourceLines
from infralint.reporters.phrases import (
    UNFOLLOWED,
    UNSUPPORTED,
    assumption,
    environment_phrase,
    places_of,
    possible_phrases,
    since_lines,
    stream_phrase,
    trace_command,
    unfollowed_phrases,
    unknown_message,
    verdict_without_findings,
    way_phrase,
    write_phrase,
)
from infralint.reporters.rows import count_verdicts, noun_of, row_phrase
from infralint.text.display import visible, visible_lines
from infralint.text.wording import listing, plural

WIDTH = 110
"""Characters of a source line that are shown."""
MOST_UNFOLLOWED = 5
"""Lines on what could not be followed that are shown unasked."""
MOST_HOPS = 4
"""Hops of one cause that are named unasked, the last of them as a number."""
MANY = 10
"""Findings beyond which a table sums them up."""
NOUNS = {"aws": "AWS region"}
"""What a platform's inputs are called where they are no files."""
_VERDICTS = {"error": "with errors", "warning": "with warnings", "note": "with notes"}
"""How many resources are so: `11 with warnings, 6 good`."""


def render(report: Report, shown: Shown) -> str:
    """The report as text; nothing but the summary line when clean."""
    page = _Page(report, shown, SourceLines(report.texts))
    blocks = ["\n".join(dict.fromkeys(page.short_lines()))] if shown.quiet else list(page.findings())
    if report.fixed:
        blocks.append("\n".join(page.list_fixed()))
    if report.findings and (shown.statistics or (len(report.findings) > MANY and not shown.quiet)):
        blocks.append("\n".join(page.statistics()))
    if not shown.quiet:
        blocks.append("\n".join(page.summary()))
    blocks = [block for block in blocks if block]
    return "\n\n".join(blocks) + "\n" if blocks else ""


class _Page(msgspec.Struct):
    report: Report
    shown: Shown
    lines: SourceLines

    def short_lines(self) -> Iterator[str]:
        """Each finding, and what could not be read, in a line: place, severity, check, sentence; alike ones are equal."""
        for finding in loudest_first(self.report.findings):
            head = self._paint(finding.severity, f"{finding.severity}[{finding.check}]")
            yield f"{visible(str(finding.location))}: {head} {visible(finding.message)}"
            if finding.provenance.unfixed and self.shown.fixing:
                yield self._aside(f"not fixed: {finding.provenance.unfixed}")
        for unreadable in self.report.unreadable:
            head = self._paint("error", "unreadable")
            yield f"{visible(str(unreadable.where))}: {head} {visible(unreadable.message)}"

    def findings(self) -> Iterator[str]:
        """A block for each cause, below a title where they are asked for by hop, check, stream or file."""
        grouping = self.shown.grouping
        titled = [("", self.report.findings)] if grouping == "cause" else group_by(self.report.findings, grouping)
        for title, findings in titled:
            if title:
                yield self._paint("bold", visible(f"── {title}: {plural(len(findings), 'finding')}"))
            yield from map(self.finding, group_alike(findings))
        yield from map(self.unreadable, range(len(self.report.unreadable)))

    def finding(self, group: list[Finding]) -> str:
        """One finding, or several that differ by their hop alone."""
        finding = group[0]
        head = self._link(finding.check, self._paint(finding.severity, f"{finding.severity}[{finding.check}]"))
        lines = [f"{head} {self._paint('bold', visible(finding.message))}"]
        lines += self._frame(finding.location, finding.severity)
        lines += map(self._aside, self._details(group))
        if finding.fix:
            lines += [self._aside(f"{write_phrase(finding)}:"), *self._fix(finding.fix)]
        reasons = dict.fromkeys(finding.provenance.unfixed for finding in group if self.shown.fixing)
        lines += [self._aside(f"not fixed: {reason}") for reason in reasons if reason]
        return "\n".join(lines)

    def _details(self, group: list[Finding]) -> Iterator[str]:
        """What stands below a finding: where it holds, other places, the stream and its way."""
        finding = group[0]
        if environments := environment_phrase(group):
            yield environments
        hops = hops_of(group)
        inherited = isinstance(finding.at, Known) and finding.at.origin == "inherited"
        if finding.hop is not None and (len(hops) > 1 or inherited):
            counted = f"{len(group)} findings, one cause: " if len(group) > 1 else ""
            most, hint = (len(hops), "") if self.shown.verbose else (MOST_HOPS, " (`-v` names them)")
            yield f"{counted}applies to {listing(hops, most=most)}{hint if len(hops) > most else ''}"
        yield from (f"{related.location}: {related.message}" for related in places_of(finding))
        if stream := stream_phrase(finding):
            yield f"stream: {stream}"
        if way := way_phrase(finding):
            yield f"way: {way}"
        if command := trace_command(finding, self.shown.snapshot):
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
        return self.lines.line(where.path, where.line) if where.column else None

    def _aside(self, text: str) -> str:
        return f"  {self._paint('frame', '=')} {visible(text)}"

    def _fix(self, fix: str) -> Iterator[str]:
        return (self._paint("fix", f"      {line}") if line else "" for line in visible_lines(fix).splitlines())

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
            yield from (visible(row_phrase(row)) for row in self.shown.rows if not row.severities)
            yield from (self._paint("dim", visible_lines(trace.rstrip())) for trace in self.report.traces)
        if self.shown.since is not None:
            yield from map(visible, since_lines(self.shown.since, self.report.findings))
            yield ""
        if self.report.gone:
            entries = plural(len(self.report.gone), "entry")
            yield f"Still in the baseline, and no longer found ({entries}; `{self._rewrite()}` takes them out):"
            yield from (visible(f"  {entry}") for entry in self.report.gone)
            yield ""
        if self.report.idle:
            yield visible(f"Nothing to read in: {listing(self.report.idle, most=6)}")
        if self.report.unfollowed:
            yield f"{UNFOLLOWED}:"
            most = len(self.report.unfollowed) if self.shown.verbose else MOST_UNFOLLOWED
            yield from (visible(f"  {phrase}") for phrase in unfollowed_phrases(self.report, most))
            yield ""
        if self.report.seen:
            yield visible(f"{UNSUPPORTED}: {listing(self.report.seen, most=len(self.report.seen))}.")
        yield self._paint("bold", f"{self._read()}: {self._counts()}.")

    def _rewrite(self) -> str:
        return "--write-baseline" if self.shown.taken else "infralint baseline"

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
        yield f"{assumption(self.report, self._noun if self.shown.rows else '')}. To say it, in infralint.yaml:"
        yield self._paint("fix", "      streams:")
        yield self._paint("fix", "        - path: /api/chat      # or `streams: []`: nothing streams")
        yield ""

    def statistics(self) -> Iterator[str]:
        """How often each check was heard, by severity, the loudest and most frequent first."""
        counts: dict[str, Counter[str]] = {}
        places: dict[str, set[str]] = {}
        for finding in self.report.findings:
            counts.setdefault(finding.check, Counter())[finding.severity] += 1
            places.setdefault(finding.check, set()).add(finding.location.path)
        width = max(map(len, counts))
        noun = "resource" if self.shown.rows else "file"
        yield self._paint("dim", f"{'errors':>7} {'warnings':>9} {'notes':>6}  {'check':<{width}}  in")
        ranked = sorted(counts, key=lambda check: ([-counts[check][severity] for severity in SEVERITIES], check))
        for check in ranked:
            error, warning, note = (str(counts[check][severity] or "-") for severity in SEVERITIES)
            where = plural(len(places[check]), noun)
            yield f"{error:>7} {warning:>9} {note:>6}  {check:<{width}}  {where}"

    def _read(self) -> str:
        if not self.report.read:
            return "Read nothing"
        kinds = [plural(len(paths), NOUNS.get(name, f"{name} file")) for name, paths in self.report.read.items()]
        return f"Read {listing(kinds)} with {self._count_judged()}"

    @property
    def _noun(self) -> str:
        return noun_of(row.noun for row in self.shown.rows)

    def _count_judged(self) -> str:
        """What was judged, as a person counts it: the hops, or the resources of an account with their verdicts."""
        if not self.shown.rows:
            return "0 load balancers" if self.shown.taken else f"{plural(self.report.hops, 'hop')} to judge"
        counts = count_verdicts(self.shown.rows)
        total = plural(sum(counts.values()), self._noun)
        words = [f"{count} {_VERDICTS.get(verdict, verdict)}" for verdict, count in counts.items()]
        return f"{total} ({', '.join(words)})"

    def _counts(self) -> str:
        counts = Counter(finding.severity for finding in self.report.findings)
        parts = [plural(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
        if self.report.unreadable:
            files = {unreadable.where.path for unreadable in self.report.unreadable}
            of_account = self.report.read.keys() & NOUNS
            count = plural(len(self.report.unreadable), "part") if of_account else plural(len(files), "file")
            parts.append(f"{count} unreadable")
        if self.report.ignored:
            parts.append(f"{self.report.ignored} ignored")
        if self.report.known:
            parts.append(f"{self.report.known} in the baseline")
        if not self.report.findings and not self.report.unreadable:
            parts.insert(0, verdict_without_findings(self.report))
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
