"""`python -m infralint`, and the `infralint` command. `--version` is answered before anything is loaded."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line."""
    try:
        _run()
    except SystemExit as end:
        _leave(end.code)
        raise
    except KeyboardInterrupt:  # before a command began
        print("\ninfralint: stopped", file=sys.stderr)
        sys.exit(130)


def _run() -> None:
    if sys.argv[1:] == ["--version"]:
        from infralint import __version__

        print(f"infralint {__version__}")
        return
    from infralint.cache.replay import run

    run(sys.argv[1:], _run_command)


def _leave(status: object) -> None:
    """End here, without taking apart what goes with the process anyway; not under a profiler, which writes at the end."""
    if not isinstance(status, int | None) or sys.gettrace() is not None or sys.getprofile() is not None:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(status or 0)


def _run_command() -> None:
    import gc

    from infralint.cli import cli

    gc.set_threshold(1_000_000, 50, 50)  # a short run makes much and throws little away: collecting takes a tenth of it
    cli()


if __name__ == "__main__":
    main()
