"""Markdown for a comment in a pull request or a job's summary: a table of causes, then each in full, as far as it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from infralint.engine.pages import page_url
from infralint.engine.report import Report
from infralint.model import SEVERITIES, Finding, Unknown
from infralint.reporters import Shown
from infralint.reporters.grouping import group_alike, other_hops
from infralint.reporters.phrases import (
    UNFOLLOWED,
    UNSUPPORTED,
    environment_phrase,
    fence,
    places_of,
    stream_phrase,
    unknown_message,
    verdict_without_findings,
    way_phrase,
    write_phrase,
)
from infralint.text.display import visible, visible_lines
from infralint.text.lazy import lazy
from infralint.text.wording import capitalize, listing, plural

LARGEST = 60_000
"""Characters: GitHub refuses a comment of more than 65,536."""
_ICONS = {"error": "🔴", "warning": "🟠", "note": "🔵"}
_CODE = lazy(r"`[^`\n]*`")
_RUN = lazy(r"`{2,}")
_ACTIVE = lazy(r"[\\*\[\]<>#|~!$@]|(?<!\w)_|_(?!\w)")
_MOST_HOPS = 4


def render(report: Report, shown: Shown) -> str:
    """The report as Markdown, what is wrong before what is not known; what does not fit is counted."""
    urls = {check.name: page_url(check.page) for check in shown.checks}
    groups = group_alike(report.findings)
    blocks, gaps = [_head(report), *_unreadable(report)], list(_gaps(report))
    details = [_details(group, urls.get(group[0].check, "")) for group in groups]
    rows = [_row(group) for group in groups]
    if groups:
        blocks.append(_fill(["| | check | where | what happens |", "|---|---|---|---|"], rows, LARGEST // 3, "\n"))
        left = LARGEST - sum(len(block) + 2 for block in (*blocks, *gaps))
        blocks.append(_fill([], details, left, "\n\n"))
    return "\n\n".join(block for block in (*blocks, *gaps) if block) + "\n"


def _fill(head: list[str], parts: list[str], room: int, between: str) -> str:
    """As many parts as there is room for, and how many more there are."""
    kept, length = list(head), sum(map(len, head))
    for number, part in enumerate(parts):
        length += len(part) + len(between)
        if length > room:
            kept.append(f"\n… and {plural(len(parts) - number, 'more cause')}: see the whole report.")
            break
        kept.append(part)
    return between.join(kept)


def _head(report: Report) -> str:
    counts = Counter(finding.severity for finding in report.findings)
    parts = [plural(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    if report.unreadable:
        parts.append(f"{plural(len({unreadable.where.path for unreadable in report.unreadable}), 'file')} unreadable")
    if report.unknown:
        parts.append(f"{plural(len(report.unknown), 'thing')} could not be told")
    if not report.findings and not report.unreadable:
        parts.insert(0, verdict_without_findings(report))
    return f"### infralint: {listing(parts)}"


def _unreadable(report: Report) -> Iterator[str]:
    if report.unreadable:
        yield "**Could not be read**\n\n" + "\n".join(
            f"* {_code(str(entry.where))}: {_prose(entry.message)}" for entry in report.unreadable[:20]
        )


def _gaps(report: Report) -> Iterator[str]:
    """What could not be told, followed and judged, a list each."""
    lists = (
        ("Could not be told", [_unknown(unknown) for unknown in report.unknown]),
        (UNFOLLOWED, [f"* {_prose(str(entry))}" for entry in report.unfollowed]),
        (UNSUPPORTED, [f"* {_prose(phrase)}" for phrase in report.seen]),
    )
    for title, items in lists:
        if items:
            shown = [*items[:20], *([f"* and {len(items) - 20} more"] if len(items) > 20 else [])]
            yield f"<details><summary>{title} ({len(items)})</summary>\n\n" + "\n".join(shown) + "\n\n</details>"


def _unknown(unknown: Unknown) -> str:
    remedy = f" ({_prose(unknown.remedy)})" if unknown.remedy else ""
    return f"* {_code(str(unknown.where))}: {_prose(unknown_message(unknown))}{remedy}"


def _row(group: list[Finding]) -> str:
    finding = group[0]
    more = f" and {len(group) - 1} more" if len(group) > 1 else ""
    where = f"{_code(str(finding.location))}{more}"
    return f"| {_ICONS[finding.severity]} {finding.severity} | {_code(finding.check)} | {where} | {_prose(finding.message)} |"


def _details(group: list[Finding], url: str) -> str:
    finding = group[0]
    check = f"[{_code(finding.check)}]({url})" if url else _code(finding.check)
    lines = [f"**{_ICONS[finding.severity]} {check}** {_code(str(finding.location))}", _prose(finding.message)]
    if others := other_hops(group):
        lines.append(f"The same at {_prose(listing(others, most=_MOST_HOPS))}.")
    if environments := environment_phrase(group):
        lines.append(f"{_prose(capitalize(environments))}.")
    facts = [("Stream", stream_phrase(finding)), ("Way", way_phrase(finding))]
    lines += [f"{title}: {_prose(fact)}" for title, fact in facts if fact]
    lines += [f"{_code(str(place.location))}: {_prose(place.message)}" for place in places_of(finding)]
    if finding.fix:
        lines.append(f"{_prose(capitalize(write_phrase(finding)))}:\n\n{fence(visible_lines(finding.fix))}")
    summary = f"<details><summary>{_html(finding.check)}: {_html(str(finding.location))}</summary>"
    return "\n\n".join([summary, *lines, "</details>"])


def _code(text: str) -> str:
    """Text as code, in which nothing acts; a backtick ends no span."""
    return f"`{visible(text).replace('`', 'ˋ').replace('|', '¦')}`"


def _prose(text: str) -> str:
    """A sentence in which only its own `code` is marked: no link, table, picture, mention or heading of others acts.

    Several backticks in a row would pair with others than single ones do. https://spec.commonmark.org/0.31.2/#code-spans
    """
    shown = _RUN.sub(lambda run: "ˋ" * len(run[0]), visible(text))
    parts, at = [], 0
    for span in _CODE.finditer(shown):
        parts += [_escape(shown[at : span.start()]), span[0].replace("|", "\\|")]
        at = span.end()
    return "".join([*parts, _escape(shown[at:])])


def _escape(text: str) -> str:
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", text).replace("`", "&#96;").replace("://", ":&#47;&#47;")


def _html(text: str) -> str:
    return _escape(visible(text)).replace('"', "&quot;")
