"""Single files outside any project: they are read with what they name, not with the folder that happens to hold them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from infralint.project.config import find_config
from infralint.project.walking import CantRead, Tree, leads_out, read_file, walk
from infralint.text.lazy import lazy

_WHOLE_FOLDERS = lazy(r"(?:^|/)(?:vercel\.(?:json|ts|toml)|package\.json|next\.config\.\w+)$")
"""Files that are a project's own: what lies beside and below belongs to it."""
_TERRAFORM = lazy(r"\.(?:tf|tofu|tfvars)(?:\.json)?$")
_INCLUDE = lazy(r"\binclude\s+[\"']?([^\s;\"'{}]+)")
_MODULE = lazy(r"^[ \t]*source\s*=\s*\"(\.{1,2}/[^\"\n]*)\"", re.MULTILINE)
_LARGEST = 1024 * 1024
MOST = 500
"""Files that are read with those that were named."""


def is_loose(path: Path, root: Path) -> bool:
    """Whether a file stands alone: no configuration and no repository rules the folder that was taken for its root."""
    return path.is_file() and find_config(root) is None and not (root / ".git").exists()


def look_around(root: str, paths: Iterable[str]) -> Tree:
    """Files by paths relative to a folder, and what they name in it."""
    files = list(dict.fromkeys(paths))
    if any(map(_WHOLE_FOLDERS.search, files)):
        return walk(root)
    for path in files:  # grows while it is gone through
        if len(files) < MOST:
            files += [name for name in _named_by(root, path) if name not in files]
    return Tree(files=files, links=set(files))  # any of them may be one


def _named_by(root: str, path: str) -> Iterator[str]:
    """The files that one includes, or that Terraform reads together with it."""
    try:
        text = read_file(os.path.join(root, path), _LARGEST).decode("utf-8", "replace")
    except CantRead:
        return
    folder = os.path.dirname(path)
    if not _TERRAFORM.search(path):
        for name in _INCLUDE.findall(text):
            yield from _matching(root, name)
            yield from _matching(root, os.path.join(folder, name))
        return
    for module in (".", *_MODULE.findall(text)):
        yield from (name for name in _matching(root, os.path.join(folder, module, "*")) if _TERRAFORM.search(name))


def _matching(root: str, pattern: str) -> Iterator[str]:
    """Regular files inside a folder that a name or a glob stands for."""
    import glob

    pattern = os.path.normpath(pattern)
    if pattern.startswith(("/", "..")) or glob.has_magic(os.path.dirname(pattern)):
        return
    for name in sorted(glob.iglob(pattern, root_dir=root)):
        full = os.path.join(root, name)
        if os.path.isfile(full) and not leads_out(full, root):
            yield name
