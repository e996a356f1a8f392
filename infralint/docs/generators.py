"""What pages contain that the program knows best: generated while the site is built, and nowhere written down twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import click
import yaml

from infralint.cli import cli
from infralint.cli.man import commands_below, option_records
from infralint.docs.facts import platform_tables
from infralint.docs.transcripts import ROOT
from infralint.engine.pages import HOME, by_group, examples
from infralint.engine.registry import DEFAULT_GROUP, Check, built_in_folder, load_checks
from infralint.platforms import nginx
from infralint.platforms.aws_elb.attributes import ATTRIBUTES, IDLE
from infralint.platforms.vercel import FLUID_DEFAULT
from infralint.project.config import DEFAULT_GENERATION
from infralint.project.config import json_schema as config_schema
from infralint.reporters.json_types import json_schema as report_schema
from infralint.sources.application.products import PRODUCTS
from infralint.sources.aws_account.client import BURST, RATE
from infralint.sources.aws_account.kinds import CLOUDWATCH, KINDS, ORGANIZATIONS, AwsService
from infralint.sources.aws_account.session import ACTIONS

Schema = dict[str, Any]
CI_PAGE = "infralint/docs/pages/reference/ci.md"
RULES = ROOT / "infralint/sources/application/rules"


def built_in_checks() -> list[Check]:
    """The built-in checks, by name."""
    return sorted(load_checks(built_in_folder()), key=lambda check: check.name)


def check_tables() -> str:
    """The checks by group, each with its page beside this one and the number of examples that prove it."""
    parts = []
    for group, members in by_group(built_in_checks()).items():
        if group != DEFAULT_GROUP:
            parts.append(f"## The group {group}\n\nOff unless selected: `--select {DEFAULT_GROUP},{group}`.")
        rows = [
            f"| [`{check.name}`]({check.page.name}) | {check.summary} | {len(examples(check.page)) or ''} |"
            for check in members
        ]
        parts.append("\n".join(["| check | what it finds | examples |", "|---|---|--:|", *rows]))
    return "\n\n".join(parts)


def config_reference() -> str:
    """Every key of infralint.yaml."""
    return _reference(config_schema(), "infralint.yaml", "needed")


def report_reference() -> str:
    """Every field of the JSON report."""
    return _reference(report_schema(), "report", "always there")


def _reference(schema: Schema, root: str, required: str) -> str:
    """A section an object of a schema, outermost first, each by the path that leads to it.

    required: what is said of a key that is never left out.
    """
    first = schema["$ref"].rpartition("/")[2]
    waiting, paths = [first], {first: ""}
    parts = []
    for name in waiting:
        definition = schema["$defs"][name]
        for key, inner in definition["properties"].items():
            for found, is_list in _objects_in(inner):
                if found not in paths:
                    paths[found] = f"{paths[name]}.{key}{'[]' if is_list else ''}".lstrip(".")
                    waiting.append(found)
        parts.append("\n\n".join(_section(name, definition, paths[name] or root, required)))
    return "\n\n".join(parts)


def _section(name: str, definition: Schema, path: str, required: str) -> Iterator[str]:
    yield f"## `{path}` {{ #{name.lower()} }}"
    if about := definition.get("description"):
        yield _text(about)
    always = definition.get("required", [])
    rows = [
        f"| `{key}` | {_text(_meaning(inner))} | "
        + (f"{_type(inner)}{_or_null(inner)}; {required} |" if key in always else f"{_type(inner)}{_default(inner)} |")
        for key, inner in definition["properties"].items()
    ]
    yield "\n".join(["| key | meaning | value |", "|---|---|---|", *rows])


def _objects_in(schema: Schema, is_list: bool = False) -> Iterator[tuple[str, bool]]:
    """The definitions that a value may be, and whether they are the members of a list."""
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2], is_list
    for part in schema.get("anyOf", ()):
        yield from _objects_in(part, is_list)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _objects_in(schema[key], True)


def _type(schema: Schema) -> str:
    """What may stand there, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower()}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"] if value is not None)
    if "anyOf" in schema:
        found = [_type(part) for part in schema["anyOf"] if part.get("type") != "null"]
        return "a span of time" if found == ["text", "a number"] else " or ".join(found)
    if schema.get("type") == "array":
        return f"a list of {_type(schema['items']).removeprefix('a ')}" if "items" in schema else "a list"
    if schema.get("type") == "object":
        members = schema.get("additionalProperties")
        return f"names, each with {_type(members)}" if isinstance(members, dict) else "names with values"
    return {"string": "text", "number": "a number", "integer": "a whole number", "boolean": "`true` or `false`"}.get(
        schema.get("type", ""), "anything"
    )


