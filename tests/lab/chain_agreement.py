"""infralint's JSON report of a chain, and its trace of the stream, against what became of the stream in it.

Four things are compared: the hop that is blamed is the one that was seen to hold, cut or refuse; the smallest clock
that is named is when the cut came; each request is as the hop's access log shows it; what nobody is blamed for flows.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from infralint.engine.reading import read
from infralint.engine.registry import Check, Loaded, built_in_folder, load_checks
from infralint.engine.report import Report
from infralint.engine.run import judge
from infralint.engine.tracing import Question, trace
from infralint.fixing import Ruleset, find_fixes
from infralint.model import Crossing, Finding, Hop
from infralint.project import Project
from infralint.project.config import load_settings
from infralint.reporters import Shown
from infralint.reporters.json import render
from infralint.reporters.trace_text import TraceShown
from infralint.reporters.traces import render_trace
from infralint.text.patterns import fresh_budget

from .chain_runs import Logged, Seen, see
from .chains import Chain

HOLDING = frozenset({"buffered-stream", "compressed-stream"})
CUTTING = frozenset({"short-idle-timeout"})
REFUSING = frozenset({"missing-upgrade-headers"})
BATCH = 60
"""Chains that run at once: more of them, and this process is too slow to see what came first."""
NO_FILES: Mapping[int, Mapping[str, str]] = MappingProxyType({})
LEFT = {"forwarded": "whole", "http/1.0": "whole", "half": "half", "dropped": "lost"}
"""What an access log shows of a handshake, by what infralint says of it; the version stands beside it."""
EARLY = 0.31
"""Seconds by which a cut may come before its clock: nginx does not set a timer anew for less than 0.3 s (its
NGX_TIMER_LAZY_DELAY)."""


def _pass_by(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """Every hop that a stream passes, whether anything is wrong with it or not."""
    yield Finding("note", crossing.hop.where, "a stream passes here")


WAYS = Check("way", Path(), lambda: Loaded("way", "", Hop, True, _pass_by))
"""Has the report tell the ways of streams that nothing is said against."""


@dataclass(frozen=True)
class Said:
    """What infralint says of a chain. files: the project's, in which a location carries its mark. shown: the stream as
    `infralint trace` shows it where its path is asked about.
    """

    chain: Chain
    files: Mapping[str, str]
    report: Mapping[str, Any]
    shown: Mapping[str, Any]

    @property
    def worst(self) -> Mapping[str, Any] | None:
        """The way that the verdict of the trace is about; None where nothing takes the request."""
        index = self.shown["verdict"]["way"]
        way: Mapping[str, Any] | None = self.shown["ways"][index] if index is not None else None
        return way

    @cached_property
    def findings(self) -> list[Mapping[str, Any]]:
        return [finding for finding in self.report["findings"] if finding["check"] != WAYS.name]

    @cached_property
    def traces(self) -> list[Mapping[str, Any]]:
        traces = [finding["trace"] for finding in self.report["findings"] if finding["check"] == WAYS.name]
        return [trace for trace in traces if tiers_of(trace)]

    def blamed(self, checks: frozenset[str]) -> dict[int, Mapping[str, Any]]:
        """The loudest finding of these checks by the tier that it blames; notes blame nobody."""
        found: dict[int, Mapping[str, Any]] = {}
        for finding in self.findings:
            if finding["check"] in checks and finding["severity"] != "note" and finding["hop"]["platform"] == "nginx":
                tier = self.tier_of(finding["trace"]["legs"][finding["trace"]["position"]])
                if tier not in found or finding["severity"] == "error":
                    found[tier] = finding
        return found

    def mark_of(self, leg: Mapping[str, Any]) -> int:
        """The number that a leg's location is marked with; an `if` has that of the location around."""
        location = leg["hop"]["location"]
        lines = self.files[location["path"]].splitlines()[: location["line"]]
        return next(int(found[1]) for line in reversed(lines) if (found := re.search(r"# hop (\d+)", line)))

    def tier_of(self, leg: Mapping[str, Any]) -> int:
        """The tier of a leg, counted from 0."""
        mark = f"# hop {self.mark_of(leg)}\n"
        return next(tier for tier, text in enumerate(self.chain.tiers) if mark in text)

    @property
    def is_silent(self) -> bool:
        loud = any(finding["severity"] != "note" for finding in self.findings)
        return not loud and not self.report["unknown"] and not self.report["unreadable"]

    @property
    def is_sure(self) -> bool:
        return any(finding["severity"] == "error" for finding in self.findings)


