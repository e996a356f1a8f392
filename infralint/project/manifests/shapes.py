"""What an object has to look like for Kubernetes to take it: what is no mapping, list or text where one belongs is refused.

https://kubernetes.io/docs/reference/kubernetes-api/networking/ingress-v1/
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.text.go_templates.values import scalar
from infralint.text.yaml_places import YamlProblem, YamlValue


def check_shape(item: YamlValue) -> None:
    """Raises YamlProblem at the first part of an object that is of another shape than Kubernetes expects."""
    for metadata in _mappings(item, "metadata"):
        for name in ("annotations", "labels"):
            _check_texts(metadata, name)
    if item.text_of("kind") == "ConfigMap":
        _check_texts(item, "data")
    for spec in _mappings(item, "spec"):
        if item.text_of("kind") == "Ingress":
            _check_ingress(spec)


def _check_texts(around: YamlValue, name: str) -> None:
    """Values that have to be texts: unquoted numbers and booleans are none.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
    """
    for texts in _mappings(around, name):
        for key, value in (texts.members or {}).items():
            if value.text is None:
                raise _problem(value, f"`{key}` under `{name}` has to be a text")
            meant = scalar(value)
            if isinstance(meant, bool | int | float):
                kind = "boolean" if isinstance(meant, bool) else "number"
                message = (
                    f'`{key}: {value.text}` under `{name}` is a {kind}, and a text belongs there: write "{value.text}"'
                )
                raise _problem(value, message)


def _check_ingress(spec: YamlValue) -> None:
    for rule in _items(spec, "rules"):
        for http in _mappings(rule, "http"):
            for path in _items(http, "paths"):
                for backend in _mappings(path, "backend"):
                    list(_mappings(backend, "service"))


def _mappings(around: YamlValue, name: str) -> Iterator[YamlValue]:
    """A part that has to be a mapping, if it is given."""
    value = around.get(name)
    if value is None or value.is_null:
        return
    if value.members is None:
        raise _problem(value, f"`{name}` has to be a mapping")
    yield value


def _items(around: YamlValue, name: str) -> Iterator[YamlValue]:
    """The parts of a list that have to be mappings, if it is given."""
    value = around.get(name)
    if value is None or value.is_null:
        return
    if value.items is None:
        raise _problem(value, f"`{name}` has to be a list")
    for item in value.items:
        if item.members is None:
            raise _problem(item, f"each item of `{name}` has to be a mapping")
        yield item


def _problem(value: YamlValue, message: str) -> YamlProblem:
    return YamlProblem(f"Kubernetes would refuse this object: {message}", value.line, value.span.column, True)
