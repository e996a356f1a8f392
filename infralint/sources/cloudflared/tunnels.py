"""Ingress rules of a tunnel as Cloudflare's facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from infralint.model import Location, Node, Reading
from infralint.platforms.cloudflare import ingress_rule, quick_tunnel_node, tunnel_node
from infralint.platforms.routing import RouteRule
from infralint.project import CantRead, Project
from infralint.project.compose import ComposeService
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

_NAMED = frozenset({"run", "--token", "--token-file", "--name", "--hostname", "--config", "--credentials-file"})
"""Arguments of a tunnel that is no quick one."""


def read_into(reading: Reading, project: Project, path: str) -> None:
    """Add the tunnels of a file, which is a configuration of `cloudflared` or holds ConfigMaps with some. A template that
    is no YAML is left to whoever names what is not read."""
    shown, text = project.show(path), ""
    try:
        text = project.utf8_text(path)
        documents = read_yaml(text, allow_duplicates=True)
        nodes = [node for document in documents for node in _tunnels_of(document, shown, path)]
    except CantRead as problem:
        reading.unreadable.append(project.unreadable(path, problem))
    except YamlProblem as problem:
        if "{{" in text:
            return
        reading.unreadable.append(project.unreadable(path, problem))
    else:
        reading.nodes += nodes
        reading.files += [shown] if nodes else []


def _tunnels_of(document: YamlValue, shown: str, path: str) -> Iterator[Node]:
    tunnel = document.get("tunnel")
    if tunnel is not None and tunnel.text is None:
        return
    if document.items_of("ingress"):
        _refuse_rules(document)
        yield from _tunnel(document, f"tunnel {document.text_of('tunnel') or shown}", shown, path)
        return
    name = document.text_of("metadata", "name") or shown
    for value in _inner_texts(document):
        for inner in read_yaml(value.text or "", allow_duplicates=True, first_line=value.line + 1):
            yield from _tunnel(inner, f"tunnel of {name}", shown, path, is_inner=True)


def _inner_texts(document: YamlValue) -> Iterator[YamlValue]:
    """The texts in a manifest that may be a configuration: entries of a ConfigMap, or of what a chart makes one of."""
    pending = [document]
    while pending:
        value = pending.pop(0)
        if value.text is not None and "\n" in value.text and "ingress:" in value.text:
            yield value
        pending += [*(value.items or ()), *(value.members or {}).values()]


def _tunnel(document: YamlValue, name: str, shown: str, path: str, is_inner: bool = False) -> Iterator[Node]:
    """is_inner: it stands in another document, further to the right than it says."""
    rules = list(_rules(document, shown))
    if rules:
        span = document.keys.get("ingress", document.span)
        where = Location(shown, span.line, span.column, span.line, span.end_column)
        where = Location(shown, span.line) if is_inner else where
        yield tunnel_node(name, where, rules, paths=frozenset({path}), scope=shown)


def _refuse_rules(document: YamlValue) -> None:
    """Raises YamlProblem at the first rule with which cloudflared does not start.

    https://github.com/cloudflare/cloudflared/blob/master/ingress/ingress.go
    """
    rules = document.items_of("ingress")
    for number, item in enumerate(rules, 1):
        is_last, takes_all = item is rules[-1], item.text_of("hostname") in ("", "*") and not item.text_of("path")
        if item.members is None or not item.text_of("service"):
            why = "has no `service`"
        elif is_last and not takes_all:
            why = "is the last, and has to take every request: write `- service: http_status:404` below it"
        elif takes_all and not is_last:
            why = "takes every request, so that the rules below it are never reached"
        else:
            continue
        message = f"cloudflared refuses rule {number} of `ingress`: it {why}"
        raise YamlProblem(message, item.span.line, item.span.column, is_content=True)


def _rules(document: YamlValue, shown: str) -> Iterator[RouteRule]:
    for item in document.items_of("ingress"):
        service = item.text_of("service")
        if service:
            where = Location(shown, item.span.line, item.span.column)
            yield ingress_rule(item.text_of("hostname"), item.text_of("path"), service, where)


def add_services(reading: Reading, project: Project, services: Iterable[ComposeService]) -> None:
    """Add what services of compose that run `cloudflared` say. What the dashboard decides is named as seen."""
    tunnels = {path for node in reading.nodes for path in node.files}
    for service in services:
        shown = project.show(service.path)
        url = _quick_tunnel_url(service)
        if url:
            where = Location(shown, service.line)
            reading.nodes.append(quick_tunnel_node(f"quick tunnel {service.name}", where, url, scope=shown))
        elif not any(service.mounts_file(path) for path in tunnels):
            reading.see("Cloudflare Tunnel that its dashboard sets up", shown)


def _quick_tunnel_url(service: ComposeService) -> str:
    """What a quick tunnel leads to; empty for any other, which has a name or a token."""
    words = [word for part in (*service.entrypoint, *service.command) for word in part.split()]
    options = {word.partition("=")[0] for word in words}
    if options & _NAMED or "TUNNEL_TOKEN" in service.environment:
        return ""
    for word, following in pairwise((*words, "")):
        if word.startswith("--url"):
            return word.partition("=")[2] or following
    given = service.environment.get("TUNNEL_URL")
    return given.text if given is not None else ""
