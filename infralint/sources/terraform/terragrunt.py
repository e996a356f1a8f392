"""Terragrunt: which folders it deploys, with inputs that are not worked out here.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#terraform
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

import msgspec

from infralint.model import Location
from infralint.project import CantRead
from infralint.sources.terraform.folders import LOCK, TerraformFolders
from infralint.sources.terraform.hcl import Block, Expression, HclError, HclFile, Literal, Template, parse
from infralint.text.lazy import lazy

NAMES = ("terragrunt.hcl", "terragrunt.stack.hcl")
_REMOTE = lazy(r"[\w.+-]+::|https?://|[\w.-]+@|github\.com/|bitbucket\.org/|tfr://|s3://|gs://")


class Terragrunt(msgspec.Struct, dict=True):
    """Where Terragrunt's files say that Terraform's folders are deployed.

    tails: what a path ends with, and who says so. anywhere: a source that names no folder that can be told.
    """

    tree: TerraformFolders
    tails: dict[str, Location] = {}
    anywhere: Location | None = None

    def __post_init__(self) -> None:
        for path in self.files:
            self._read(path)

    @cached_property
    def files(self) -> list[str]:
        """Terragrunt's files, and others that these may include; none where there is no Terragrunt."""
        if not self.tree.project.files_named(*NAMES):
            return []
        return [path for path in self.tree.project.files if path.endswith(".hcl") and not path.endswith(LOCK)]

    def names(self, folder: str) -> Location | None:
        """Where a folder is named as a source."""
        tails = self.tails.items()
        return next((where for tail, where in tails if folder == tail or folder.endswith(f"/{tail}")), None)

    def deploys(self, folder: str) -> Location | None:
        """Where it is said that a folder is, or may be, deployed by Terragrunt."""
        return self.names(folder) or self.anywhere

    def _read(self, path: str) -> None:
        source = self._source(path)
        try:
            body = parse(source)
        except HclError:
            # Terragrunt's functions and blocks are its own affair; what can't be read may deploy anything.
            self.anywhere = self.anywhere or Location(source.path)
            return
        given = list(_sources(body))
        for value, where in given:
            self._remember_source(path, _spelt(value), where)
        folder = posixpath.dirname(path)
        if not given and posixpath.basename(path) in NAMES and folder in self.tree.files:
            self.tails[folder] = Location(source.path)

    def _source(self, path: str) -> HclFile:
        try:
            return HclFile(self.tree.project.show(path), self.tree.text(path))
        except CantRead:
            return HclFile(self.tree.project.show(path), "")

    def _remember_source(self, path: str, text: str | None, where: Location) -> None:
        """Remember the folder of a source. What is included by others is relative to them, so that its end must do."""
        if text is not None and _REMOTE.match(text):
            return
        if tail := _tail(text or ""):
            self.tails[tail] = where
        else:
            self.anywhere = self.anywhere or where


def _sources(body: Block) -> Iterator[tuple[Expression, Location]]:
    """The sources that a file names: of its terraform block, or of the units of a stack."""
    for block in body.blocks:
        if block.type in ("terraform", "unit", "stack") and "source" in block.attributes:
            attribute = block.attributes["source"]
            yield attribute.value, attribute.where


def _spelt(value: Expression) -> str | None:
    """The text of a source; what is worked out in it is left as a null character."""
    if isinstance(value, Literal):
        return str(value.value)
    if not isinstance(value, Template):
        return None
    return "".join(str(part.value) if isinstance(part, Literal) else "\0" for part in value.parts)


def _tail(text: str) -> str:
    """What is known of the end of a source's path."""
    known = text.rpartition("\0")[2].partition("?")[0].replace("//", "/")
    return re.sub(r"^(?:\.{0,2}/)+", "", known).strip("/").removeprefix("./")
