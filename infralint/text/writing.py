"""Writing files so that nobody ever meets half of one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def replace_file(target: Path, text: str) -> None:
    """Write beside the file, then take its place at once, with its permissions. Raises OSError.

    A link stays, and what it leads to is replaced; a device or pipe is written to.
    """
    import tempfile

    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8", errors="backslashreplace")
        return
    target = Path(os.path.realpath(target))
    # Undecodable bytes of file names become `\udcff`, which is also what JSON calls them.
    with tempfile.NamedTemporaryFile(
        "w", dir=target.parent, prefix=f".{target.name}.", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(text)
    try:
        os.chmod(file.name, _mode(target))
        os.replace(file.name, target)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(file.name)
        raise


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those of a new one."""
    if target.exists():
        return target.stat().st_mode
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
