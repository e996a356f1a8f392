"""What an object has to look like for Kubernetes to take it: what is no mapping, list or text where one belongs is refused.

https://kubernetes.io/docs/reference/kubernetes-api/networking/ingress-v1/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from infralint.project.manifests.fields import wrong_fields
from infralint.text.durations import go_duration
from infralint.text.go_templates.values import scalar
from infralint.text.lazy import lazy
from infralint.text.placeholders import has_placeholder
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
_CORE = "v1"
_VERSIONS: Mapping[str, tuple[str, ...]] = {
    "apps": ("v1", "v1beta2", "v1beta1"),
    "autoscaling": ("v2", "v1", "v2beta2", "v2beta1"),
    "batch": ("v1", "v1beta1", "v2alpha1"),
    "extensions": ("v1beta1",),
    "networking.k8s.io": ("v1", "v1beta1", "v1alpha1"),
    "policy": ("v1", "v1beta1"),
}
"""The versions that Kubernetes' own groups have or had: https://kubernetes.io/docs/reference/using-api/deprecation-guide/"""
_GATEWAYS = "gateway.networking.k8s.io"
_GROUPS_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Deployment", "DaemonSet", "ReplicaSet"), ("apps", "extensions")),
    **dict.fromkeys(("Pod", "ConfigMap", "Service"), (_CORE,)),
    **dict.fromkeys(("Gateway", "HTTPRoute", "GRPCRoute"), (_GATEWAYS,)),
    "StatefulSet": ("apps",),
    "Ingress": ("networking.k8s.io", "extensions"),
    "IngressClass": ("networking.k8s.io",),
    "HorizontalPodAutoscaler": ("autoscaling",),
}
"""Kind -> the groups of Kubernetes that have it."""
_NAME = lazy(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_HOST = lazy(r"(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_VERSION = lazy(r"v[0-9]+(?:(?:alpha|beta)[0-9]+)?")


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
    for wrong in wrong_fields(item):
        raise _problem(wrong.at, wrong.message)


def _check_kind(item: YamlValue) -> None:
    """A version that its group does not have, and a kind that the group does not have: nearly one of its own, or another's."""
    version, kind = item.get("apiVersion"), item.get("kind")
    if version is None or not version.text or kind is None or not kind.text or has_placeholder(version.text):
        return
    group, slash, number = version.text.partition("/")
    homes = _GROUPS_OF.get(kind.text, ())
    if not slash:
        group, number = _CORE, group
        if homes and number != _CORE:
            message = f"there is no apiVersion `{version.text}`; {_home_of(homes)} has {kind.text}"
            raise _problem(version, message)
    elif (versions := _VERSIONS.get(group)) and number not in versions:
        raise _problem(version, f"{group} has no version `{number}`; it has {versions[0]}")
    elif group == _GATEWAYS and not _VERSION.fullmatch(number):
        raise _problem(version, f"`{number}` is no version of {group}; it has v1")
    if homes and group not in homes and group in (_CORE, _GATEWAYS, *_VERSIONS):
        raise _problem(kind, f"{version.text} has no kind `{kind.text}`; {_home_of(homes)} has it")
    kinds = _KINDS.get(group if number != group or group == number == _CORE else "", ())
    if kind.text not in kinds and (right := _nearest(kind.text, kinds)):
        raise _problem(kind, f"{version.text} has no kind `{kind.text}`; did you mean {right}?")


def _home_of(groups: Sequence[str]) -> str:
    """The apiVersion under which a kind of these groups is to be written."""
    group = groups[0]
    return group if group == _CORE else f"{group}/{_VERSIONS.get(group, (_CORE,))[0]}"


def missing_parts(item: YamlValue) -> Iterator[YamlProblem]:
    """What has to stand in an object and does not, of one that nothing changes any more before Kubernetes gets it.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/,
    https://kubernetes.io/docs/reference/kubernetes-api/networking/ingress-v1/,
    https://gateway-api.sigs.k8s.io/reference/spec/
    """
    kind, version = item.text_of("kind"), item.text_of("apiVersion")
    if kind in _GROUPS_OF and version.partition("/")[0] in (_CORE, _GATEWAYS, *_VERSIONS):
        yield from _missing_of_name(item)
    if kind == "Ingress" and version == "networking.k8s.io/v1":
        yield from _missing_of_ingress(item)
    elif kind == "HTTPRoute" and version.startswith(f"{_GATEWAYS}/"):
        yield from _missing_of_route(item)


def _missing_of_name(item: YamlValue) -> Iterator[YamlProblem]:
    name = item.get("metadata", "name")
    if not item.text_of("metadata", "name"):
        is_perhaps_template = item.text_of("kind") == "Pod"  # Jenkins, Airflow and Spark name it themselves
        if not (is_perhaps_template or item.text_of("metadata", "generateName")):
            yield _problem(item.get("metadata") or item, "`metadata` needs a `name`")
    elif name is not None and not (_NAME.fullmatch(name.text or "") or has_placeholder(name.text or "")):
        yield _problem(name, f"`{name.text}` is no name: it takes small letters, digits, - and .")


def _missing_of_ingress(item: YamlValue) -> Iterator[YamlProblem]:
    for rule in item.items_of("spec", "rules"):
        host = rule.get("host")
        if host is not None and host.text and not (_HOST.fullmatch(host.text) or has_placeholder(host.text)):
            yield _problem(
                host, f"`{host.text}` is no host: it takes small letters, digits, - and ., no scheme and no port"
            )
        for path in rule.items_of("http", "paths"):
            kind, written = path.text_of("pathType"), path.text_of("path")
            if not kind:
                why = f"the path {written or '/'} needs a `pathType`: Prefix, Exact or ImplementationSpecific"
                yield _problem(path, why)
            elif not _is_path(written) and (written or kind in ("Exact", "Prefix")):
                yield _problem(path.get("path") or path, f"the path `{written}` has to begin with /")
            yield from _missing_of_backend(path.get("backend"), path, f"the path {written or '/'}")
    if (backend := item.get("spec", "defaultBackend")) is not None:
        yield from _missing_of_backend(backend, item, "`defaultBackend`")


def _is_path(written: str) -> bool:
    return written.startswith("/") or has_placeholder(written)


def _missing_of_route(item: YamlValue) -> Iterator[YamlProblem]:
    """https://github.com/kubernetes-sigs/gateway-api/blob/main/apis/v1/httproute_types.go"""
    for rule in item.items_of("spec", "rules"):
        for match in rule.items_of("matches"):
            kind, written = match.text_of("path", "type") or "PathPrefix", match.text_of("path", "value")
            value = match.get("path", "value")
            if value is not None and kind in ("Exact", "PathPrefix") and not _is_path(written):
                yield _problem(value, f"the path `{written}` has to begin with /")
        for backend in rule.items_of("backendRefs"):
            is_service = backend.text_of("kind") in ("", "Service") and not backend.text_of("group")
            if backend.members is not None and is_service and backend.get("port") is None:
                yield _problem(backend, f"the backend {backend.text_of('name')} needs a `port`")
        whole, part = (go_duration(rule.text_of("timeouts", name)) for name in ("request", "backendRequest"))
        if whole and part and part > whole:
            place = rule.get("timeouts", "backendRequest") or rule
            yield _problem(place, "`backendRequest` can't be longer than `request`")


def _missing_of_backend(backend: YamlValue | None, around: YamlValue, name: str) -> Iterator[YamlProblem]:
    """What has to stand in a backend."""
    service = backend.get("service") if backend is not None else None
    if (
        backend is None
        or backend.is_null
        or backend.members is None
        or not ({"service", "resource"} & set(backend.members))
    ):
        old = backend is not None and backend.get("serviceName") is not None
        hint = ", for `serviceName` and `servicePort` are of v1beta1" if old else ""
        place = backend if backend is not None else around
        yield _problem(place, f"{name} needs a backend, `service: {{name: …, port: {{number: …}}}}`{hint}")
    elif service is not None and not service.text_of("name"):
        yield _problem(service, f"the service of {name} needs a `name`")
    elif service is not None and not (service.text_of("port", "number") or service.text_of("port", "name")):
        yield _problem(service, f"the service of {name} needs a `port`, with its number or its name")
    elif service is not None and service.text_of("port", "number") and service.text_of("port", "name"):
        yield _problem(service.get("port") or service, f"the port of {name} has a number and a name: one belongs there")


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