@functools.cache
def _checks() -> list[Check]:
    return load_checks(built_in_folder())


def say(chain: Chain, files: Mapping[str, str], folder: Path) -> Said:
    """Judge a chain's project, laid out in a folder."""
    project = _laid_out(files, folder)
    checks = [*_checks(), WAYS]
    project.subjects = frozenset(check.subject for check in checks)
    with fresh_budget():
        readings = read(project)
        report = judge(project, readings, checks)
        traced = trace(project, readings, _checks(), Question((chain.path,), chain.host, chain.kind))
    [shown] = json.loads(render_trace("json", traced, TraceShown()))["streams"]
    return Said(chain, files, _as_json(report), shown)


def fix(chain: Chain, files: Mapping[str, str], folder: Path) -> tuple[Chain, dict[str, str]]:
    """The chain after `--fix`, with its files."""
    project = _laid_out(files, folder)
    with fresh_budget():
        fixes = find_fixes(project, Ruleset(_checks()), lambda report, _: report)
    after = {**files, **{path: content.decode() for path, content in fixes.after.items()}}
    return chain.with_files(after), after


def _laid_out(files: Mapping[str, str], folder: Path) -> Project:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    settings = load_settings(folder / "infralint.yaml", "infralint.yaml")
    return Project(folder, settings, folder)


def _as_json(report: Report) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(render(report, Shown()))
    return data


@dataclass(frozen=True)
class Disagreement:
    """What infralint says of a chain, and what is so."""

    what: str
    said: Said
    seen: Seen

    def __str__(self) -> str:
        findings = [
            f"  {finding['severity']} {finding['check']} {finding['location']}: {finding['message']}"
            for finding in self.said.findings
        ]
        unknown = [f"  unknown: {entry['message']}" for entry in self.said.report["unknown"]]
        notes = self.seen.notes
        outcome = self.seen.outcome
        return "\n".join(
            [
                self.what,
                f"nginx: {outcome.verdict} {outcome.status}, {outcome.events} events; handed on by {notes.reach} tiers,"
                f" holder {notes.holder}, cutter {notes.cutter}, handshake lost by {notes.handshake_loser}",
                f"access logs: {self.seen.requests}",
                "infralint:",
                *findings,
                *unknown,
                *(f"  unreadable: {entry['message']}" for entry in self.said.report["unreadable"]),
                *(f"  way: {_shown(trace)}" for trace in self.said.traces),
                f"  trace: {self.said.shown['verdict']}",
                str(self.said.chain),
            ]
        )


def _shown(trace: Mapping[str, Any]) -> str:
    legs = [f"{leg['hop']['name']} {leg['request']['host']}{leg['request']['path']}" for leg in trace["legs"]]
    return " → ".join([*legs, f"{trace['end']} {trace['end_reason']}"]) + ("" if trace["certain"] else " (perhaps)")


def disagreements(said: Said, seen: Seen) -> Iterator[Disagreement]:
    """All that infralint says of a chain and that is not so."""
    for what in (*_of_verdict(said, seen), *_of_requests(said, seen.requests), *_of_shown(said, seen)):
        yield Disagreement(what, said, seen)


def _of_verdict(said: Said, seen: Seen) -> Iterator[str]:
    if said.report["unreadable"]:
        yield "nginx runs what infralint can't read"
    elif seen.flows(said.chain):
        if said.is_sure:
            yield "what is an error flows"
    elif said.is_silent:
        yield "what nothing is said of does not flow"
    elif not said.report["unknown"]:
        yield from _of_blame(said, seen)


