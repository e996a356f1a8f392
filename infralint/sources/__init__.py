"""Sources: each reads one platform into tiers of hops, and knows that platform's defaults."""

from __future__ import annotations

SOURCES = {
    "infralint.sources.compose": r"(^|/)([^/]*(compose|stack|swarm)[^/]*|local|production|staging)\.ya?ml$",
    "infralint.sources.aws_account": r"(^|/)aws\.json$",
    "infralint.sources.nginx": r"",
    "infralint.sources.vercel": r"(^|/)(vercel\.(json|ts|toml)|package\.json|next\.config\.\w+)$",
    "infralint.sources.application": (
        r"\.(py|[cm]?[jt]sx?|go|rb|php|java|kt|cs|rs|exs?|vue|svelte)$|(^|/)[^/]*(compose|stack)[^/]*\.ya?ml$"
    ),
    "infralint.sources.kubernetes": r"\.ya?ml$",
    "infralint.sources.cloudformation": r"\.(ya?ml|json|template)$",
    "infralint.sources.terraform": r"\.(tf|tofu|json)$",
    "infralint.sources.unread": r"",
}
"""Module -> regular expression over paths: without a file that matches, the module is not imported.
Each has `read(project) -> Reading`."""

UNMISTAKABLE = r"""(?x)
    \.(tf|tofu)(\.json)?$ | \.auto\.tfvars(\.json)?$ | (^|/)terraform\.tfvars(\.json)?$ | (^|/)vercel\.json$
    | (^|/)(docker-)?compose[^/]*\.ya?ml$ | (^|/)Chart\.yaml$ | (^|/)kustomization\.ya?ml$
"""
"""Regular expression over paths of files that tell what they are by their names."""
