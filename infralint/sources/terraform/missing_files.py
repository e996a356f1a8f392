"""Files that Terraform reads before it asks anybody, and that are not here.

What is built or kept apart from the repository (archives, keys, credentials, what a .gitignore names) may be there where
Terraform runs, and is not missed. https://developer.hashicorp.com/terraform/language/functions/file
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Unreadable
from infralint.project import CantRead, Project
from infralint.sources.terraform.constants import parts_in_any_case
from infralint.sources.terraform.folders import Folder, join
from infralint.sources.terraform.hcl import (
    Attr,
    Attribute,
    Block,
    Expression,
    FunctionCall,
    Literal,
    NameExpression,
    Template,
)
from infralint.text.globs import Exclusions

_READING = frozenset({"file", "templatefile"})
_WRITTEN_BY_HAND = tuple(".tpl .tftpl .tmpl .sh .conf .cfg .yaml .yml .md .html .sql .py .js .txt".split())
"""Endings of files that people write, and keep beside the code that reads them."""


def missing_files(folder: Folder, root: str, project: Project) -> Iterator[Unreadable]:
    """The files that a folder's arguments read in any case. root: the folder that Terraform runs in."""
    for attribute in _attributes(folder):
        pending: list[Expression] = [attribute.value]
        while pending:
            part = pending.pop()
            pending += reversed([*parts_in_any_case(part)])
            if not (isinstance(part, FunctionCall) and part.name in _READING and part.arguments):
                continue
            path = _path(part.arguments[0], folder.path, root)
            if path is not None and path.endswith(_WRITTEN_BY_HAND) and not _may_be_there(path, project):
                why = f"{part.name}() reads {path}, which is not here"
                yield Unreadable(f"Terraform refuses this: {why}", attribute.source.at(part.start, part.end))


def _attributes(folder: Folder) -> Iterator[Attribute]:
    yield from folder.locals.values()
    pending = list(folder.all_blocks())
    while pending:
        block: Block = pending.pop()
        pending += [inner for inner in block.blocks if inner.type != "dynamic"]
        yield from block.attributes.values()


def _path(argument: Expression, module: str, root: str) -> str | None:
    """The path that is read, of the project; None for one that has to be worked out, or leads out of it."""
    if isinstance(argument, Literal) and isinstance(argument.value, str) and "~" not in argument.value:
        return join(root, argument.value) if module == root else None
    if not isinstance(argument, Template) or len(argument.parts) != 2:
        return None
    start, rest = argument.parts
    match start, rest:
        case Attr(target=NameExpression(name="path"), name="module"), Literal(value=str(written)):
            return join(module, written.removeprefix("/"))
    return None


def _may_be_there(path: str, project: Project) -> bool:
    """Whether a file is here, or whoever runs Terraform may have it: it is excluded, or named by a .gitignore."""
    if project.is_there(path):
        return True
    parts = path.split("/")
    return any(_is_ignored("/".join(parts[:depth]), "/".join(parts[depth:]), project) for depth in range(len(parts)))


def _is_ignored(folder: str, rest: str, project: Project) -> bool:
    ignoring = f"{folder}/.gitignore".removeprefix("/")
    if ignoring not in project.file_set:
        return False
    try:
        return Exclusions(project.text(ignoring).splitlines()).covers(rest)
    except CantRead:
        return True
