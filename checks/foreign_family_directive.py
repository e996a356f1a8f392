from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NginxLocation, check

FAMILIES = ("proxy", "fastcgi", "uwsgi", "scgi", "grpc")
SETTINGS = ("buffering", "read_timeout")


@check
def foreign_family_directive(crossing: Crossing[NginxLocation]) -> Iterator[Finding]:
    """A `proxy_*` setting in a `fastcgi_pass` location (or the like) does nothing."""
    hop = crossing.hop
    if hop.family not in FAMILIES:
        return
    here = hop.rules.nearest.by_name
    for family in FAMILIES:
        for setting in SETTINGS:
            name = f"{family}_{setting}"
            found = hop.directive(name) if family != hop.family and name in here else None
            if isinstance(found, Known) and found.origin == "explicit" and not _meant_for_another(hop, family):
                yield _finding(hop, found, setting)


def _meant_for_another(hop: NginxLocation, family: str) -> bool:
    """Whether the location also passes requests to that family, in an `if`."""
    blocks = hop.rules.nearest.directives
    return any(directive.name == f"{family}_pass" for block in blocks for directive in block.walk())


def _finding(hop: NginxLocation, found: Known[tuple[str, ...]], setting: str) -> Finding:
    if hop.family == "grpc" and setting == "buffering":
        return Finding("note", found, f"`{found.written}` does nothing here: grpc_pass never buffers", "")
    written = f"{hop.family}_{setting} {' '.join(found.value)};"
    message = (
        f"`{found.written}` does nothing here: {hop.name} hands requests to"
        f" {hop.pass_directive.name}, which reads {hop.family}_{setting}"
    )
    return Finding("warning", found, message, written, setting=found.name)
