"""Fields of Kubernetes' objects: what they are called, and what may stand in them, as the vendors' own schemas have it.

The API server checks both; fields that are nearly none of those of a schema are mistyped, others may be newer.
https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from infralint.text.durations import go_duration
from infralint.text.go_templates.values import scalar
from infralint.text.lazy import lazy
from infralint.text.placeholders import has_placeholder
from infralint.text.suggestions import LIKELY, closest, mistyped_for
from infralint.text.yaml_places import YamlValue, has_holes

_SAME_GROUP = {"traefik.containo.us": "traefik.io"}
"""Older name of a group -> the one that its kinds are listed under."""
_OTHERWISE = frozenset({"networking.k8s.io/v1beta1", "autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2"})
"""Versions whose objects have other fields."""
_PLAIN_WORD = lazy(r"(?!(?i:true|false|yes|no|on|off|y|n|null)\Z)[A-Za-z/]")
"""How a text begins that YAML takes for nothing else: a quick look."""
_FORMS = {"t": "a text", "n": "a number", "b": "true or false", "l": "a list", "m": "a mapping"}
_LEFT_OUT = frozenset({"apiVersion", "kind"})
"""Fields that are looked at elsewhere."""


_CONTOUR: dict[str, str] = {
    "": "metadata:* spec:m",
    "spec": "virtualhost:m routes:l tcpproxy:m includes:l ingressClassName:t",
    "spec.routes": (
        "conditions:l services:l enableWebsockets:b permitInsecure:b authPolicy:m timeoutPolicy:m retryPolicy:m"
        " healthCheckPolicy:m loadBalancerPolicy:m pathRewritePolicy:m requestHeadersPolicy:m responseHeadersPolicy:m"
        " cookieRewritePolicies:l rateLimitPolicy:m requestRedirectPolicy:m directResponsePolicy:m"
        " internalRedirectPolicy:m jwtVerificationPolicy:m ipAllowPolicy:l ipDenyPolicy:l"
    ),
    "spec.routes.services": (
        "name:t port:n protocol:t weight:n mirror:b validation:m requestHeadersPolicy:m responseHeadersPolicy:m"
        " cookieRewritePolicies:l slowStartPolicy:m healthPort:n"
    ),
    "spec.routes.timeoutPolicy": "response:t idle:t idleConnection:t",
}
"""https://github.com/projectcontour/contour/blob/main/apis/projectcontour/v1/httpproxy.go"""
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
_PERHAPS_NO_PORT = frozenset({"targetPort", "nodePort", "hostPort"})
"""Those of which 0 is none: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/"""
_COUNTS = frozenset({"weight", "replicas", "timeoutSec", "timeoutSeconds", "terminationGracePeriodSeconds"})
"""Numbers that are never negative."""


class WrongField(msgspec.Struct, frozen=True):
    """What is wrong with a field, and where that stands."""

    at: YamlValue
    message: str


class Form(msgspec.Struct):
    """What may stand in a field. letters: t for a text, n for a number, b for a boolean, l for a list, m for a mapping, * for
    anything; texts: the only ones; fields: those of the mapping, or of each in the list, as far as they are known."""

    name: str
    letters: str
    texts: tuple[str, ...] = ()
    is_duration: bool = False
    fields: dict[str, Form] = {}

    def is_plain(self, value: YamlValue) -> bool:
        """A quick look: whether a value is surely what is asked for."""
        text = value.text
        if text is None:
            return ("l" if value.items is not None else "m") in self.letters
        if self.letters == "n":
            return text.isdecimal() and not value.quoted and self.name not in _PORTS
        is_text = value.quoted or _PLAIN_WORD.match(text) is not None
        return is_text and "t" in self.letters and not (self.texts or self.is_duration)


