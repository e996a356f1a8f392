"""Telling a run again, and keeping it. Only whole processes do so: what calls the command line as a library is not touched."""

from __future__ import annotations

import sys

from infralint.cache import entries, recording, runs

TYPE_CHECKING = False  # as in infralint/__init__.py
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run(arguments: Sequence[str], command: Callable[[], object]) -> None:
    """Run a command that ends with SystemExit, or tell again what it said when nothing was different."""
    folder = _find_folder(arguments)
    if folder is None:
        command()
        return
    key = entries.key_of(arguments)
    known = runs.load(folder, key)
    if known is not None and known.still_holds:
        entries.mark_used(folder, key)
        _tell(known)
    from infralint.cache import glances

    noted = recording.start()
    glances.allow(folder)
    try:
        command()
    except SystemExit as end:
        if not noted.spoiled and end.code in (0, 1) and noted.printed and noted.is_settled:
            runs.save(folder, key, noted, int(end.code or 0))
        raise
    finally:
        recording.stop()
        glances.finish()


def _find_folder(arguments: Sequence[str]) -> str | None:
    """The folder of the entries, for a call that may only read files and print; if it does more, it says so (`recording.spoil`)."""
    if next(iter(arguments), "") != "check" or "--no-cache" in arguments or sys.stdout.encoding.lower() != "utf-8":
        return None
    folder = entries.find_folder()
    return folder if folder is not None and entries.is_beside_projects(folder, arguments) else None


def _tell(known: runs.CachedRun) -> None:
    """Print what was printed, and leave as was left."""
    try:
        for text in known.printed:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        recording.give_up_printing()
        sys.exit(1)
    sys.exit(known.status)