def _or_null(schema: Schema) -> str:
    """That null may stand there as well."""
    is_nullable = any(part.get("type") == "null" for part in schema.get("anyOf", ())) or None in schema.get("enum", ())
    return " or `null`" if is_nullable else ""


def _default(schema: Schema) -> str:
    """What holds where a key is left out, after its type."""
    value = schema.get("default")
    if value in (None, "", [], {}) or isinstance(value, dict):
        return ""
    return f"; else `{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(schema: Schema) -> str:
    return str(schema.get("description", ""))


def _text(text: str) -> str:
    """A description as a line of Markdown in a table."""
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;")


def command_reference() -> str:
    """Every command with what it takes, as `--help` has it."""
    root = click.Context(cli, info_name="infralint", **cli.context_settings)
    return "\n\n".join(part for context in commands_below(root) for part in _command(context))


def _command(context: click.Context) -> Iterator[str]:
    command = context.command
    yield f"## {context.command_path}"
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```"
    yield re.sub(r"\n[ \t]*\n\s*", "\n\n", re.sub(r"(?m)^[ \t]+", "", command.help or "")).strip()
    rows = [f"| {_option(name)} | {_text(meaning)} |" for name, meaning in option_records(context)]
    yield "\n".join(["| option | meaning |", "|---|---|", *rows])


def _option(text: str) -> str:
    return f"`{text}`"


def framework_table() -> str:
    """The frameworks whose code is read, with the languages and the pages that their rules rest on."""
    rows = []
    for path in sorted(RULES.glob("*.yaml")):
        rules = next(iter(yaml.safe_load_all(path.read_text(encoding="utf-8"))))
        languages = rules["language"] if isinstance(rules["language"], list) else [rules["language"]]
        rows.append((rules["framework"], f"| [{rules['framework']}]({rules['page']}) | {', '.join(languages)} |"))
    listed = [row for _, row in sorted(rows, key=_by_name)]
    return "\n".join(["| framework | language |", "|---|---|", *listed])


def _by_name(row: tuple[str, str]) -> str:
    return row[0].lower()


def product_table() -> str:
    """The products that are known to stream by the image, the command or the package that runs them."""
    rows = []
    for product in sorted(PRODUCTS, key=lambda product: product.name.lower()):
        paths = ", ".join(f"`{stream.path}`" for stream in product.streams)
        known_by = ", ".join(f"`{name}`" for name in (*product.images, *product.commands, *product.packages))
        rows.append(f"| [{product.name}]({product.page}) | {paths} | {known_by} |")
    return "\n".join(["| product | streams | images, commands, packages |", "|---|---|---|", *rows])


def call_table() -> str:
    """What an audit asks of each service, by which option, and how fast at most, in every account and region."""
    balancers = (", ".join(f"`{action.partition(':')[2]}`" for action in ACTIONS), BURST, RATE)
    rows: list[tuple[str, str, float, float]] = [("load balancers", *balancers)]
    for word, kind in KINDS.items():
        rows += [(f"`--include {word}`", *_calls(service)) for service in kind.services]
    rows += [("`--evidence`", *_calls(CLOUDWATCH)), ("`--organization`", *_calls(ORGANIZATIONS))]
    lines = (f"| {asked} | {calls} | {burst:g} | {rate:g} |" for asked, calls, burst, rate in rows)
    return "\n".join(["| asked for | calls | at once | then a second |", "|---|---|---|---|", *lines])


def _calls(service: AwsService) -> tuple[str, float, float]:
    return ", ".join(f"`{operation}`" for operation in service.operations), service.burst, service.rate


def stream_way() -> str:
    """The picture of the first page: a stream's way, and what each hop may do to it, in the platforms' own numbers."""
    load_balancer, proxy = ATTRIBUTES[IDLE].default, nginx.DEFAULTS["proxy_read_timeout"].value
    hops = [
        ("Browser", "opens <code>EventSource</code>, <code>fetch()</code> or a WebSocket", ""),
        (
            "Load balancer",
            f"hangs up after <b>{load_balancer:g}&nbsp;s</b> of silence",
            f"<code>idle_timeout</code>, while a model may think for {DEFAULT_GENERATION / 60:g}&nbsp;min",
        ),
        (
            "nginx",
            f"<b>holds</b> the answer back, hangs up after <b>{proxy:g}&nbsp;s</b>, drops <b>Upgrade</b>",
            "<code>proxy_buffering</code> <code>proxy_read_timeout</code> <code>proxy_set_header</code>",
        ),
        (
            "Application",
            f"ends after <b>{FLUID_DEFAULT:g}&nbsp;s</b> as a function, sends no ping, needs the same replica again",
            "<code>maxDuration</code>, heartbeats, sticky sessions",
        ),
        ("Model", "thinks, then sends token after token", ""),
    ]
    items = "\n".join(
        f'<li><span class="way-name">{name}</span><span class="way-harm">{harm}</span>'
        f'<span class="way-setting">{setting}</span></li>'
        for name, harm, setting in hops
    )
    return f'<ol class="way" aria-label="A stream\'s way from the browser to the model">\n{items}\n</ol>'


def figures() -> str:
    """How much the verdicts rest on, counted."""
    pages = [examples(check.page) for check in built_in_checks()]
    cases = [document for path in RULES.glob("*.yaml") for document in _documents(path)[1:]]
    rows = [
        ("checks", len(pages)),
        ("examples on their pages, each run as a test", sum(map(len, pages))),
        ("of them silent", sum(example.section == "Good" for page in pages for example in page)),
        ("frameworks and libraries whose code is read", len(list(RULES.glob("*.yaml")))),
        ("examples of code in their rules, each run as a test", sum(map(len, cases))),
        ("whole stacks, each with the report that is expected", len(list((ROOT / "fixtures").glob("*/expected.txt")))),
    ]
    return "\n".join(["| what | count |", "|---|--:|", *(f"| {name} | {count} |" for name, count in rows)])


def _documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def integration(name: str) -> str:
    """What the page on CI says of one way to run it there. Raises LookupError where it says nothing."""
    text = section(CI_PAGE, "In CI")
    found = re.search(rf"^\*\*{re.escape(name)}[.:]\*\*(.*?)(?=^\*\*|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"{CI_PAGE} says nothing of {name}")
    return found[1].strip()


def integration_tabs() -> str:
    """The ways to run it in CI, side by side."""
    names = ("GitHub Actions", "GitLab CI", "Jenkins", "Anywhere with Docker")
    return "\n\n".join(f'=== "{name}"\n\n{indent(integration(name), "    ")}' for name in names)


def action_reference() -> str:
    """What the action for GitHub takes and hands on, by action.yml."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    taken = [
        f"| `{name}` | {_cell(entry['description'])} | {_code(entry['default'])} |"
        for name, entry in action["inputs"].items()
    ]
    given = [f"| `{name}` | {_cell(entry['description'])} |" for name, entry in action["outputs"].items()]
    inputs = "\n".join(["| input | what | default |", "|---|---|---|", *taken])
    outputs = "\n".join(["| output | what |", "|---|---|", *given])
    return f"{inputs}\n\n{outputs}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def changelog() -> str:
    """The changelog, without its title."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n")[2].strip()


def section(path: str, title: str) -> str:
    """One section of a page of the repository, without its heading, as it stands there: what it shows is tested there.

    Raises LookupError where there is none.
    """
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"{path} has no section {title}")
    text = found[2].strip()
    folder = (Path("blob/main") / path).parent
    return re.sub(r"\]\((?!https?:|#)", f"]({HOME}/{folder.as_posix()}/", text)


GENERATORS: dict[str, Callable[[], str]] = {
    "action": action_reference,
    "calls": call_table,
    "changelog": changelog,
    "checks": check_tables,
    "ci": integration_tabs,
    "commands": command_reference,
    "config": config_reference,
    "figures": figures,
    "frameworks": framework_table,
    "platforms": platform_tables,
    "pre-commit": lambda: integration("pre-commit"),
    "products": product_table,
    "report": report_reference,
    "way": stream_way,
}
"""What `<!-- generated: NAME -->` in a page stands for."""
