"""What streams pass through, too, and no source reads yet: its kinds are named, so that silence is not taken for safety.

A source that learns to read a kind takes it out of these tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Reading
from infralint.project import Project
from infralint.sources.unread.files import CDK, find_with_rules, plain_path, rules_of
from infralint.sources.unread.manifests import kinds_in_manifest
from infralint.sources.unread.services import kinds_of_services
from infralint.sources.unread.terraform import has_no_kinds, kinds_in_terraform

LOOKED_THROUGH = 1024 * 1024
"""Bytes of a file that are looked through."""


def read(project: Project) -> Reading:
    """The kinds of a project's files, each with the first file of its kind, as the user would type it."""
    reading = Reading("unread")
    kinds: dict[str, list[str]] = {}

    def look(path: str) -> bool:
        if here := list(_kinds_of(project, path)):
            kinds[path] = here
        return bool(here)

    files, resources = find_with_rules(project.names)
    found = project.glance_at_all("unread", files, look)
    found += project.glance_at_all("unread resources", resources, look, has_no_kinds)
    for path in sorted(found):
        for kind in kinds[path]:
            reading.see(kind, project.show(path))
    for kind, path in kinds_of_services(project):
        reading.see(kind, project.show(path))
    if CDK in reading.seen and any("cdk.out/" in path and path.endswith(".template.json") for path in project.files):
        del reading.seen[CDK]
    return reading


def _kinds_of(project: Project, path: str) -> Iterator[str]:
    """What a file describes that is not read."""
    plain = plain_path(path)
    rules, read_kinds = rules_of(plain), None
    if plain.endswith((".yaml", ".yml", ".tpl")):
        read_kinds = kinds_in_manifest
    elif plain.endswith((".tf", ".tofu", ".tf.json", ".tofu.json")):
        read_kinds = kinds_in_terraform
    if not rules and read_kinds is None:
        return
    content = project.head(path, LOOKED_THROUGH)
    if read_kinds is not None:
        yield from read_kinds(content)
    for rule in rules:
        if rule.is_in(content):
            yield rule.kind
