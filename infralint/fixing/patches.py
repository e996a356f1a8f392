"""Changes as a patch."""

from __future__ import annotations

import os
import re

from infralint.fixing.search import Fixes
from infralint.model import Unreadable
from infralint.project import Project
from infralint.text.display import gives_orders

_QUOTED = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]|#(?=#)')
"""What stands in a quoted name as an escape: the last keeps a name from being a command to a CI runner (`##[error]`)."""


def render_patch(fixes: Fixes, project: Project) -> tuple[bytes, list[Unreadable]]:
    """All changes as a unified diff that `git apply` takes where the user stands (or in the project's root), and the
    files that it leaves out: no line of it may be a command to the runner of a CI."""
    shown = {path: project.show(path) for path in changed_files(fixes, project)}
    here = not any(name.startswith(("../", "/")) for name in shown.values())
    kept, left_out = [], []
    for path in sorted(shown):
        patch = _patch_of(shown[path] if here else path, fixes.before[path], fixes.after[path])
        if gives_orders(patch.decode("utf-8", "replace")):
            why = "no patch is printed, for a CI runner would take a line of it for a command; --fix changes the file"
            left_out.append(project.unreadable(path, why))
        else:
            kept.append(patch)
    return b"".join(kept), left_out


def changed_files(fixes: Fixes, project: Project) -> list[str]:
    """Changed files under one name each: their own, where a link leads to them."""
    names: dict[str, str] = {}
    for path in sorted(fixes.after, key=lambda path: (os.path.islink(project.root / path), path)):
        names.setdefault(os.path.realpath(project.root / path), path)
    return [path for path in names.values() if fixes.after[path] != fixes.before[path]]


def _patch_of(name: str, before: bytes, after: bytes) -> bytes:
    from difflib import diff_bytes, unified_diff

    tab = b"\t" if " " in name else b""
    old, new = (_quote(side + os.fsencode(name)) + tab for side in (b"a/", b"b/"))
    lines = diff_bytes(unified_diff, _lines(before), _lines(after), old, new)
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)


def _quote(name: bytes) -> bytes:
    """A name as git writes it: with C's escapes where it holds quotes, backslashes, control characters or other than ASCII.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
    """
    if not _QUOTED.search(name):
        return name
    return b'"' + _QUOTED.sub(lambda found: b"\\%03o" % found[0][0], name) + b'"'


def _lines(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
