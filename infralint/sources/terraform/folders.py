"""Folders of Terraform files: what they declare, override files merged in, and what modules they call."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infralint.model import Location, Unreadable
from infralint.project import CantRead, Project
from infralint.sources.terraform.hcl import Attribute, Block, HclError, Source, parse

VALUES = (".tfvars", ".tfvars.json")
LOCK = ".terraform.lock.hcl"
ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json")

BALANCERS = (b"aws_lb", b"aws_alb", b"aws_elb")
"""A cheap look for what may become a hop."""
HELPERS = (b"aws_ecs_service", b"aws_autoscaling_", b"aws_appautoscaling_")
MODULE_SOURCE = re.compile(rb"\bsource\"?\s*[=:]\s*\"([^\"\n]*)\"")
BALANCING = re.compile(rb"(?i)lb|balancer")


@dataclass
class Folder:
    """What the Terraform files of one folder declare, by name."""

    path: str
    variables: dict[str, Block] = field(default_factory=dict)
    locals: dict[str, Attribute] = field(default_factory=dict)
    resources: dict[tuple[str, str], Block] = field(default_factory=dict)
    data: dict[tuple[str, str], Block] = field(default_factory=dict)
    calls: dict[str, Block] = field(default_factory=dict)
    outputs: dict[str, Block] = field(default_factory=dict)
    providers: list[Block] = field(default_factory=list)
    settings: list[Block] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, body: Block, override: bool = False) -> None:
        """Take in a file's blocks; those of an override file change what is there."""
        for block in body.blocks:
            if block.type == "locals":
                self.locals.update(block.attributes)
            elif block.type in ("provider", "terraform"):
                (self.providers if block.type == "provider" else self.settings).append(block)
            elif (home := self._home(block)) is not None:
                key: Any = block.labels if len(block.labels) > 1 else block.labels[0]
                home[key] = merged(home[key], block) if override and key in home else block

    def _home(self, block: Block) -> dict[Any, Block] | None:
        homes: dict[tuple[str, int], dict[Any, Block]] = {
            ("variable", 1): self.variables,
            ("output", 1): self.outputs,
            ("module", 1): self.calls,
            ("resource", 2): self.resources,
            ("data", 2): self.data,
        }
        return homes.get((block.type, len(block.labels)))


def merged(block: Block, override: Block) -> Block:
    """A block with an override's arguments; nested blocks of a type are replaced together.

    https://developer.hashicorp.com/terraform/language/files/override
    """
    replaced = {_kind(inner) for inner in override.blocks}
    kept = [inner for inner in block.blocks if _kind(inner) not in replaced]
    return Block(
        block.type,
        block.labels,
        block.start,
        block.header,
        block.source,
        {**block.attributes, **override.attributes},
        [*kept, *override.blocks],
        block.end,
    )


def _kind(block: Block) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def is_override(path: str) -> bool:
    """`override.tf`, `alb_override.tf`, and the same with .tf.json."""
    stem = path.rpartition("/")[2].partition(".")[0]
    return stem == "override" or stem.endswith("_override")


