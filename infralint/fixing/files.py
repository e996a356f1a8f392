"""Changes written into the files: each is whole at any moment, and a run that is stopped half-way says so at the next one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from infralint.fixing.patches import changed_files
from infralint.fixing.search import Fixes
from infralint.model import Unreadable
from infralint.project import CantRead, Project
from infralint.text.wording import listing
from infralint.text.writing import JOURNAL, create_file, is_ours, older_target, prepare_file


class Replacement(msgspec.Struct, frozen=True):
    """A file that is to be replaced, and the one beside it that takes its place; both as project paths."""

    path: str
    prepared: str


def write_fixes(fixes: Fixes, project: Project) -> list[Unreadable]:
    """Replace the changed files, each at once, or none where one of them can't be: what stood in the way."""
    paths = changed_files(fixes, project)
    if problems := [problem for path in paths for problem in _obstacles(path, fixes, project)]:
        return problems
    _remove_leftovers(fixes, project)
    prepared: dict[str, str] = {}
    try:
        for path in paths:
            prepared[path] = prepare_file(_target(path, project), fixes.after[path])
        if len(paths) > 1:
            _write_journal(prepared, project)
        for path in paths:
            os.replace(prepared[path], _target(path, project))
            del prepared[path]
    except OSError as error:
        return _unwritten(paths, prepared, error, project)
    finally:
        for name in (*prepared.values(), os.path.join(project.root, JOURNAL)):
            with suppress(OSError):
                os.unlink(name)
    return []


def explain_leftovers(project: Project) -> list[str]:
    """What a `--fix` that was stopped left behind, as sentences."""
    left = project.tree.leftovers
    if JOURNAL in left:
        return [_explain_journal(project)]
    passed_over = [project.show(path) for path in left]
    return [f"passed over {listing(passed_over)}: left behind by a --fix that was stopped"] if left else []


def _explain_journal(project: Project) -> str:
    """Which files were replaced before the run was stopped: those whose prepared content is no longer beside them."""
    try:
        replacements = msgspec.convert(json.loads(project.bytes(JOURNAL)), list[Replacement])
    except (CantRead, ValueError, RecursionError):
        return f"{project.show(JOURNAL)}: left behind by a --fix that was stopped, and can't be read; delete it"
    written = [project.show(file.path) for file in replacements if file.prepared not in project.tree.leftovers]
    unwritten = [project.show(file.path) for file in replacements if file.prepared in project.tree.leftovers]
    done = f"it wrote {listing(written, most=20)}" if written else "it wrote nothing"
    rest = f", and did not write {listing(unwritten, most=20)}" if unwritten else ", which was all"
    return f"a --fix was stopped: {done}{rest}; run --fix again, or delete {project.show(JOURNAL)}"


def _write_journal(prepared: dict[str, str], project: Project) -> None:
    """Note what is about to be replaced. Raises OSError."""
    root, journal = os.path.realpath(project.root), project.root / JOURNAL
    files = [{"path": path, "prepared": os.path.relpath(name, root)} for path, name in prepared.items()]
    journal.unlink(missing_ok=True)  # it may be a link that leads anywhere
    create_file(journal, json.dumps(files))


def _remove_leftovers(fixes: Fixes, project: Project) -> None:
    """Take away what earlier runs left behind: by its name surely ours, or the very content that it was to replace or to bring."""
    for path in project.tree.leftovers:
        with suppress(OSError, CantRead):
            target = older_target(path)
            if is_ours(path) or project.bytes(path) in (project.bytes(target), fixes.after.get(target)):
                os.unlink(project.root / path)


def _unwritten(paths: list[str], prepared: dict[str, str], error: OSError, project: Project) -> list[Unreadable]:
    """What to say of files that could not be replaced, and of those that were before that."""
    left = [path for path in paths if path in prepared] or paths
    written = [project.show(path) for path in paths if path not in left]
    already = f" ({listing(written)} was written before)" if written else ""
    return [project.unreadable(path, f"can't be written: {error.strerror}{already}") for path in left]


def _obstacles(path: str, fixes: Fixes, project: Project) -> Iterator[Unreadable]:
    try:
        changed = project.bytes(path) != fixes.before[path]
    except CantRead:
        changed = True
    if changed:
        yield project.unreadable(path, "changed while infralint was reading it: nothing was written, run it again")
    elif not os.access(project.root / path, os.W_OK):
        yield project.unreadable(path, "is read-only: nothing was written")


def _target(path: str, project: Project) -> Path:
    """The file that a name of the project leads to."""
    return Path(os.path.realpath(project.root / path))
