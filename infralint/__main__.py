"""`python -m infralint`, and the `infralint` command. `--version` is answered before anything is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        from infralint import __version__

        print(f"infralint {__version__}")
        return
    from infralint.cli import cli

    cli()


if __name__ == "__main__":
    main()
