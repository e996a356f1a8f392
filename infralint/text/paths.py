"""Project paths: relative to the root, with slashes, as every source writes them."""

from __future__ import annotations

from collections.abc import Iterator


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; the root (`""` or `.`) holds everything."""
    folder = folder.strip("/")
    return folder in ("", ".") or path == folder or path.startswith(f"{folder}/")


def folders_around(path: str) -> Iterator[str]:
    """A path and the folders that it lies in, the innermost first and the root (`""`) last."""
    while path not in ("", "."):
        yield path
        path = path.rpartition("/")[0]
    yield ""
