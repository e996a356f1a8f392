"""SARIF 2.1.0, for code scanning: a rule a check with its manual, a result a finding and hop.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from infralint import __version__
from infralint.engine.pages import HOME, manual, page_url
from infralint.engine.registry import Check
from infralint.engine.report import Report, Suppression
from infralint.model import Finding, Location
from infralint.reporters import Shown
from infralint.reporters.phrases import (
    environment_phrase,
    fence,
    is_resource,
    places_of,
    stream_phrase,
    unknown_message,
    way_phrase,
    write_phrase,
)
from infralint.text.display import hide_secrets, render_json, visible, visible_lines
from infralint.text.wording import capitalize

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
ACCOUNT = "AWS"
"""What concerns no region of an account stands there."""
_NOTIFICATIONS = {
    "unreadable": "Something could not be read, so nothing is known of it.",
    "could-not-tell": "A value can't be known from these files; it is judged neither good nor bad.",
}


def render(report: Report, shown: Shown) -> str:
    """The report as a SARIF log."""
    writer = _SarifWriter(frozenset(report.read.get("aws", ())), shown.snapshot or "")
    run = {
        "tool": {"driver": _driver(shown.checks)},
        "automationDetails": {"id": _automation(shown)},
        "invocations": [writer.invocation(report)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder where infralint ran."}}},
        "columnKind": "unicodeCodePoints",
        "results": list(writer.results(report, shown)),
    }
    return render_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ascii_only=True) + "\n"


def _automation(shown: Shown) -> str:
    """What kind of run this is, and which one; code scanning takes what stands before the last slash as its category."""
    return f"infralint-audit/{shown.taken}" if shown.taken else f"infralint/{shown.time}"


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
        "properties": {
            "tags": ["reliability", "streaming", check.group],
            "precision": "high",
            "problem.severity": "warning",
        },
    }
    if url := page_url(check.page):
        rule["helpUri"] = url
    return rule


class _SarifWriter(msgspec.Struct, frozen=True):
    """Writes what is said of files and of resources. regions: what was read and is no file, by name. snapshot: the file
    that keeps what was read of an account, where one does."""

    regions: frozenset[str]
    snapshot: str = ""

    def invocation(self, report: Report) -> dict[str, Any]:
        notes = [
            self._notification("unreadable", "error", visible(unreadable.message), unreadable.where)
            for unreadable in report.unreadable
        ]
        for unknown in report.unknown:
            lines = filter(None, [f"Could not tell {unknown_message(unknown)}", unknown.remedy])
            notes.append(self._notification("could-not-tell", "note", "\n".join(map(visible, lines)), unknown.where))
        return {"executionSuccessful": not report.unreadable, "toolExecutionNotifications": notes}

    def _notification(self, name: str, level: str, text: str, where: Location) -> dict[str, Any]:
        descriptor = {"id": name, "index": list(_NOTIFICATIONS).index(name)}
        note: dict[str, Any] = {"descriptor": descriptor, "level": level, "message": {"text": text}}
        note["locations"] = [self._place(where)]
        return note

    def results(self, report: Report, shown: Shown) -> Iterator[dict[str, Any]]:
        """Every finding, also those that are suppressed; which are new, where a baseline knows some."""
        places = {check.name: index for index, check in enumerate(shown.checks)}
        silent = {id(suppression.finding): suppression for suppression in report.suppressed}
        for finding in (*report.findings, *(suppression.finding for suppression in report.suppressed)):
            result = self._result(finding)
            if finding.check in places:
                result["ruleIndex"] = places[finding.check]
            suppression = silent.get(id(finding))
            if suppression is not None and suppression.silence != "baseline":
                result["suppressions"] = [self._suppression(suppression)]
            if report.known:
                is_known = suppression is not None and suppression.silence == "baseline"
                result["baselineState"] = "unchanged" if is_known else "new"
            yield result

    def _suppression(self, suppression: Suppression) -> dict[str, Any]:
        kind = "inSource" if suppression.silence == "comment" else "external"
        entry: dict[str, Any] = {"kind": kind, "status": "accepted"}
        if suppression.reason:
            entry["justification"] = visible(suppression.reason)
        if suppression.where is not None:
            entry["location"] = self._place(suppression.where)
        return entry

    def _result(self, finding: Finding) -> dict[str, Any]:
        result: dict[str, Any] = {
            "ruleId": finding.check,
            "level": finding.severity,
            "message": _message(finding),
            "locations": [self._location(finding)],
            "partialFingerprints": {"infralint/v1": finding.provenance.fingerprint},
        }
        related = [
            {"id": number, "message": {"text": visible(text)}, **self._place(where)}
            for number, (text, where) in enumerate(_related_places(finding), 1)
        ]
        if related:
            result["relatedLocations"] = related
        edits = finding.provenance.edits
        if edits and all(hide_secrets(edit.text) == edit.text for edit in edits):
            result["fixes"] = [_fix(finding)]
        return result

    def _location(self, finding: Finding) -> dict[str, Any]:
        """Where a finding stands: in a file; of a resource of an account, where its code says what it should be, else in
        the snapshot that keeps it: code scanning refuses a log with a result that names no file."""
        location = self._place(finding.location)
        if "physicalLocation" not in location:
            in_code = [place.location for place in finding.related if self._is_file(place.location)]
            kept = [Location(self.snapshot)] if self.snapshot else []
            for file in [*in_code, *kept][:1]:
                location["physicalLocation"] = _physical(file)
        if finding.hop is not None:
            name, resource = visible(finding.hop.name), finding.hop.resource
            full = visible(resource.identity) if resource else f"{visible(finding.hop.where.path)}: {name}"
            location["logicalLocations"] = [{"name": name, "fullyQualifiedName": full, "kind": "resource"}]
        return location

    def _place(self, where: Location) -> dict[str, Any]:
        """A place in a file, or the name of what is no file."""
        if self._is_file(where):
            return {"physicalLocation": _physical(where)}
        return {"logicalLocations": [{"fullyQualifiedName": visible(where.path), "kind": "resource"}]}

    def _is_file(self, where: Location) -> bool:
        path = where.path
        return not (is_resource(path) or path.startswith("--") or path in self.regions or path == ACCOUNT)


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
    if environment := environment_phrase([finding]):
        lines.append(visible(f"{capitalize(environment)}."))
    if stream := stream_phrase(finding):
        lines.append(visible(f"Stream: {stream}."))
    if way := way_phrase(finding):
        lines.append(visible(f"Way: {way}."))
    if not finding.fix:
        return {"text": "\n".join(lines)}
    fix = visible_lines(finding.fix)
    write = f"{visible(capitalize(write_phrase(finding)))}:"
    text = "\n".join([*lines, write, fix])
    return {"text": text, "markdown": "\n\n".join([*lines, f"{write}\n\n{fence(fix)}"])}


def _related_places(finding: Finding) -> Iterator[tuple[str, Location]]:
    """The other end of the setting, the places that the message speaks of, and why a stream goes here."""
    yield from ((related.message, related.location) for related in places_of(finding))
    if finding.hop is not None and finding.hop.where != finding.location:
        yield f"applies to {finding.hop.name}", finding.hop.where
    evidence = finding.stream.evidence if finding.stream else None
    if evidence and evidence.where and evidence.where != finding.location:
        yield f"a stream goes here because {evidence.because}", evidence.where


def _physical(where: Location) -> dict[str, Any]:
    return {"artifactLocation": _artifact(where.path), "region": _region(where)}


def _artifact(path: str) -> dict[str, str]:
    if path.startswith("/"):
        return {"uri": f"file://{quote(os.fsencode(path))}"}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}


def _region(where: Location) -> dict[str, int]:
    """Code scanning wants all four, also for what is about a whole line or file: there, its beginning."""
    line, column = where.line or 1, where.column or 1
    end_line, end_column = where.end_line or line, where.end_column or column
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
