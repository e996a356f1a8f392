"""Project paths: relative to the root, with slashes, as every source writes them."""

from __future__ import annotations


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; the root (`""` or `.`) holds everything."""
    folder = folder.strip("/")
    return folder in ("", ".") or path == folder or path.startswith(f"{folder}/")
