"""`python -m infralint`, and the `infralint` command. `--version` is answered before anything is loaded."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in infralint/__init__.py
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> None:
    """Run the command line."""
    try:
        _prepare_streams()
        _run()
    except SystemExit as end:
        _leave(end.code)
        raise
    except KeyboardInterrupt:  # before a command began
        print("\ninfralint: stopped", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        from infralint.text.writing import is_of_printing

        if not is_of_printing(error):
            raise
        _end_unprinted(f"what is printed can't be written: {error.strerror}")


def _prepare_streams() -> None:
    """Have all three: where the caller closed one, nothing is read from it, and nothing seen of what is printed there.

    What an encoding lacks is printed as escapes.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    if sys.stdout.encoding.lower() != "utf-8" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _end_unprinted(reason: str) -> NoReturn:
    """Say why nothing can be printed, if that can be, and leave with 2."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        print(f"infralint: {reason}", file=sys.stderr, flush=True)
    except OSError:
        os.dup2(nowhere, 2)
    sys.exit(2)


def _run() -> None:
    if sys.argv[1:] == ["--version"]:
        from infralint import __version__

        print(f"infralint {__version__}", flush=True)
        return
    from infralint.cache.replay import run

    run(sys.argv[1:], _run_command)


def _leave(status: object) -> None:
    """End here, without taking apart what goes with the process anyway; not under a profiler, which writes at the end."""
    monitoring = getattr(sys, "monitoring", None)
    is_watched = sys.gettrace() is not None or sys.getprofile() is not None
    is_watched = is_watched or (monitoring is not None and any(map(monitoring.get_tool, range(6))))
    if not isinstance(status, int | None) or is_watched:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(status or 0)


def _run_command() -> None:
    import gc

    gc.set_threshold(1_000_000, 50, 50)  # a short run makes much and throws little away: collecting takes a tenth of it
    from infralint.cli import cli

    cli()


if __name__ == "__main__":
    main()
