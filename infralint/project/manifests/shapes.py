"""What an object has to look like for Kubernetes to take it: what is no mapping, list or text where one belongs is refused.

https://kubernetes.io/docs/reference/kubernetes-api/networking/ingress-v1/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from infralint.text.go_templates.values import scalar
from infralint.text.suggestions import NEARLY, closest, mistyped_for
from infralint.text.yaml_places import YamlProblem, YamlValue

_KINDS: Mapping[str, tuple[str, ...]] = {
    group: tuple(kinds.split())
    for group, kinds in {
        "v1": "Service ServiceAccount ConfigMap Namespace Endpoints Secret Pod ReplicationController List",
        "apps": "Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision",
        "networking.k8s.io": "Ingress IngressClass NetworkPolicy IPAddress ServiceCIDR",
        "gateway.networking.k8s.io": (
            "Gateway GatewayClass HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute ReferenceGrant BackendTLSPolicy ListenerSet"
        ),
    }.items()
}
"""Kinds of the groups that say what stands where: https://kubernetes.io/docs/reference/kubernetes-api/"""


@cache
def is_mistyped(kind: bytes) -> bool:
    """A quick look at a word: is it nearly a kind of the groups that say what stands where?"""
    word = kind.decode()
    groups = _KINDS.values()
    return not any(word in kinds for kinds in groups) and any(_nearest(word, kinds) for kinds in groups)


def _nearest(word: str, kinds: Sequence[str]) -> str:
    near = [kind for kind in kinds if abs(len(kind) - len(word)) < 3]
    return closest(word, near, NEARLY) if near else ""


def check_shape(item: YamlValue) -> None:
    """Raises YamlProblem at the first part of an object that is of another shape than Kubernetes expects."""
    _check_kind(item)
    for metadata in _mappings(item, "metadata"):
        for name in ("annotations", "labels"):
            _check_texts(metadata, name)
    if item.text_of("kind") == "ConfigMap":
        _check_texts(item, "data")
    for spec in _mappings(item, "spec"):
        if item.text_of("kind") == "Ingress":
            _check_ingress(spec, item.text_of("apiVersion").partition("/")[0] in _OF_INGRESSES)


def _check_kind(item: YamlValue) -> None:
    """A kind that its group does not have, and that is nearly one that it has."""
    group, slash, _ = item.text_of("apiVersion").partition("/")
    kinds = _KINDS.get(group if slash or group == "v1" else "", ())
    kind = item.get("kind")
    if kind is None or not kind.text or kind.text in kinds:
        return
    if right := _nearest(kind.text, kinds):
        message = f"{item.text_of('apiVersion')} has no kind `{kind.text}`; did you mean {right}?"
        raise _problem(kind, message)


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


_INGRESS: Mapping[str, tuple[str, ...]] = {
    "spec": ("defaultBackend", "ingressClassName", "rules", "tls", "backend"),
    "rules": ("host", "http"),
    "http": ("paths",),
    "paths": ("backend", "path", "pathType"),
    "backend": ("resource", "service", "serviceName", "servicePort"),
    "service": ("name", "port"),
}
"""The fields of an Ingress, those of its older versions among them. kubectl refuses what is none of them:
https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation"""
_OF_INGRESSES = ("networking.k8s.io", "extensions")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def _check_ingress(spec: YamlValue, is_own: bool) -> None:
    """is_own: it is an Ingress of Kubernetes itself, and none of the same name that another program brings."""
    if is_own:
        _check_fields_of_ingress(spec)
    for rule in _items(spec, "rules"):
        for http in _mappings(rule, "http"):
            for path in _items(http, "paths"):
                for backend in _mappings(path, "backend"):
                    list(_mappings(backend, "service"))


def _check_fields_of_ingress(spec: YamlValue) -> None:
    _check_fields(spec, "spec")
    for rule in spec.items_of("rules"):
        _check_fields(rule, "rules")
        if (http := rule.get("http")) is None:
            continue
        _check_fields(http, "http")
        for path in http.items_of("paths"):
            _check_fields(path, "paths")
            kind = path.get("pathType")
            if kind is not None and (right := _meant_path_type(kind.text or "")):
                raise _problem(kind, f"there is no pathType {kind.text}; did you mean {right}?")
            backend = path.get("backend")
            for name, part in (("backend", backend), ("service", backend.get("service") if backend else None)):
                if part is not None:
                    _check_fields(part, name)


def _meant_path_type(text: str) -> str:
    """The type of a path that a word is mistyped for, also in other capitals; empty for one that exists, or that may."""
    same = [kind for kind in _PATH_TYPES if kind.lower() == text.lower() and kind != text]
    return same[0] if same else mistyped_for(text, _PATH_TYPES)


def _check_fields(value: YamlValue, name: str) -> None:
    """Fields that an Ingress does not have there, and that are nearly those that it has."""
    for key in value.members or ():
        if right := mistyped_for(key, _INGRESS[name]):
            at = YamlValue(value.keys.get(key, value.span))
            raise _problem(at, f"`{name}` has no field `{key}`; did you mean {right}?")


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
