"""Findings that are one to a reader, loudest first: those with one cause, or those of one hop, check, stream or file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from infralint.model import SEVERITIES, Finding, Known
from infralint.reporters.phrases import stream_name

Grouping = Literal["cause", "hop", "check", "stream", "file"]


def group_alike(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings in groups of one cause: one place, one default or one value of a setting, and the same check, severity,
    need and advice, or the same words. They differ by their hop, or by the stream. The loudest stand first.
    """
    groups: list[list[Finding]] = []
    known: dict[object, list[Finding]] = {}
    for finding in loudest_first(findings):
        keys = (_likeness(finding), (finding.location, finding.check, finding.severity, finding.message, finding.fix))
        group = next((known[key] for key in keys if key in known), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(finding)
        known |= dict.fromkeys(keys, group)
    return groups


def loudest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, then warnings, then notes, each in the order in which they were given."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def group_by(findings: Iterable[Finding], grouping: Grouping) -> list[tuple[str, list[Finding]]]:
    """Findings by what they have in common, with its name; the group of the loudest finding first."""
    groups: dict[str, list[Finding]] = {}
    for finding in loudest_first(findings):
        groups.setdefault(_TITLES[grouping](finding), []).append(finding)
    return list(groups.items())


def _likeness(finding: Finding) -> tuple[object, ...]:
    at = finding.at
    # What a platform does where nothing is set is one cause, however many places do not set it; so is a line that many hold.
    is_setting = finding.hop is not None and isinstance(at, Known) and bool(at.name)
    place = (
        (finding.hop.platform, at.name, at.origin == "default")
        if is_setting and finding.hop and isinstance(at, Known)
        else finding.location
    )
    shared = (place, finding.check, finding.severity, finding.fix, finding.setting, finding.related)
    if finding.hop is None:
        return (*shared, finding.message)
    stream, value = finding.stream, at.value if isinstance(at, Known) else None
    need = (stream.kind, stream.session, stream.longest_silence, stream.duration) if stream else ()
    return (*shared, need, repr(value))


def hops_of(group: list[Finding]) -> list[str]:
    """The hops of a group, each with its place: the line that is to be changed, or the hop's own where one line rules all."""
    is_one = len({finding.location for finding in group}) == 1
    hops = [(finding.hop, finding.hop.where if is_one else finding.location) for finding in group if finding.hop]
    return list(dict.fromkeys(f"{hop.name} ({where})" for hop, where in hops))


def other_hops(group: list[Finding]) -> list[str]:
    """The hops of a group beside the first one, with their places."""
    return hops_of(group)[1:]


def _hop_title(finding: Finding) -> str:
    return f"{finding.hop.name} ({finding.hop.where})" if finding.hop else finding.location.path


def _stream_title(finding: Finding) -> str:
    return stream_name(finding.stream) if finding.stream else "about no stream alone"


_TITLES: dict[Grouping, Callable[[Finding], str]] = {
    "hop": _hop_title,
    "check": lambda finding: finding.check,
    "stream": _stream_title,
    "file": lambda finding: finding.location.path,
}
