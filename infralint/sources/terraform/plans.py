"""Plans and states."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Reading
from infralint.project import Project
from infralint.sources.terraform.hops import Graph


def plans(project: Project, reading: Reading) -> Iterator[tuple[str, Graph]]:
    return iter(())