def wrong_fields(item: YamlValue) -> Iterator[WrongField]:
    """The fields of an object that its kind does not have, or that hold something else than they may."""
    version, kind = item.text_of("apiVersion"), item.text_of("kind")
    if version in _OTHERWISE:
        return
    group, slash, _ = version.partition("/")
    fields = _fields_of(f"{_SAME_GROUP.get(group, group) if slash else ''}/{kind}")
    pending = [(kind, fields, item)] if fields else []
    while pending:
        name, fields, value = pending.pop()
        for key, member in (value.members or {}).items():
            form = fields.get(key)
            if form is None:
                if right := mistyped_for(key, fields):
                    at = YamlValue(value.keys.get(key, member.span))
                    yield WrongField(at, f"{name} has no field `{key}`; did you mean {right}?")
                continue
            if not (form.is_plain(member) or form.letters == "*" or member.is_null):
                yield from _wrong_value(form, member)
            if form.fields and member.text is None:
                pending += [(f"`{key}`", form.fields, inner) for inner in member.items or [member]]


def _wrong_value(form: Form, value: YamlValue) -> Iterator[WrongField]:
    key, letters = form.name, form.letters
    if value.text is None:
        yield WrongField(value, f"`{key}` has to be {_FORMS[letters[0]]}")
        return
    if has_placeholder(value.text) or has_holes(value.text):
        return
    meant = scalar(value)
    letter = "b" if isinstance(meant, bool) else "n" if isinstance(meant, int | float) else "t"
    if letter not in letters:
        quoted = f': write "{value.text}"' if letters == "t" else ""
        yield WrongField(value, f"`{key}: {value.text[:80]}` is no {_FORMS[letters[0]].removeprefix('a ')}{quoted}")
    elif letter == "n" and key in _PORTS and not _is_port(meant, key):
        yield WrongField(value, f"`{key}: {value.text}` is no port: there are 1 to 65535")
    elif letter == "n" and key in _COUNTS and not (isinstance(meant, int) and meant >= 0):
        yield WrongField(value, f"`{key}: {value.text}` is no whole number from 0 on")
    elif form.is_duration and go_duration(value.text.strip()) is None:
        yield WrongField(value, f"`{key}: {value.text[:80]}` is no duration, such as 300s")
    elif form.texts and value.text not in form.texts:
        same = [text for text in form.texts if text.lower() == value.text.lower()]
        if right := same[0] if same else closest(value.text, form.texts, LIKELY):
            yield WrongField(value, f"there is no {key} {value.text}; did you mean {right}?")


def _is_port(number: object, key: str) -> bool:
    lowest = 0 if key in _PERHAPS_NO_PORT else 1
    return isinstance(number, int) and lowest <= number <= 65535


@cache
def _fields_of(kind: str) -> dict[str, Form]:
    """The fields of a kind; none where none are known. Where a mapping takes any name, nothing is known of it."""
    places = _table().get(kind, {})
    found: dict[str, dict[str, Form]] = {
        place: {form.name: form for form in map(_read_form, written.split())} for place, written in places.items()
    }
    for place, forms in found.items():
        for form in forms.values():
            deeper = f"{place}.{form.name}" if place else form.name
            form.fields = found.get(deeper, {})
            form.is_duration = f"{kind} {deeper}" in _DURATIONS
    return found.get("", {})


def _read_form(written: str) -> Form:
    """`type:t=A|B`: the field's name, its form, and the only texts."""
    name, _, rest = written.partition(":")
    letters, _, texts = rest.partition("=")
    is_known = name not in _LEFT_OUT
    return Form(name, letters if is_known else "*", tuple(texts.split("|")) if texts and is_known else ())


@cache
def _table() -> dict[str, dict[str, str]]:
    """Kind -> place in it (`spec.rules.http`) -> the fields there with their forms, as `tests/kubernetes/manifest_fields.js`
    takes them from packages that are made of the schemas."""
    text = Path(__file__).with_name("manifest_fields.json").read_bytes()
    return {**msgspec.json.decode(text, type=dict[str, dict[str, str]]), "projectcontour.io/HTTPProxy": _CONTOUR}
