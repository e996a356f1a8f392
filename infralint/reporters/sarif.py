"""SARIF 2.1.0, for code scanning: a rule a check with its manual, a result a finding and hop.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from infralint import __version__
from infralint.engine.pages import HOME, manual, page_url
from infralint.engine.registry import Check
from infralint.engine.report import Report
from infralint.model import Finding, Location, Unknown, Unreadable
from infralint.reporters import Shown
from infralint.reporters.phrases import fence, places_of, stream_phrase, unknown_message, way_phrase
from infralint.text.display import escape_json, hide_secrets, visible, visible_lines
from infralint.text.lazy import lazy

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_URI = lazy(r"[a-z][a-z0-9+.-]+:(//|[a-z]+:)")
"""An address or a resource's name (`https://…`, `arn:aws:…`), which is no file."""
_NOTIFICATIONS = {
    "unreadable": "Something could not be read, so nothing is known of it.",
    "could-not-tell": "A value can't be known from these files; it is judged neither good nor bad.",
}


def render(report: Report, shown: Shown) -> str:
    """The report as a SARIF log."""
    run = {
        "tool": {"driver": _driver(shown.checks)},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder where infralint ran."}}},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(report, shown.checks)),
    }
    return escape_json(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)) + "\n"


def _driver(checks: tuple[Check, ...]) -> dict[str, Any]:
    return {
        "name": "infralint",
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": [_rule(check) for check in checks],
        "notifications": [{"id": name, "shortDescription": {"text": text}} for name, text in _NOTIFICATIONS.items()],
    }


def _rule(check: Check) -> dict[str, Any]:
    summary = check.summary or check.name
    text = manual(check.page) or summary
    rule: dict[str, Any] = {
        "id": check.name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": text.partition("\n\n")[0]},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["reliability", "streaming"]},
    }
    if url := page_url(check.page):
        rule["helpUri"] = url
    return rule


def _invocation(report: Report) -> dict[str, Any]:
    notes = [_unreadable(unreadable) for unreadable in report.unreadable]
    notes += [_could_not_tell(unknown) for unknown in report.unknown]
    return {
        "executionSuccessful": not report.unreadable,
        "toolExecutionNotifications": notes,
    }


def _unreadable(unreadable: Unreadable) -> dict[str, Any]:
    return _notification("unreadable", "error", visible(unreadable.message), unreadable.where)


def _could_not_tell(unknown: Unknown) -> dict[str, Any]:
    lines = filter(None, [f"Could not tell {unknown_message(unknown)}", unknown.remedy])
    return _notification("could-not-tell", "note", "\n".join(map(visible, lines)), unknown.where)


def _notification(name: str, level: str, text: str, where: Location | None = None) -> dict[str, Any]:
    descriptor = {"id": name, "index": list(_NOTIFICATIONS).index(name)}
    note: dict[str, Any] = {"descriptor": descriptor, "level": level, "message": {"text": text}}
    if where is not None:
        note["locations"] = [{"physicalLocation": _physical(where)}]
    return note


def _results(report: Report, checks: tuple[Check, ...]) -> Iterator[dict[str, Any]]:
    places = {check.name: index for index, check in enumerate(checks)}
    for finding in report.findings:
        result = _result(finding)
        if finding.check in places:
            result["ruleIndex"] = places[finding.check]
        yield result


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "level": finding.severity,
        "message": _message(finding),
        "locations": [_location(finding)],
        "partialFingerprints": {"infralint/v1": finding.provenance.fingerprint},
    }
    related = [
        {"id": number, "message": {"text": visible(text)}, "physicalLocation": _physical(where)}
        for number, (text, where) in enumerate(_related_places(finding), 1)
    ]
    if related:
        result["relatedLocations"] = related
    edits = finding.provenance.edits
    if edits and all(hide_secrets(edit.text) == edit.text for edit in edits):
        result["fixes"] = [_fix(finding)]
    return result


def _fix(finding: Finding) -> dict[str, Any]:
    """The edits that put it right, by file."""
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in finding.provenance.edits:
        replacement = {"deletedRegion": _region(edit.where), "insertedContent": {"text": edit.text}}
        files.setdefault(edit.where.path, []).append(replacement)
    changes = [{"artifactLocation": _artifact(path), "replacements": made} for path, made in files.items()]
    return {"description": {"text": f"Put {finding.check} right"}, "artifactChanges": changes}


def _message(finding: Finding) -> dict[str, str]:
    """What is wrong, and what to write."""
    lines = [visible(finding.message)]
    if stream := stream_phrase(finding):
        lines.append(visible(f"Stream: {stream}."))
    if way := way_phrase(finding):
        lines.append(visible(f"Way: {way}."))
    if not finding.fix:
        return {"text": "\n".join(lines)}
    fix = visible_lines(finding.fix)
    text = "\n".join([*lines, "Write:", fix])
    return {"text": text, "markdown": "\n\n".join([*lines, f"Write:\n\n{fence(fix)}"])}


def _location(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(finding.location)}
    if finding.hop is not None:
        name, place = visible(finding.hop.name), visible(finding.hop.where.path)
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": f"{place}: {name}", "kind": "resource"}]
    return location


def _related_places(finding: Finding) -> Iterator[tuple[str, Location]]:
    """The other end of the setting, the places that the message speaks of, and why a stream goes here."""
    yield from ((related.message, related.location) for related in places_of(finding))
    if finding.hop is not None and finding.hop.where != finding.location:
        yield f"rules {finding.hop.name}", finding.hop.where
    evidence = finding.stream.evidence if finding.stream else None
    if evidence and evidence.where and evidence.where != finding.location:
        yield f"a stream goes here because {evidence.because}", evidence.where


def _physical(where: Location) -> dict[str, Any]:
    return {"artifactLocation": _artifact(where.path), "region": _region(where)}


def _artifact(path: str) -> dict[str, str]:
    if _URI.match(path):
        return {"uri": quote(path, safe="%/:?#[]@!$&'()*+,;=")}
    if path.startswith("/"):
        return {"uri": f"file://{quote(os.fsencode(path))}"}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}


def _region(where: Location) -> dict[str, int]:
    """Code scanning wants a line, also for what is about a whole file."""
    region = {"startLine": where.line or 1}
    if where.column:
        region["startColumn"] = where.column
    if where.end_line:
        region["endLine"] = where.end_line
    if where.end_column:
        region["endColumn"] = where.end_column
    return region