class Tree:
    """All Terraform folders of a project: files are read once, and parsed where they matter."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.unreadable: list[Unreadable] = []
        self._parsed: dict[str, Folder] = {}

    @cached_property
    def files(self) -> dict[str, list[str]]:
        """Folder -> its Terraform files."""
        found: dict[str, list[str]] = {}
        for path in self.project.files:
            if path.endswith(ENDINGS):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """Folder -> the files of values and lock files in it."""
        found: dict[str, list[str]] = {}
        for path in self.project.files:
            if path.endswith((*VALUES, LOCK)):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    @cached_property
    def _scanned(self) -> tuple[set[str], set[str], dict[str, set[str]]]:
        """Folders that mention load balancers, those that mention what stands behind one, and local calls."""
        seeds: set[str] = set()
        helpers: set[str] = set()
        calls: dict[str, set[str]] = {}
        for folder, paths in self.files.items():
            content = b"\n".join(map(self._bytes, paths))
            sources = MODULE_SOURCE.findall(content) if b"source" in content else []
            if any(word in content for word in BALANCERS) or any(map(BALANCING.search, sources)):
                seeds.add(folder)
            if any(word in content for word in HELPERS):
                helpers.add(folder)
            near = [joined(folder, one.decode(errors="replace")) for one in sources if one.startswith(b".")]
            calls[folder] = {target for target in near if target is not None}
        return seeds, helpers, calls

    def _bytes(self, path: str) -> bytes:
        try:
            return self.project.bytes(path)
        except CantRead as error:
            self.unreadable.append(self.project.unreadable(path, error))
            return b""

    @property
    def calls(self) -> dict[str, set[str]]:
        """Folder -> local folders that it calls as modules."""
        return self._scanned[2]

    @cached_property
    def leading(self) -> frozenset[str]:
        """Folders with a load balancer in them, or in a module below them."""
        return self._closure(self._scanned[0])

    @cached_property
    def telling(self) -> frozenset[str]:
        """Folders that say something of load balancers or of what stands behind them."""
        return self._closure(self._scanned[0] | self._scanned[1])

    @cached_property
    def callers(self) -> dict[str, set[str]]:
        """Folder -> folders that call it."""
        found: dict[str, set[str]] = {}
        for caller, targets in self.calls.items():
            for target in targets:
                found.setdefault(target, set()).add(caller)
        return found

    def _closure(self, seeds: Iterable[str]) -> frozenset[str]:
        found, pending = set(seeds), list(seeds)
        while pending:
            for caller in self.callers.get(pending.pop(), ()):
                if caller not in found:
                    found.add(caller)
                    pending.append(caller)
        return frozenset(found)

    def folder(self, path: str) -> Folder:
        """A folder's declarations; files that can't be read are reported and left out."""
        if path not in self._parsed:
            self._parsed[path] = self._load(path)
        return self._parsed[path]

    def _load(self, path: str) -> Folder:
        folder = Folder(path)
        paths = self.files.get(path) or self._unlisted(path)
        for file in sorted(paths, key=lambda one: (is_override(one), one)):
            body = self.parsed(file)
            if body is None:
                folder.broken.append(self.project.shown(file))
            else:
                folder.add(body, is_override(file))
        return folder

    def text(self, path: str) -> str:
        """A file's text. Raises CantRead, also where a folder on the way is a link that leads out of the project."""
        if path not in self.project.file_set and not self._inside(path):
            raise CantRead("lies behind a link that leads out of the project; infralint does not follow it")
        return self.project.text(path)

    def _inside(self, path: str) -> bool:
        root = self.project.root.resolve()
        return (root / path).resolve().is_relative_to(root)

    def _unlisted(self, path: str) -> list[str]:
        """Files of a folder below `.terraform`, which the project does not list."""
        try:
            names = os.listdir(self.project.root / path) if self._inside(path) else []
        except OSError:
            return []
        return [posixpath.join(path, name) for name in names if name.endswith(ENDINGS)]

    def parsed(self, path: str) -> Block | None:
        """A file's blocks, or None if it can't be read, which is reported."""
        try:
            text = self.text(path)
        except CantRead as error:
            self.unreadable.append(self.project.unreadable(path, error))
            return None
        source = Source(self.project.shown(path), text)
        try:
            return parse(source)
        except HclError as error:
            where = source.at(error.offset)
            self.unreadable.append(
                Unreadable(f"is not valid Terraform: {error}", Location(where.path, where.line, where.column))
            )
            return None

    def installed(self, root: str) -> dict[str, str]:
        """Module address (`alb.inner`) -> folder, as `terraform init` noted for a root; empty where it has not run."""
        path = posixpath.join(root, ".terraform/modules/modules.json")
        try:
            entries = json.loads(self.text(path)).get("Modules", [])
        except (CantRead, ValueError, AttributeError):
            return {}
        found = {str(one.get("Key")): joined(root, str(one.get("Dir", ""))) for one in entries if isinstance(one, dict)}
        return {key: folder for key, folder in found.items() if folder is not None}


def joined(folder: str, path: str) -> str | None:
    """A path relative to a folder, as a path of the project; None if it leads out of it."""
    found = posixpath.normpath(posixpath.join(folder, path))
    if found == "..":
        return None
    return None if found.startswith(("../", "/")) else found.removeprefix("./") if found != "." else ""
