"""The JSON reader takes what JSON is, and knows where everything stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralint.text.json_places import BadJson, JsonNode, parse_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES, st.sampled_from([None, 0, 2, "\t"]))
def test_it_reads_what_json_writes(value: Any, indent: int | str | None) -> None:
    assert parse_json(json.dumps(value, indent=indent)).plain == value


@given(st.text(alphabet='{}[]",:truefalsn01.-eE\\ \n/*', max_size=40))
def test_it_takes_nothing_that_json_does_not(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(BadJson):
            parse_json(text)
    else:
        assert parse_json(text).plain == expected


@given(VALUES)
def test_every_key_stands_where_it_says(value: Any) -> None:
    text = json.dumps(value, indent=1)
    lines = text.split("\n")
    for key, line, column in _keys(parse_json(text)):
        assert lines[line - 1][column - 1 :].startswith(json.dumps(key))


def _keys(node: JsonNode) -> Any:
    for key, member in node.members.items():
        yield key, member.span.line, member.span.column
        yield from _keys(member.node)
    for item in node.items:
        yield from _keys(item)
