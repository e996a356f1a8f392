"""Changes as a patch."""

from __future__ import annotations

import os
import re

from infralint.fixing.search import Fixes
from infralint.project import Project


def render_patch(fixes: Fixes, project: Project) -> bytes:
    """All changes as a unified diff that `git apply` takes where the user stands (or in the project's root)."""
    shown = {path: project.show(path) for path in changed_files(fixes, project)}
    here = not any(name.startswith(("../", "/")) for name in shown.values())
    pieces = [_patch_of(shown[path] if here else path, fixes.before[path], fixes.after[path]) for path in sorted(shown)]
    return b"".join(pieces)


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
    """A name as git writes it: with C's escapes where it holds quotes, backslashes or control characters."""
    if not re.search(rb'[\x00-\x1f"\\\x7f]', name):
        return name
    return b'"' + re.sub(rb'[\x00-\x1f"\\\x7f]', lambda found: b"\\%03o" % found[0][0], name) + b'"'


def _lines(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
