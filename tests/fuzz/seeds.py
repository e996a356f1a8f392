"""Small projects that inputs are made from: fixtures, pages of checks, examples of rules, and what the tests themselves lint."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from infralint.engine.pages import examples
from infralint.engine.registry import built_in_folder
from infralint.sources.application.rulebook import documents, rule_files

HERE = Path(__file__).parent
TESTS = HERE.parent
FIXTURES = TESTS.parent / "fixtures"
LARGEST = 60_000
"""Bytes of a seed: longer ones are cut out, so that there is room to grow."""
STACK = 3
"""Files that a project has at least where ways lead through several hops."""

TARGETS: Mapping[str, str] = {
    "nginx": r"\.(conf|template|tmpl|j2|tpl)$|(^|/)(nginx|sites|snippets|conf\.d)[^/]*/[^/.]+$",
    "kubernetes": r"(^|/)(k8s|configmap|templates|ingress|manifest)[^/]*(/[^/]+)?\.ya?ml$",
    "helm": r"(^|/)(Chart|values[\w.-]*)\.ya?ml$|\.tpl$|(^|/)templates/[^/]+\.ya?ml$",
    "cloudformation": r"(^|/)(template|stack|[^/]*\.template|sam)[^/]*\.(ya?ml|json)$",
    "terraform": r"\.(tf|tofu|tfvars|hcl)$|\.tf\.json$",
    "plan": r"(^|/)(plan|state)[^/]*\.json$",
    "vercel": r"(^|/)(vercel\.(json|ts|toml)|next\.config\.\w+|package\.json|tsconfig\.json|middleware\.\w+)$",
    "compose": r"(^|/)[^/]*compose[^/]*\.ya?ml$|(^|/)\.env$",
    "dockerfile": r"(^|/)([^/]*\.)?Dockerfile[^/]*$",
    "python": r"\.py$",
    "javascript": r"\.([cm]?[jt]sx?|vue|svelte)$",
    "languages": r"\.(go|rb|php|java|kt|cs|rs|exs?)$",
    "settings": r"(^|/)(\.?infralint\.ya?ml|pyproject\.toml)$",
    "snapshot": r"(^|/)aws\.json$",
    "baseline": r"(^|/)\.infralint-baseline\.json$",
    "stack": r"\.\w+$|Dockerfile$",
    "trace": r"\.\w+$|Dockerfile$",
    "options": r"",
}
"""What is put to the test -> the files (a regular expression over paths) that carry it."""

SITE = (
    b"events {}\nhttp {\n  server {\n    listen 80;\n    location /api/chat { proxy_pass http://app:8000; }\n  }\n}\n"
)
ALBS = b'resource "aws_lb" "main" {\n  name = "main"\n  idle_timeout = 60\n}\n'
SETTINGS = b"""\
streams:
  - path: /api/chat
    kind: sse
    host: "*.example.com"
    silence: 5m
    duration: 1h30m
    headers: {X-Accel-Buffering: "no"}
    hops: ["location /api/chat"]
  - {regex: "^/ws(/.*)?$", kind: websocket, heartbeat: 25s, session: Socket.IO}
