"""`python -m infralint`, and the `infralint` command. `--version` is answered before anything is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        _run()
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


def _run_command() -> None:
    import atexit
    import gc

    from infralint.cli import cli

    gc.set_threshold(1_000_000, 50, 50)  # a short run makes much and throws little away: collecting takes a tenth of it
    atexit.register(gc.freeze)  # and what is left at the end goes with the process
    cli()


if __name__ == "__main__":
    main()
