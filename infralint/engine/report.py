"""All that a run has to say: findings with fingerprints, in a stable order, and what could not be read or told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from infralint.model import Finding, Known, Location, Unfollowed, Unknown, Unreadable
from infralint.project.config import Settings

if TYPE_CHECKING:
    from infralint.engine.outcomes import TracedStream

NOTHING = (
    "holds nothing to read: nginx configuration, Kubernetes manifests, compose files, Terraform, CloudFormation, a "
    "Vercel project or code of an application was expected"
)


Silence = Literal["comment", "accept", "baseline"]
"""What keeps a finding silent: a comment beside it, an `accept:` entry of the settings, the baseline."""


class Suppression(msgspec.Struct, frozen=True):
    """A finding that is not reported. where: of the comment or the entry; reason: what it says of it."""

    finding: Finding
    silence: Silence
    reason: str = ""
    where: Location | None = None


class Judged(msgspec.Struct, frozen=True):
    """A project that was judged, as the user would type its folder. config: the file of its settings ("": none)."""

    root: str
    config: str
    settings: Settings


class Report(msgspec.Struct):
    """All that a run has to say.

    suppressed: findings that somebody decided to keep silent. projects: what was judged. fixed: what was
    put right. read: files by platform. gone: entries of the baseline whose findings are no more. hops,
    crossings, assumed: how many. seen: what stands here and is not read yet. traces: of failures of infralint itself.
    unfollowed: what may hold a stream or a hop that is not seen, with why. skipped: files that were passed over,
    with why. idle: given paths that hold nothing to read. texts: what
    was read under names that are no files (standard input, dumps); origins: the file that each of these
    came from. streams: their ways, where a report shows these.
    """

    findings: list[Finding] = []
    suppressed: list[Suppression] = []
    projects: list[Judged] = []
    fixed: list[Finding] = []
    unknown: list[Unknown] = []
    unreadable: list[Unreadable] = []
    read: dict[str, list[str]] = {}
    seen: list[str] = []
    unfollowed: list[Unfollowed] = []
    skipped: list[str] = []
    idle: list[str] = []
    traces: tuple[str, ...] = ()
    hops: int = 0
    crossings: int = 0
    assumed: int = 0
    gone: list[str] = []
    texts: dict[str, str] = {}
    origins: dict[str, str] = {}
    streams: list[TracedStream] = []

    @property
    def ignored(self) -> int:
        """How many findings a comment or an `accept:` entry keeps silent."""
        return sum(suppression.silence != "baseline" for suppression in self.suppressed)

    @property
    def known(self) -> int:
        """How many findings the baseline keeps silent."""
        return len(self.suppressed) - self.ignored

    def touching(self, paths: Sequence[str], whole: str = ".") -> Report:
        """Only what touches one of the paths (files, or folders and all below). An empty one: everything, called `whole`."""
        if "" in paths:
            return self if self.read or self.unreadable else replace(self, idle=[whole])

        def is_asked(path: str) -> bool:
            return lies_in_any(self.origins.get(path, path), paths)

        return replace(
            self,
            findings=[finding for finding in self.findings if any(map(is_asked, _places(finding)))],
            suppressed=[
                suppression for suppression in self.suppressed if any(map(is_asked, _places(suppression.finding)))
            ],
            unknown=[unknown for unknown in self.unknown if is_asked(unknown.where.path)],
            unreadable=[problem for problem in self.unreadable if is_asked(problem.where.path)],
            unfollowed=[entry for entry in self.unfollowed if is_asked(entry.where.path)],
            idle=[path for path in paths if not any(lies_in_any(heard, [path]) for heard in self._read_files())],
        )

    def _read_files(self) -> set[str]:
        """Files that were read, or could not be, or that a finding speaks of."""
        shown = {path for files in self.read.values() for path in files}
        shown |= {unreadable.where.path for unreadable in self.unreadable}
        shown = shown.union(*map(_places, self.findings))
        return {self.origins.get(path, path) for path in shown}

    def join(self, other: Report) -> Report:
        """Both reports in one, in a stable order."""
        return Report(
            findings=sorted(self.findings + other.findings, key=order),
            suppressed=sorted(self.suppressed + other.suppressed, key=lambda suppression: order(suppression.finding)),
            projects=self.projects + other.projects,
            fixed=self.fixed + other.fixed,
            unknown=self.unknown + other.unknown,
            unreadable=self.unreadable + other.unreadable,
            read={name: self.read.get(name, []) + other.read.get(name, []) for name in {**self.read, **other.read}},
            seen=sorted({*self.seen, *other.seen}),
            unfollowed=sorted({*self.unfollowed, *other.unfollowed}),
            skipped=sorted({*self.skipped, *other.skipped}),
            idle=self.idle + other.idle,
            traces=self.traces + other.traces,
            hops=self.hops + other.hops,
            crossings=self.crossings + other.crossings,
            assumed=self.assumed + other.assumed,
            gone=self.gone + other.gone,
            texts=self.texts | other.texts,
            origins=self.origins | other.origins,
            streams=self.streams + other.streams,
        )


def with_fingerprints(findings: Iterable[Finding], path_of: Callable[[str], str]) -> list[Finding]:
    """The findings, in order, with fingerprints: check, file, hop, kind of stream and setting (without a hop, the message).

    They stay the same while lines move and other files come and go. path_of: a shown path from the
    project's root.
    """
    seen: Counter[str] = Counter()
    result = []
    for finding in sorted(findings, key=order):
        known = _known_part(finding, path_of(finding.location.path))
        seen[known] += 1
        print_ = _digest(known if seen[known] == 1 else f"{known}\0{seen[known]}")
        result.append(replace(finding, provenance=replace(finding.provenance, fingerprint=print_)))
    return result


def _known_part(finding: Finding, path: str) -> str:
    hop = (finding.hop.name, *finding.hop.hosts, finding.hop.environment) if finding.hop else (finding.message,)
    kind = finding.stream.kind if finding.stream else ""
    setting = finding.at.name if isinstance(finding.at, Known) else ""
    return "\0".join((finding.check, path, *hop, kind, setting))


def _digest(text: str) -> str:
    from _blake2 import blake2b  # as in hashlib, which loads OpenSSL

    return blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def once_a_cause(unknown: Iterable[Unknown]) -> list[Unknown]:
    """One missing include is one cause, however many places it decides.

    That a whole file can't be followed is one, too, where that is said of something in it that stands for all of it.
    """
    causes: dict[str, dict[Location, Unknown]] = {}
    every = sorted(unknown, key=lambda reason: reason.where)
    named = {reason.where.path for reason in every if reason.name and not reason.where.line}
    for reason in every:
        if not reason.name and not reason.where.line and reason.where.path in named:
            continue
        causes.setdefault(reason.why, {}).setdefault(reason.where, reason)
    firsts = [replace(next(iter(places.values())), places=len(places)) for places in causes.values()]
    return sorted(firsts, key=lambda first: (first.where, first.why))


def order(finding: Finding) -> tuple[Location, str, str]:
    """Findings are listed by place, then check, then hop."""
    return finding.location, finding.check, finding.hop.name if finding.hop else ""


def _places(finding: Finding) -> set[str]:
    """Files that a finding is about, or that decide what holds there."""
    places = {finding.location.path, *(related.location.path for related in finding.related)}
    if finding.hop is not None:
        places |= {finding.hop.where.path} | finding.hop.files
    if finding.stream is not None and finding.stream.evidence.where is not None:
        places.add(finding.stream.evidence.where.path)
    return places


def lies_in_any(path: str, paths: Iterable[str]) -> bool:
    """Whether a shown path is one of the given ones, or below it; `.` is all that needs no way up."""
    return any(
        path == asked
        or path.startswith(f"{asked.rstrip('/')}/")
        or (asked == "." and not path.startswith(("../", "/")))
        for asked in paths
    )