def _of_blame(said: Said, seen: Seen) -> Iterator[str]:
    """Whether the hop that is blamed is the one that was seen at it."""
    notes = seen.notes
    if notes.reach < notes.tiers and seen.outcome.status != 504:
        return
    if notes.cutter is not None and seen.outcome.verdict != "held":
        yield from _of_cut(said, notes.cutter, seen.requests)
    elif seen.outcome.verdict == "held":
        blamed = said.blamed(HOLDING)
        sure = [tier for tier, finding in blamed.items() if finding["severity"] == "error"]
        if notes.holder not in blamed:
            yield f"tier {notes.holder} holds, and {sorted(blamed)} are blamed"
        elif sure and notes.holder is not None and max(sure) > notes.holder:
            yield f"tier {notes.holder} holds first, and not tier {max(sure)}"
    elif said.chain.kind == "websocket" and notes.handshake_loser is not None:
        blamed = said.blamed(REFUSING)
        if notes.handshake_loser not in blamed:
            yield f"tier {notes.handshake_loser} loses the handshake, and {sorted(blamed)} are blamed"
        elif min(blamed) < notes.handshake_loser:
            yield f"tier {notes.handshake_loser} loses the handshake first, and not tier {min(blamed)}"


def _of_cut(said: Said, cutter: int, requests: Sequence[Logged]) -> Iterator[str]:
    """A cut comes from the hop whose clock is the smallest of the way, when that is over."""
    blamed = said.blamed(CUTTING)
    if cutter not in blamed:
        yield f"tier {cutter} cuts, and {sorted(blamed)} are blamed"
        return
    trace = blamed[cutter]["trace"]
    limits = {said.tier_of(leg): _silence(leg) for leg in tiers_of(trace)}
    mark = said.mark_of(trace["legs"][trace["position"]])
    seconds = next(request.seconds for request in requests if request.hop == mark)
    if min(limits, key=lambda tier: limits[tier]) != cutter:
        yield f"tier {cutter} cuts, and the smallest clock of {limits} is another's"
    if seconds < limits[cutter] - EARLY:
        yield f"tier {cutter} cuts after {seconds:.2f} s, and its clock is named as {limits[cutter]:g} s"


