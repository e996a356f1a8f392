"""Fields of Kubernetes' objects: what they are called, and what may stand in them, as the vendors' own schemas have it.

The API server checks both; fields that are nearly none of those of a schema are mistyped, others may be newer.
https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from infralint.text.durations import go_duration
from infralint.text.go_templates.values import scalar
from infralint.text.lazy import lazy
from infralint.text.suggestions import LIKELY, closest, mistyped_for
from infralint.text.yaml_places import YamlValue, has_holes

_SAME_GROUP = {"traefik.containo.us": "traefik.io"}
"""Older name of a group -> the one that its kinds are listed under."""
_OTHERWISE = frozenset({"networking.k8s.io/v1beta1", "autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2"})
"""Versions whose objects have other fields."""
_PLACEHOLDER = lazy(r"[$<>%@]|__|\A[A-Z][A-Z0-9_-]+\Z")
"""What another program fills in before anybody applies the file."""
_FORMS = {"t": "a text", "n": "a number", "b": "true or false", "l": "a list", "m": "a mapping"}
_LEFT_OUT = frozenset({"apiVersion", "kind"})
"""Fields that are looked at elsewhere."""


_DURATIONS = frozenset(
    {
        "networking.istio.io/VirtualService spec.http.timeout",
        "networking.istio.io/VirtualService spec.http.retries.perTryTimeout",
        "gateway.networking.k8s.io/HTTPRoute spec.rules.timeouts.request",
        "gateway.networking.k8s.io/HTTPRoute spec.rules.timeouts.backendRequest",
    }
)
"""Texts that have to be durations, such as `300s`."""
_PORTS = frozenset({"port", "number", "containerPort", "targetPort", "nodePort", "hostPort"})
_COUNTS = frozenset({"weight", "replicas", "timeoutSec", "timeoutSeconds", "terminationGracePeriodSeconds"})
"""Numbers that are never negative."""


class WrongField(msgspec.Struct, frozen=True):
    """What is wrong with a field, and where that stands."""

    at: YamlValue
    message: str


def wrong_fields(item: YamlValue) -> Iterator[WrongField]:
    """The fields of an object that its kind does not have, or that hold something else than they may."""
    version = item.text_of("apiVersion")
    if version in _OTHERWISE:
        return
    group, slash, _ = version.partition("/")
    kind = f"{_SAME_GROUP.get(group, group) if slash else ''}/{item.text_of('kind')}"
    pending = [("", item)]
    while pending:
        place, value = pending.pop()
        fields = _fields_at(kind, place)
        for key, member in (value.members or {}).items():
            form = fields.get(key, "")
            if form and key not in _LEFT_OUT and not member.is_null:
                deeper = f"{place}.{key}" if place else key
                yield from _wrong_value(key, form, member, f"{kind} {deeper}" in _DURATIONS)
                if _fields_at(kind, deeper):
                    pending += [(deeper, inner) for inner in member.items or [member]]
            elif fields and (right := mistyped_for(key, fields)):
                at = YamlValue(value.keys.get(key, member.span))
                inside = f"`{place.rpartition('.')[2]}`" if place else item.text_of("kind")
                yield WrongField(at, f"{inside} has no field `{key}`; did you mean {right}?")


def _wrong_value(key: str, form: str, value: YamlValue, is_duration: bool) -> Iterator[WrongField]:
    letters, _, only = form.partition("=")
    if letters == "*":
        return
    if value.text is None:
        if ("l" if value.items is not None else "m") not in letters:
            yield WrongField(value, f"`{key}` has to be {_FORMS[letters[0]]}")
        return
    if _PLACEHOLDER.search(value.text) or has_holes(value.text):
        return
    meant = scalar(value)
    letter = "b" if isinstance(meant, bool) else "n" if isinstance(meant, int | float) else "t"
    if letter not in letters:
        quoted = f': write "{value.text}"' if letters == "t" else ""
        yield WrongField(value, f"`{key}: {value.text[:80]}` is no {_FORMS[letters[0]].removeprefix('a ')}{quoted}")
    elif letter == "n" and key in _PORTS and not 1 <= meant <= 65535:
        yield WrongField(value, f"`{key}: {value.text}` is no port: there are 1 to 65535")
    elif letter == "n" and key in _COUNTS and meant < 0:
        yield WrongField(value, f"`{key}: {value.text}` can't be negative")
    elif is_duration and go_duration(value.text.strip()) is None:
        yield WrongField(value, f"`{key}: {value.text[:80]}` is no duration, such as 300s")
    elif only and value.text not in (texts := only.split("|")):
        same = [text for text in texts if text.lower() == value.text.lower()]
        if right := same[0] if same else closest(value.text, texts, LIKELY):
            yield WrongField(value, f"there is no {key} {value.text}; did you mean {right}?")


@lru_cache(maxsize=1024)
def _fields_at(kind: str, place: str) -> dict[str, str]:
    """The fields at a place of a kind, each with its form; none where any may stand, or none are known."""
    written = _table().get(kind, {}).get(place, "")
    return dict(field.split(":", 1) for field in written.split())


@cache
def _table() -> dict[str, dict[str, str]]:
    """Kind -> place in it (`spec.rules.http`) -> the fields there with their forms, as `tests/kubernetes/manifest_fields.js`
    takes them from packages that are made of the schemas."""
    text = Path(__file__).with_name("manifest_fields.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, str]])
