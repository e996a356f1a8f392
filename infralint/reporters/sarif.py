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
from infralint.model import Finding, Location, Unknown
from infralint.reporters import Shown
from infralint.reporters.json import unknown_message
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
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver(checks: tuple[Check, ...]) -> dict[str, Any]:
    return {
        "name": "infralint",
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": [_rule(one) for one in checks],
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
    notes = [_notification("unreadable", "error", one.message, one.where) for one in report.unreadable]
    notes += [_could_not_tell(one) for one in report.unknown]
    return {
        "executionSuccessful": not report.unreadable,
        "toolExecutionNotifications": notes,
    }


def _could_not_tell(one: Unknown) -> dict[str, Any]:
    said = f"Could not tell {unknown_message(one)}"
    return _notification("could-not-tell", "note", f"{said}\n{one.remedy}" if one.remedy else said, one.where)


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
        {"id": number, "message": {"text": text}, "physicalLocation": _physical(where)}
        for number, (text, where) in enumerate(_related(finding), 1)
    ]
    if related:
        result["relatedLocations"] = related
    if finding.provenance.edits:
        result["fixes"] = [_fix(finding)]
    return result


def _fix(finding: Finding) -> dict[str, Any]:
    """The edits that put it right, by file."""
    files: dict[str, list[dict[str, Any]]] = {}
    for one in finding.provenance.edits:
        replacement = {"deletedRegion": _region(one.where), "insertedContent": {"text": one.text}}
        files.setdefault(one.where.path, []).append(replacement)
    changes = [{"artifactLocation": _artifact(path), "replacements": made} for path, made in files.items()]
    return {"description": {"text": f"Put {finding.check} right"}, "artifactChanges": changes}


def _message(finding: Finding) -> dict[str, str]:
    """What is wrong, and what to write."""
    said = [finding.message]
    if finding.stream is not None:
        said.append(f"Stream: {finding.stream}, because {finding.stream.evidence.because}.")
    if not finding.fix:
        return {"text": "\n".join(said)}
    text = "\n".join([*said, "Write:", finding.fix])
    return {"text": text, "markdown": "\n\n".join([*said, f"Write:\n\n```\n{finding.fix}\n```"])}


def _location(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(finding.location)}
    if finding.hop is not None:
        name = {"name": finding.hop.name, "fullyQualifiedName": f"{finding.hop.where.path}: {finding.hop.name}"}
        location["logicalLocations"] = [{**name, "kind": "resource"}]
    return location


def _related(finding: Finding) -> Iterator[tuple[str, Location]]:
    """The other end of the setting, the places that the message speaks of, and why a stream goes here."""
    yield from ((one.message, one.location) for one in finding.related)
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
