"""Tables of what infralint knows of platforms, made of the modules in `infralint/platforms/` themselves.

A module's first paragraph, its vendors' pages, its documented numbers and its tables of records: whatever a module
writes down in public constants is shown, so that a new platform needs nothing here.
"""

from __future__ import annotations

import ast
import inspect
import math
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec

import infralint.platforms

TITLES = {
    "aws_elb": "AWS Elastic Load Balancing",
    "api_gateway": "Amazon API Gateway",
    "app_runner": "AWS App Runner",
    "application_gateway": "Azure's Application Gateway Ingress Controller",
    "azure_application_gateway": "Azure Application Gateway",
    "azure_apps": "Azure Container Apps and App Service",
    "aws_controller": "AWS Load Balancer Controller",
    "cloudfront": "Amazon CloudFront",
    "elastic_beanstalk": "AWS Elastic Beanstalk",
    "global_accelerator": "AWS Global Accelerator",
    "vpc_lattice": "Amazon VPC Lattice",
    "f5_nginx": "F5 NGINX Ingress Controller",
    "gateways": "Gateways",
    "google_load_balancing": "Google Cloud Load Balancing",
    "haproxy_ingress": "HAProxy as an Ingress controller",
    "hosting": "Fly.io, Heroku, Railway and Render",
    "ingress_nginx": "ingress-nginx",
    "cloud_run": "Google Cloud Run",
    "knative": "Knative Serving",
    "lambda_functions": "AWS Lambda",
    "libraries": "Libraries",
    "nextjs": "Next.js",
    "nginx": "nginx",
    "ports": "Ports",
    "service_connect": "ECS Service Connect",
    "vercel": "Vercel",
}
_URL = re.compile(r"https?://[^\s)>`]*[^\s)>`.,;:]")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+")


def platform_tables() -> str:
    """A section a platform, in the order of their names; those that write down no facts are left out."""
    found = ((_title(name), _facts_of(modules)) for name, modules in _platforms().items())
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sorted(found, key=_by_title) if text)


def _by_title(section: tuple[str, str]) -> str:
    return section[0].lower()


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " ").capitalize())


def _platforms() -> dict[str, list[ModuleType]]:
    """The modules of each platform: one, or those of a package."""
    found: dict[str, list[ModuleType]] = {}
    for entry in pkgutil.iter_modules(infralint.platforms.__path__):
        module = import_module(f"infralint.platforms.{entry.name}")
        found[entry.name] = [module]
        if entry.ispkg:
            inner = pkgutil.iter_modules(module.__path__)
            found[entry.name] += [import_module(f"{module.__name__}.{part.name}") for part in inner]
    return found


def _facts_of(modules: list[ModuleType]) -> str:
    """What a platform's modules say, if one of them holds a number or a table."""
    numbers, tables, pages = [], [], []
    singles: dict[type, dict[str, Any]] = {}
    for module in modules:
        pages += _URL.findall(module.__doc__ or "")
        for name, value, meaning in _constants(module):
            if _is_number(value) and meaning:
                numbers.append((name, value, meaning))
            elif rows := _records(value):
                tables.append((name, rows, meaning))
            elif _is_record(value):
                singles.setdefault(type(value), {})[_words(name)] = value
    listed = {type(row) for _, rows, _ in tables for row in rows.values()}
    tables += [
        (kind.__name__, rows, "") for kind, rows in singles.items() if kind not in listed and _field_of_pages(rows)
    ]
    if not (numbers or tables):
        return ""
    parts = [_plain(_paragraph(modules[0].__doc__ or ""))]
    if numbers:
        parts.append(_number_table(numbers))
    parts += [_record_table(name, rows, meaning) for name, rows, meaning in tables]
    if pages:
        parts.append("Pages: " + ", ".join(f"<{page}>" for page in dict.fromkeys(pages)))
    return "\n\n".join(part for part in parts if part)


def _constants(module: ModuleType) -> Iterator[tuple[str, Any, str]]:
    """The public constants that a module itself sets, each with the text that stands below it."""
    body = ast.parse(inspect.getsource(module)).body
    for index, statement in enumerate(body):
        target: ast.expr | None = None
        if isinstance(statement, ast.AnnAssign):
            target = statement.target
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        if isinstance(target, ast.Name) and _CONSTANT.fullmatch(target.id):
            yield target.id, getattr(module, target.id), _text_below(body, index)


def _text_below(body: list[ast.stmt], index: int) -> str:
    below = body[index + 1] if index + 1 < len(body) else None
    if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
        return inspect.cleandoc(below.value.value)
    return ""


