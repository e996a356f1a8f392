"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from infralint.engine.report import Report
from infralint.model import Finding, Location
from infralint.reporters import Shown
from infralint.reporters.phrases import (
    environment_phrase,
    fence,
    places_of,
    stream_phrase,
    unknown_message,
    way_phrase,
    write_phrase,
)
from infralint.text.display import render_json, visible, visible_lines
from infralint.text.wording import capitalize

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report, _shown: Shown) -> str:
    """The report as a list of issues."""
    return render_json(_distinct(list(_issues(report)))) + "\n"


def _issues(report: Report) -> Iterator[dict[str, Any]]:
    for unreadable in report.unreadable:
        yield _issue("unreadable", "blocker", unreadable.message, unreadable.where)
    for finding in report.findings:
        yield _of_finding(finding)
    for unknown in report.unknown:
        issue = _issue("could-not-tell", "info", f"Could not tell {unknown_message(unknown)}", unknown.where)
        yield {**issue, "content": {"body": visible(capitalize(unknown.remedy))}} if unknown.remedy else issue


def _of_finding(finding: Finding) -> dict[str, Any]:
    issue = _issue(finding.check, _SEVERITIES[finding.severity], finding.message, finding.location)
    issue["fingerprint"] = finding.provenance.fingerprint
    if body := _body(finding):
        issue["content"] = {"body": body}
    others = [_location(related.location) for related in places_of(finding)]
    if finding.hop is not None and finding.hop.where != finding.location:
        others.append(_location(finding.hop.where))
    if others:
        issue["other_locations"] = others
    return issue


def _body(finding: Finding) -> str:
    parts = [capitalize(environment)] if (environment := environment_phrase([finding])) else []
    parts += [f"{related.location}: {related.message}" for related in places_of(finding)]
    if finding.hop is not None:
        parts.append(f"Hop: {finding.hop.name} ({finding.hop.where})")
    if stream := stream_phrase(finding):
        parts.append(f"Stream: {stream}")
    if way := way_phrase(finding):
        parts.append(f"Way: {way}")
    parts = list(map(visible, parts))
    if finding.fix:
        parts.append(f"{visible(capitalize(write_phrase(finding)))}:\n\n{fence(visible_lines(finding.fix))}")
    return "\n\n".join(parts)


def _issue(check: str, severity: str, text: str, where: Location) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": check,
        "description": visible(text),
        "categories": ["Bug Risk"],
        "severity": severity,
        "fingerprint": _digest(f"{check}\0{where.path}\0{text}"),
        "location": _location(where),
    }


def _location(where: Location) -> dict[str, Any]:
    line = where.line or 1
    return {"path": visible(where.path), "lines": {"begin": line, "end": max(line, where.end_line)}}


def _distinct(issues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """GitLab drops what it has seen: the second of two alike gets a fingerprint of its own, in order."""
    seen: Counter[str] = Counter()
    for issue in issues:
        known = issue["fingerprint"]
        seen[known] += 1
        if seen[known] > 1:
            issue["fingerprint"] = _digest(f"{known}\0{seen[known]}")
    return issues


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
