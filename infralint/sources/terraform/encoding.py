"""JSON, YAML and base64 as Terraform writes and reads them."""

from __future__ import annotations

import json
from typing import Any

from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.numeric import format_number, parse_number
from infralint.sources.terraform.values import (
    EvaluationError,
    ObjectValue,
    TupleValue,
    Value,
    bound,
    normal,
    to_text,
)

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_json(value: Value) -> str:
    """What jsonencode() writes."""
    return bound("".join(_write(value)))


def _write(value: Value) -> list[str]:
    if isinstance(value, ObjectValue):
        parts = [f"{_quote(key)}:{to_json(member)}" for key, member in value.sorted_items()]
        return ["{", ",".join(parts), "}"]
    if isinstance(value, TupleValue):
        return ["[", ",".join(map(to_json, value)), "]"]
    if value is None:
        return ["null"]
    return [_quote(value) if isinstance(value, str) else to_text(value)]


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_HTML)


def parse_json(text: str) -> Value:
    """What jsondecode() reads. Raises EvaluationError, NotWorkedOut."""
    try:
        return _of_json(json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse))
    except RecursionError as error:
        raise NotWorkedOut("its JSON is nested too deeply") from error
    except ValueError as error:
        raise EvaluationError("it is not valid JSON") from error


def _number(text: str) -> Any:
    return parse_number(text)


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _of_json(value: Any) -> Value:
    if isinstance(value, dict):
        return ObjectValue({normal(key): _of_json(member) for key, member in value.items()})
    if isinstance(value, list):
        return TupleValue([_of_json(member) for member in value])
    return normal(value) if isinstance(value, str) else value


def to_yaml(value: Value) -> str:
    """What yamlencode() writes."""
    end = "" if isinstance(value, str | ObjectValue | TupleValue) else "...\n"
    return bound("".join(f"{line}\n" for line in _lines(value, "")) + end)


def _lines(value: Value, indent: str) -> list[str]:
    if isinstance(value, ObjectValue) and value:
        return [
            line for key, member in value.sorted_items() for line in _entry(f"{indent}{_yaml(key)}:", member, indent)
        ]
    if isinstance(value, TupleValue) and value:
        return [line for member in value for line in _item(member, indent)]
    return [f"{indent}{_yaml(value)}"]


def _entry(key: str, value: Value, indent: str) -> list[str]:
    if isinstance(value, ObjectValue) and value:
        return [key, *_lines(value, f"{indent}  ")]
    if isinstance(value, TupleValue) and value:
        return [key, *_lines(value, indent)]
    return [f"{key} {_yaml(value)}"]


def _item(value: Value, indent: str) -> list[str]:
    inner = _lines(value, f"{indent}  ")
    return [f"{indent}- {inner[0].lstrip(' ')}", *inner[1:]]


def _yaml(value: Value) -> str:
    if isinstance(value, str):
        if not value.isprintable():
            raise NotWorkedOut("this text in YAML is not worked out")
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, ObjectValue):
        return "{}"
    if isinstance(value, TupleValue):
        return "[]"
    if value is None:
        return "null"
    return format_number(value) if not isinstance(value, bool) else to_text(value)