def _is_number(value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(part, int) for part in value)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _records(value: Any) -> dict[str, Any]:
    """The records of a table by their names, where it is one: records have fields and hold nothing but data."""
    rows = dict(value) if isinstance(value, Mapping) else {}
    is_table = all(_is_record(row) for row in rows.values()) and all(isinstance(name, str) for name in rows)
    return rows if is_table else {}


def _is_record(row: Any) -> bool:
    return isinstance(row, msgspec.Struct) and all(_is_data(getattr(row, name)) for name in _defaults(type(row)))


def _defaults(kind: type[Any]) -> dict[str, Any]:
    """The fields of a record, in their order, each with its default where it has one."""
    return {field.name: field.default for field in msgspec.structs.fields(kind)}


def _is_data(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_data(part) for part in (*value, *value.values()))
    if isinstance(value, tuple | frozenset):
        return all(_is_data(part) for part in value)
    return value is None or isinstance(value, str | int | float)


def _number_table(numbers: list[tuple[str, Any, str]]) -> str:
    rows = [f"| {_words(name)} | {_quantity(value, meaning)} | {_cell(meaning)} |" for name, value, meaning in numbers]
    return "\n".join(["| fact | value | |", "|---|---|---|", *rows])


def _record_table(name: str, rows: dict[str, Any], meaning: str) -> str:
    """A table with a column a field. What is left at the record's own default is blank, and a column of blanks is none."""
    kind = type(next(iter(rows.values())))
    link = _field_of_pages(rows)
    defaults = _defaults(kind)
    fields = [name for name in defaults if name != link]
    cells = {row_name: [_show_field(row, name, defaults[name]) for name in fields] for row_name, row in rows.items()}
    kept = [index for index in range(len(fields)) if any(row[index] for row in cells.values())]
    lines = [_row(["", *(_words(fields[index]) for index in kept)]), _row(["---"] * (len(kept) + 1))]
    for row_name, row in rows.items():
        label = f"`{row_name}`"
        label = f"[{label}]({getattr(row, link)})" if link else label
        lines.append(_row([label, *(cells[row_name][index] for index in kept)]))
    about = " ".join(_plain(text) for text in (meaning, _paragraph(kind.__doc__ or "")) if text)
    return "\n".join([f"### {_words(name).capitalize()}", "", about, "", *lines])


def _field_of_pages(rows: dict[str, Any]) -> str:
    """The field that holds each row's page, where there is one."""
    names = _defaults(type(next(iter(rows.values()))))
    return next((name for name in names if all(_is_url(getattr(row, name)) for row in rows.values())), "")


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _show_field(row: Any, name: str, default: Any) -> str:
    value = getattr(row, name)
    return "" if value == default else _value(value)


_EMPTY: tuple[Any, ...] = (None, "", (), {})


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _quantity(value: Any, meaning: str) -> str:
    text = ".".join(map(str, value)) if isinstance(value, tuple) else _value(value)
    return f"{text} s" if meaning.startswith("Seconds") else text


def _value(value: Any) -> str:
    """A value in a cell of a table."""
    showing: list[tuple[Callable[[Any], bool], Callable[[Any], str]]] = [
        (lambda value: value in _EMPTY, lambda _: ""),
        (lambda value: isinstance(value, bool), lambda value: "yes" if value else "no"),
        (lambda value: isinstance(value, float) and math.isinf(value), lambda _: "no limit"),
        (lambda value: isinstance(value, int | float), lambda value: f"{value:g}" if value < 1e6 else str(value)),
        (
            lambda value: isinstance(value, Mapping),
            lambda value: ", ".join(f"`{name}: {part}`" for name, part in value.items()),
        ),
        (
            lambda value: isinstance(value, tuple | frozenset),
            lambda value: ", ".join(
                _value(part) for part in (sorted(value) if isinstance(value, frozenset) else value)
            ),
        ),
        (_is_url, lambda value: f"<{value}>"),
        (lambda _: True, lambda value: f"`{value}`"),
    ]
    return next(show(value) for applies, show in showing if applies(value))


def _words(name: str) -> str:
    return name.lower().replace("_", " ").replace("http 1 1", "HTTP/1.1").replace("tls", "TLS").replace("tcp", "TCP")


def _paragraph(text: str) -> str:
    return inspect.cleandoc(text).partition("\n\n")[0]


def _plain(text: str) -> str:
    """A docstring's paragraph as Markdown: addresses become links."""
    return _URL.sub(lambda found: f"<{found[0]}>", " ".join(text.split()))


def _cell(text: str) -> str:
    """What a number means, without the unit that stands beside it."""
    plain = re.sub(r"^Seconds[:,] ", "", " ".join(text.split()))
    linked = _URL.sub(lambda found: f"([{urlsplit(found[0]).netloc}]({found[0]}))", plain)
    return linked.replace("|", r"\|")