generation: 90s
assume: warning
fail_on: warning
select: [buffered-stream, short-idle-timeout]
exclude: ["**/vendor/**", "!keep/*.conf"]
accept: [{path: "nginx.conf", check: buffered-stream, reason: "known"}]
nginx: {version: 1.27.3, include_paths: {/etc/nginx: nginx}}
terraform: {roots: [{path: infra, var_files: [a.tfvars]}], variables: {idle: "60"}}
vercel: {plan: pro, fluid: true}
"""
BASELINE = json.dumps(
    {
        "version": 1,
        "findings": [
            {"check": "buffered-stream", "path": "nginx.conf", "hop": "location /api/chat", "fingerprint": "ab" * 16}
        ],
    }
).encode()
FILE_NAME = re.compile(r"[\w@./\[\]()-]*(\.\w{1,8}|Dockerfile|nginx/[\w-]+)")
LOOKS: Sequence[tuple[str, str]] = (
    ("aws.json", r'^\s*\{[\s\S]*"(regions|load_balancers)"'),
    ("plan.json", r'^\s*\{[\s\S]*"(format_version|planned_values)"'),
    (".infralint-baseline.json", r'^\s*\{\s*"version"[\s\S]*"findings"'),
    ("vercel.json", r'^\s*\{[\s\S]*"(functions|rewrites|routes|builds|headers)"'),
    ("package.json", r'^\s*\{[\s\S]*"(dependencies|scripts)"'),
    ("nginx.conf", r"(?m)\bproxy_pass\b|^\s*(server|http|events|location [^\n]*)\s*\{|^\s*upstream \w+ \{"),
    ("main.tf", r"(?m)^\s*(resource|variable|module|locals|data|provider|output|terraform)\b[^\n]*\{"),
    ("compose.yaml", r"(?m)^services:"),
    ("template.yaml", r"(?m)^(AWSTemplateFormatVersion|Resources):"),
    ("templates/all.yaml", r"(?m)^(apiVersion|kind):"),
    ("infralint.yaml", r"(?m)^(streams|generation|max_tokens|exclude|accept|assume|terraform|vercel):"),
    ("pyproject.toml", r"(?m)^\[tool"),
    ("Dockerfile", r"(?m)^FROM "),
    ("main.py", r"(?m)^(from \w+ import|import \w+$|def |async def )"),
    ("src/server.ts", r"(?m)\b(export|const|require\(|=>)"),
)
"""File name -> what a text that belongs into such a file has in it; the first that fits."""


@dataclass(frozen=True)
class Seed:
    """A project: its files, and how infralint is called on it."""

    files: Mapping[str, bytes]
    arguments: tuple[str, ...] = ("check", ".")

    def carriers(self, target: str) -> list[str]:
        """The files that a target is about."""
        return [path for path in self.files if re.search(TARGETS[target], path)]


@cache
def seeds(folder: Path | None = None) -> Mapping[str, Sequence[Seed]]:
    """Seeds of each target. folder: holds more of them, one project a folder, at any depth."""
    projects = [
        *_written(),
        *_projects(HERE / "projects"),
        *_fixtures(),
        *_pages(),
        *_rules(),
        *_of_tests(),
        *(_projects(folder) if folder else ()),
    ]
    unique = list({tuple(sorted(seed.files.items())): seed for seed in map(_small, projects)}.values())
    found = {target: [seed for seed in unique if seed.carriers(target)] for target in TARGETS if target != "options"}
    found["helm"] = [seed for seed in found["helm"] if any(path.endswith("Chart.yaml") for path in seed.files)]
    found["cloudformation"] = [
        seed for seed in found["cloudformation"] if any(b"AWS::" in data for data in seed.files.values())
    ]
    found["stack"] = [seed for seed in found["stack"] if len(seed.files) >= STACK]
    found["trace"] = [seed for seed in found["trace"] if len(seed.files) >= STACK - 1]
    found["snapshot"] += [
        replace(seed, arguments=("audit", "snapshot", path))
        for seed in found["snapshot"]
        for path in seed.carriers("snapshot")
    ]
    return found | {"options": [seed for kind in found.values() for seed in kind[:6]]}


def _small(seed: Seed) -> Seed:
    """A seed without what is too long."""
    return replace(seed, files={path: data for path, data in seed.files.items() if len(data) <= LARGEST})


def _written() -> Iterator[Seed]:
    yield Seed({"nginx.conf": SITE, "infralint.yaml": SETTINGS, "infra/main.tf": ALBS})
    yield Seed({"nginx.conf": SITE, ".infralint-baseline.json": BASELINE})
    toml = b'[tool.infralint]\ngeneration = "90s"\nassume = "note"\n[[tool.infralint.streams]]\npath = "/api/chat"\n'
    yield Seed({"nginx.conf": SITE, "pyproject.toml": toml})


def _projects(folder: Path) -> Iterator[Seed]:
    """A folder with files, or the folders in it."""
    entries = sorted(folder.iterdir())
    if any(entry.is_file() for entry in entries) and folder.name[:1].isdigit():
        yield _project(folder)
        return
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            yield from _projects(entry)


def _project(folder: Path) -> Seed:
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and name not in ("EXPECT.md", "SETUP.sh", "expected.txt"):
            files[name] = path.read_bytes()
    return Seed(files)


def _fixtures() -> Iterator[Seed]:
    for folder in sorted(FIXTURES.iterdir()):
        if folder.is_dir():
            yield _project(folder)


def _pages() -> Iterator[Seed]:
    for page in (*sorted(built_in_folder().glob("*.md")), TESTS / "aws/twins.md"):
        for example in examples(page):
            yield Seed({name: text.encode() for name, text in example.files.items()})


def _rules() -> Iterator[Seed]:
    for name in rule_files():
        _, rule_examples = documents(name)
        for example in rule_examples:
            yield Seed({path: (text or "").encode() for path, text in example["files"].items()})


def _of_tests() -> Iterator[Seed]:
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants: dict[str, object] = {}
        for statement in tree.body:
            for target, value in _assigned(statement):
                constants[target] = _files_of(value, constants) if isinstance(value, ast.Dict) else _constant(value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                if files := _files_of(node, constants):
                    yield Seed(files)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 20:
                yield from _guess(node.value)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement gives to values."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if isinstance(statement, ast.Assign | ast.AnnAssign) and value is not None:
        yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))


def _constant(value: ast.expr) -> object:
    return value.value if isinstance(value, ast.Constant) else None


def _files_of(node: ast.Dict, constants: Mapping[str, object]) -> dict[str, bytes]:
    """The files of a literal such as `{**OTHERS, "nginx.conf": SITE}`; none where it is something else."""
    files: dict[str, bytes] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        named = constants.get(getattr(value, "id", ""))
        if key is None and isinstance(named, dict):
            files |= named
            continue
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or not FILE_NAME.fullmatch(key.value):
            return {}
        text = value.value if isinstance(value, ast.Constant) else named
        if isinstance(text, str) and not key.value.startswith(("/", "../")):
            files[key.value] = text.encode(errors="surrogatepass")
    return files


def _guess(text: str) -> Iterator[Seed]:
    """A project with one file, whose name fits what is in it."""
    name = next((name for name, look in LOOKS if re.search(look, text)), "")
    data = text.encode(errors="surrogatepass")
    if name in ("infralint.yaml", "pyproject.toml", ".infralint-baseline.json"):
        yield Seed({name: data, "nginx.conf": SITE})
    elif name == "nginx.conf" and not re.search(r"\bhttp\s*\{", text):
        yield Seed({name: b"events {}\nhttp {\n" + data + b"\n}\n"})
    elif name:
        yield Seed({name: data})
