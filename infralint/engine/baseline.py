"""What was there when infralint was switched on: later runs report only what is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infralint.model import Finding
from infralint.project import Project

NAME = ".infralint-baseline.json"
"""The file's name in a project's root."""


class BadBaseline(Exception):
    """A baseline that can't be used: names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding that is known: its fingerprint, and what a reader of the file wants to know."""

    fingerprint: str
    check: str
    path: str
    hop: str

    def __str__(self) -> str:
        return f"{self.path}: {self.check}" + (f" ({self.hop})" if self.hop else "")


def entry(finding: Finding, project: Project) -> Entry:
    """A finding's entry: by check, file and hop, not by line."""
    return Entry(
        finding.provenance.fingerprint,
        finding.check,
        project.path_of(finding.location.path),
        finding.hop.name if finding.hop else "",
    )


def written(findings: Iterable[Finding], project: Project) -> str:
    """A baseline's text, in a stable order that is easy to review."""
    unique = {one.fingerprint: one for one in (entry(finding, project) for finding in findings)}
    ordered = sorted(unique.values(), key=lambda one: (one.path, one.check, one.hop))
    rows = [{"check": one.check, "path": one.path, "hop": one.hop, "fingerprint": one.fingerprint} for one in ordered]
    return json.dumps({"version": 1, "findings": rows}, indent=2, ensure_ascii=False) + "\n"


def load(path: Path) -> list[Entry]:
    """Read a baseline. Raises BadBaseline."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != 1:
            raise BadBaseline(f"{path}: is of version {data['version']}, which this infralint does not read")
        return [
            Entry(**{key: str(row[key]) for key in ("fingerprint", "check", "path", "hop")}) for row in data["findings"]
        ]
    except OSError as error:
        raise BadBaseline(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadBaseline(f"{path}: is not a baseline of infralint; write it with `infralint baseline`") from error


def new(findings: Sequence[Finding], known: Sequence[Entry]) -> list[Finding]:
    """The findings that a baseline does not know."""
    prints = {one.fingerprint for one in known}
    return [one for one in findings if one.provenance.fingerprint not in prints]


def gone(findings: Sequence[Finding], known: Sequence[Entry]) -> list[Entry]:
    """The entries whose findings are no more: they can be taken out."""
    prints = {one.provenance.fingerprint for one in findings}
    return [one for one in known if one.fingerprint not in prints]
