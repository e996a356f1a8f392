"""TCP ports, for what only passes bytes on."""

from __future__ import annotations

WEB_PORTS = frozenset({80, 443, 3000, *range(8000, 9000)})
"""Where what only passes bytes on has to listen, to be taken for something of the web: 22 or 5432 carry something else."""
