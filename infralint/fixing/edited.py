"""A project with edits made in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

from infralint.model import CantFix, Edit
from infralint.project import LARGEST, Project, decode


class EditedProject(Project):
    """A project as it would be with some files changed. before: what stands in those files."""

    def __init__(self, project: Project, contents: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
        super().__init__(project.root, project.settings, project.base, project.given)
        self.config_shown, self.virtual, self.work = project.config_shown, project.virtual, project.work
        self.look, self.subjects = project.look, project.subjects
        self.contents, self.before = contents, before
        self.now = project

    @cached_property
    def files(self) -> list[str]:
        return self.now.files

    def text(self, path: str) -> str:
        return decode(self.contents[path]) if path in self.contents else self.now.text(path)

    def bytes(self, path: str, largest: int = LARGEST) -> bytes:
        return self.contents[path] if path in self.contents else self.now.bytes(path, largest)


def change_content(content: bytes, edits: Sequence[Edit]) -> bytes:
    """A file's bytes with edits made, all others as they were. Raises CantFix."""
    text = decode(content)
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    codec = "utf-8" if mark + text.encode() == content else "latin-1"
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(set(edits), key=lambda edit: edit.where, reverse=True):
        start = starts[edit.where.line - 1] + edit.where.column - 1
        end = starts[edit.where.end_line - 1] + edit.where.end_column - 1
        text = text[:start] + edit.text + text[end:]
    try:
        return mark + text.encode(codec)
    except UnicodeEncodeError as error:
        raise CantFix("the file's encoding can't hold the change") from error


def names_of_linked(project: Project) -> dict[str, list[str]]:
    """Files that links of the project lead to: every name that they have in it, their own first."""
    found: dict[str, list[str]] = {}
    for path in project.files:
        full = os.path.join(project.root, path)
        if os.path.islink(full):
            found.setdefault(os.path.realpath(full), []).append(path)
    root = os.path.realpath(project.root)
    targets = {real: os.path.relpath(real, root).replace(os.sep, "/") for real in found}
    return {
        real: [*([targets[real]] if targets[real] in project.file_set else []), *names] for real, names in found.items()
    }
