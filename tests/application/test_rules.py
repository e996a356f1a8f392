"""Each framework's rules, tried on the examples that stand beside them: what is drawn, and that nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from infralint.sources.application import Application, Route, applications
from infralint.sources.application.rulebook import documents, rule_files


def _examples() -> list[Any]:
    found = []
    for name in rule_files():
        _, examples = documents(name)
        found += [pytest.param(example, id=f"{name.removesuffix('.yaml')}: {example['name']}") for example in examples]
    return found


def _read(files: dict[str, str | None]) -> list[Application]:
    contents = {path: (text or "").encode() for path, text in files.items()}
    return applications(sorted(contents), contents.__getitem__)


def _shown(route: Route, wanted: dict[str, Any]) -> dict[str, Any]:
    """What an example says of a route, as it was found; of headers, those that the example names; all where it has none."""
    found = {key: getattr(route, key) for key in wanted}
    if "methods" in found:
        found["methods"] = list(route.methods)
    if "headers" in found:
        named = wanted["headers"] or route.headers
        found["headers"] = {name: value for name, value in route.headers.items() if name in named}
    return found


@pytest.mark.parametrize("example", _examples())
def test_what_is_drawn_from_an_example(example: dict[str, Any]) -> None:
    found = _read(example["files"])
    routes = sorted((route for application in found for route in application.routes), key=lambda route: route.path)
    wanted = sorted(example["routes"], key=lambda route: route["path"])
    assert [route.path for route in routes] == [route["path"] for route in wanted]
    assert [_shown(route, given) for route, given in zip(routes, wanted, strict=True)] == wanted
    assert {application.read for application in found} == {example.get("read", "whole")}
    if "ports" in example:
        assert [port for application in found for port in application.ports] == example["ports"]
    calls = [call for application in found for call in application.clients]
    for given in example.get("clients", []):
        assert given in [{key: getattr(call, key) for key in given} for call in calls]
    if "applications" in example:
        assert [application.folder for application in found] == example["applications"]


@pytest.mark.parametrize("name", rule_files())
def test_every_framework_shows_a_stream_and_a_silence_or_says_why(name: str) -> None:
    rules, examples = documents(name)
    assert rules["page"].startswith("https://")
    assert any(example["routes"] for example in examples)
