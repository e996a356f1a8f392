"""Sources: each reads one syntax into nodes and streams; what the settings mean stands once, in `infralint.platforms`."""

from __future__ import annotations

from infralint.text.lazy import lazy

CODE_ENDINGS = tuple(
    "py js cjs mjs jsx cjsx mjsx ts cts mts tsx ctsx mtsx go rb php java kt cs rs ex exs vue svelte".split()
)
"""Endings of the names of files that hold code."""

SOURCES = {
    "infralint.sources.terraform": ("*.tf", "*.tofu", "*.json"),
    "infralint.sources.compose": (
        *(f"*{word}*.{ending}" for word in ("compose", "stack", "swarm") for ending in ("yaml", "yml")),
        *(f"{word}.{ending}" for word in ("local", "production", "staging") for ending in ("yaml", "yml")),
    ),
    "infralint.sources.aws_account": ("aws.json",),
    "infralint.sources.nginx": ("*",),
    "infralint.sources.vercel": ("package.json", "vercel.json", "vercel.ts", "vercel.toml", "next.config.*"),
    "infralint.sources.application": (
        *(f"*.{ending}" for ending in (*CODE_ENDINGS, "html", "ejs", "erb")),
        *(f"*{word}*.{ending}" for word in ("compose", "stack") for ending in ("yaml", "yml")),
    ),
    "infralint.sources.kubernetes": ("*.yaml", "*.yml", "*.tf", "*.tofu", "*.json"),
    "infralint.sources.cloudformation": ("*.yaml", "*.yml", "*.json", "*.template"),
    "infralint.sources.beanstalk": ("*.config",),
    "infralint.sources.cloudflared": ("*.yaml", "*.yml"),
    "infralint.sources.copilot": ("manifest.yml",),
    "infralint.sources.hosting": (
        "amplify.yml",
        "fly.toml",
        "fly.*.toml",
        "Procfile",
        "heroku.yml",
        "netlify.toml",
        "railway.json",
        "railway.toml",
        "render.yaml",
        "render.yml",
    ),
    "infralint.sources.serverless": ("serverless.yml", "serverless.yaml"),
    "infralint.sources.unread": ("*",),
}
"""Module -> globs of the names of files: without a file that matches, the module is not imported.
Each has `read(project) -> Reading`. Terraform comes first: manifests that it describes are read with the others."""

SPREAD = "infralint.sources.terraform"
"""The source that works in several processes itself."""
BESIDE = "infralint.sources.application"
"""The source that takes longest where there is much for it, and comes to little that has to be copied."""

UNMISTAKABLE = lazy(
    r"""(?x)
    \.(tf|tofu)(\.json)?$ | \.auto\.tfvars(\.json)?$ | (^|/)terraform\.tfvars(\.json)?$ | (^|/)vercel\.json$
    | (^|/)(docker-)?compose[^/]*\.ya?ml$ | (^|/)Chart\.yaml$ | (^|/)kustomization\.ya?ml$
    | (^|/)(package\.json|composer\.json|pyproject\.toml|next\.config\.[cm]?[jt]s|Procfile|\.env)$
    | (^|/)(fly(\.[^/]+)?\.toml|netlify\.toml|railway\.(json|toml)|amplify\.yml|heroku\.yml)$
    | (^|/)copilot/(environments/)?[^/]+/manifest\.yml$
    | (^|/)([^/]*\.)?(Dockerfile|Containerfile)(\.[^/]*)?$ | (^|/)(serverless|render)\.ya?ml$ | (^|/)nginx\.conf$
    | (^|/)(Caddyfile|haproxy\.cfg|default\.vcl|terragrunt\.hcl|httpd\.conf|apache2\.conf|\.htaccess|kong\.conf)$
    | (^|/)(wrangler\.(toml|jsonc?)|traefik\.toml|cdk(tf)?\.json|firebase\.json|staticwebapp\.config\.json)$
"""
)
"""Regular expression over paths of files that tell what they are by their names."""

OPTIONAL = lazy(r"(?:^|/)(?:\.env|terraform\.tfvars(?:\.json)?)$")
"""Paths of files that a program looks for itself and does without: compose and Terraform pass over a link to nothing."""

PERHAPS = lazy(rf"(?:^|/)[^/.][^/]*\.(?:ya?ml|{'|'.join(CODE_ENDINGS)})$")
"""Paths of files that are read where they hold what is asked for; editors leave links to nothing with a dot before."""
