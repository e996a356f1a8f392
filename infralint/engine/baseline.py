"""What was there when infralint was switched on: later runs report only what is new."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from infralint.cache.recording import watch
from infralint.engine.report import Report, Suppression
from infralint.model import Finding, Location
from infralint.project import LARGEST, CantRead, Project
from infralint.project.walking import LEADS_OUT, leads_out, read_file

NAME = ".infralint-baseline.json"
"""The file's name in a project's root."""


VERSION = 1
"""Of the file's format."""


class BadBaseline(Exception):
    """A baseline that can't be used: names the file and what is wrong with it."""


class Entry(msgspec.Struct, frozen=True):
    """A finding that is known: its fingerprint, and what a reader of the file wants to know."""

    check: str
    path: str
    hop: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.path}: {self.check}" + (f" ({self.hop})" if self.hop else "")


class _Version(msgspec.Struct, frozen=True):
    version: int


class Baseline(msgspec.Struct, frozen=True):
    """The file."""

    version: int
    findings: list[Entry]


def entry(finding: Finding, project: Project) -> Entry:
    """A finding's entry: by check, file and hop, not by line."""
    return Entry(
        finding.check,
        project.path_of(finding.location.path),
        finding.hop.name if finding.hop else "",
        finding.provenance.fingerprint,
    )


def baseline_text(findings: Iterable[Finding], project: Project) -> str:
    """A baseline's text, in a stable order that is easy to review."""
    import json

    unique = {known.fingerprint: known for known in (entry(finding, project) for finding in findings)}
    ordered = sorted(unique.values(), key=lambda known: (known.path, known.check, known.hop))
    rows = [msgspec.to_builtins(known) for known in ordered]
    return json.dumps({"version": VERSION, "findings": rows}, indent=2, ensure_ascii=False) + "\n"


def find(root: Path) -> Path | None:
    """The baseline of a project's root, if it has one, whether it can be read or not."""
    path = root / NAME
    watch(str(path))
    return path if os.path.lexists(path) else None


def load(path: Path, root: Path | None = None) -> list[Entry]:
    """Read a baseline, which must lie in `root` if that is given. Raises BadBaseline."""
    import json

    shown = os.path.relpath(path)
    try:
        if root is not None and leads_out(str(path), str(root)):
            raise CantRead(LEADS_OUT)
        data = json.loads(read_file(str(path), LARGEST))
        version = msgspec.convert(data, _Version).version
        if version != VERSION:
            raise BadBaseline(f"{shown}: is of version {version}, which this infralint does not read")
        return msgspec.convert(data, Baseline).findings
    except CantRead as error:
        raise BadBaseline(f"{shown}: {error}") from error
    except RecursionError as error:
        raise BadBaseline(f"{shown}: is not a baseline of infralint: it is nested too deep") from error
    except ValueError as error:
        wrong = f"{shown}: is not a baseline of infralint ({error}); write it with `infralint baseline`"
        raise BadBaseline(wrong) from error


def leave_out_known(report: Report, known: Sequence[Entry], shown: str, checks: Collection[str] = ()) -> Report:
    """A report without what a baseline knows, which is suppressed; entries whose findings are no more are named.

    shown: the baseline's path. checks: those that ran, where not all did.
    """
    prints = {entry.fingerprint for entry in known}
    silent = [finding for finding in report.findings if finding.provenance.fingerprint in prints]
    where = Location(shown)
    return replace(
        report,
        findings=[finding for finding in report.findings if finding.provenance.fingerprint not in prints],
        suppressed=[*report.suppressed, *(Suppression(finding, "baseline", where=where) for finding in silent)],
        gone=[str(entry) for entry in gone(report.findings, known) if not checks or entry.check in checks],
    )


def gone(findings: Sequence[Finding], known: Sequence[Entry]) -> list[Entry]:
    """The entries whose findings are no more: they can be taken out."""
    prints = {finding.provenance.fingerprint for finding in findings}
    return [entry for entry in known if entry.fingerprint not in prints]