def tiers_of(trace: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The legs of a way that are nginx: all but the application at its end."""
    return [leg for leg in trace["legs"] if leg["hop"]["platform"] == "nginx"]


def _silence(leg: Mapping[str, Any]) -> float:
    limits = [clock["seconds"] for clock in leg["clocks"] if clock["phase"] in ("first-byte", "between-bytes")]
    return min((limit for limit in limits if limit is not None), default=float("inf"))


def _of_requests(said: Said, requests: Sequence[Logged]) -> Iterator[str]:
    """Whether each request of the way is what its hop's log shows; where several ways are possible, one of them is it."""
    if not requests:
        return
    logged = {request.hop: request for request in requests}
    complaints = [complaint for trace in said.traces if (complaint := _of_trace(said, trace, logged))]
    if complaints and len(complaints) == len(said.traces):
        yield complaints[0]
    known = {said.mark_of(leg) for trace in said.traces for leg in tiers_of(trace)}
    for missing in sorted(logged.keys() - known):
        if not said.report["unknown"]:
            yield f"a request came to hop {missing}, which is on no way"


def _of_trace(said: Said, trace: Mapping[str, Any], logged: Mapping[int, Logged]) -> str:
    for leg in tiers_of(trace):
        mark, asked = said.mark_of(leg), leg["request"]
        entry = logged.get(mark)
        if entry is None:
            return f"no request came to hop {mark}" if leg["certain"] else ""
        if asked["host"] is not None and asked["host"] != entry.host:
            return f"hop {mark} is asked for host {entry.host}, not {asked['host']}"
        if asked["path"] != entry.path:
            return f"hop {mark} is asked for {entry.path}, not {asked['path']}"
        if asked["http"] not in (None, entry.protocol):
            return f"hop {mark} is asked over {entry.protocol}, not {asked['http']}"
        upgrade = asked.get("upgrade")
        if upgrade is not None and LEFT[upgrade] != entry.upgrade:
            return f"the handshake at hop {mark} is {entry.upgrade}, not {LEFT[upgrade]}"
    return ""


def _of_shown(said: Said, seen: Seen) -> Iterator[str]:
    """Whether the trace of the stream says what was seen."""
    way, outcome = said.worst, said.shown["verdict"]["outcome"]
    if way is None:
        yield "the trace knows nobody that takes the request"
        return
    if seen.flows(said.chain):
        if outcome in ("breaks", "not served"):
            yield f"the trace says that it {outcome}, and it flows"
    elif outcome == "flows":
        yield "the trace says that it flows, and it does not"
    else:
        yield from _of_shown_blame(said, seen, way)
    if len(said.shown["ways"]) == 1 and (complaint := _of_trace(said, way, {one.hop: one for one in seen.requests})):
        yield f"in the trace, {complaint}"


def _of_shown_blame(said: Said, seen: Seen, way: Mapping[str, Any]) -> Iterator[str]:
    """Whether the hop that the trace blames is the one that was seen at it.

    One that only may do it, and did, does not outdo one behind or in front that surely would have.
    """
    verdict = way["verdict"]
    tier, effects = _seen_at(said, seen)
    if tier is None or verdict["outcome"] not in ("breaks", "may break"):
        return
    legs = {said.tier_of(leg): leg for leg in tiers_of(way)}
    severities = {found["severity"] for found in legs[tier]["findings"] if found["effect"] in effects}
    is_less_sure = verdict["severity"] == "error" and severities == {"warning"}
    blamed = said.tier_of(way["legs"][verdict["blamed"]])
    if verdict["effect"] not in effects or (blamed != tier and not is_less_sure):
        yield f"tier {tier} {effects[0]} it, and the trace says that tier {blamed} {verdict['effect']} it"
    if effects[0] == "cuts" and said.tier_of(way["legs"][way["smallest"]["silence"]["position"]]) != tier:
        yield f"tier {tier} cuts, and the smallest clock of the trace is {way['smallest']['silence']}"


def _seen_at(said: Said, seen: Seen) -> tuple[int | None, tuple[str, ...]]:
    """The tier that was seen to hold, cut or refuse, and what it did, in the words of a finding's effect."""
    notes = seen.notes
    if notes.reach < notes.tiers and seen.outcome.status != 504:
        return None, ()
    if seen.outcome.verdict == "held":
        return notes.holder, ("holds",)
    loser = notes.handshake_loser if said.chain.kind == "websocket" else None
    if notes.cutter is not None and (loser is None or notes.cutter <= loser):
        return notes.cutter, ("cuts", "refuses") if seen.outcome.status == 504 else ("cuts",)
    return loser, ("refuses",)


@dataclass(frozen=True)
class Agreement:
    """What was tried, and where infralint was wrong. broken: whose streams do not flow, with what was said of them."""

    tried: int
    flowing: int
    unknown: int
    kinds: Counter[str]
    broken: Sequence[Said]
    wrong: Sequence[Disagreement]


def compare(chains: Sequence[Chain], folder: Path, files: Mapping[int, Mapping[str, str]] = NO_FILES) -> Agreement:
    """Run chains, judge them, and compare. files: the projects of those that are not as they were written."""
    seen = [one for start in range(0, len(chains), BATCH) for one in see(chains[start : start + BATCH])]
    broken: list[Said] = []
    wrong: list[Disagreement] = []
    unknown = 0
    for chain, outcome in zip(chains, seen, strict=True):
        said = say(chain, files.get(chain.number) or chain.files(), folder / str(chain.number))
        wrong += _lasting(said, outcome)
        unknown += bool(said.report["unknown"]) and outcome.flows(chain)
        if not outcome.flows(chain):
            broken.append(said)
    kinds = Counter(f"{chain.kind} {outcome.outcome.verdict}" for chain, outcome in zip(chains, seen, strict=True))
    return Agreement(len(chains), len(chains) - len(broken), unknown, kinds, broken, wrong)


def _lasting(said: Said, outcome: Seen) -> list[Disagreement]:
    """Where infralint is wrong of a chain. Clocks of tenths of a second race on a busy machine, and a fault of infralint
    does not: what is gone when the chain runs alone is none."""
    wrong = list(disagreements(said, outcome))
    return list(disagreements(said, see([said.chain])[0])) if wrong else []


def fixed(broken: Sequence[Said], folder: Path) -> tuple[list[Chain], dict[int, dict[str, str]]]:
    """The chains after `--fix`, and the files of their projects; those that it can't put right are left out."""
    pairs = [fix(said.chain, said.files, folder / str(said.chain.number)) for said in broken]
    changed = [pair for pair, said in zip(pairs, broken, strict=True) if pair[1] != said.files]
    return [chain for chain, _ in changed], {chain.number: files for chain, files in changed}
