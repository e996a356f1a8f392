"""Sources: each reads one platform into tiers of hops, and knows that platform's defaults."""

from __future__ import annotations

WEB_PORTS = frozenset({80, 443, 3000, *range(8000, 9000)})
"""Where what only passes bytes on has to listen, to be taken for something of the web: 22 or 5432 carry something else."""

SOURCES = {
    "infralint.sources.aws": r"(^|/)aws\.json$",
    "infralint.sources.nginx": r"",
    "infralint.sources.vercel": r"(^|/)(vercel\.(json|ts|toml)|package\.json|next\.config\.\w+)$",
    "infralint.evidence.socket_io": r"(^|/)(package\.json|requirements[^/]*\.txt|pyproject\.toml|Pipfile)$",
    "infralint.sources.terraform": r"\.(tf|tofu|json)$",
}
"""Module -> regular expression over paths: without a file that matches, the module is not imported.
Each has `read(project) -> Reading`."""
