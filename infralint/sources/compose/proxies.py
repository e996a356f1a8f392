"""Proxies that are set up by what containers say of themselves: Traefik, nginx-proxy and caddy-docker-proxy.

https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/,
https://github.com/nginx-proxy/nginx-proxy/tree/main/docs, https://github.com/lucaslorentz/caddy-docker-proxy
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    SAME_PATH,
    UNLIMITED,
    WEBSOCKET,
    Address,
    Clock,
    Known,
    Location,
    PathMap,
    PrefixMap,
    Service,
    Setting,
    Unfollowed,
    Unknown,
    not_applicable,
    silence_clocks,
)
from infralint.platforms import nginx, nginx_proxy
from infralint.platforms.caddy import CaddyRoute
from infralint.platforms.ingress_nginx import snippet_lines
from infralint.platforms.nginx import Line
from infralint.platforms.nginx_proxy import Directives, directives_by_name
from infralint.platforms.routing import (
    PathKind,
    RoutedHop,
    RouteRule,
    RoutingNode,
    are_general,
    few_hosts,
    hosts_of,
    plain_path,
    whole_apis,
)
from infralint.platforms.traefik import (
    ARGUMENT,
    CompressMiddleware,
    TraefikRoute,
    Version,
    argument_clocks,
    buffered_by,
    duration_seconds,
    follow_chains,
    parse_rule,
    refused_rule,
    version_of,
)
from infralint.project import CantRead, Project
from infralint.project.compose import ComposeService, ComposeText
from infralint.project.variables import fill
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number

_ROUTER = lazy(r"traefik\.http\.routers\.([^.]+)\.rule", re.IGNORECASE)
_SITE = lazy(r"caddy(?:_\d+)?")
_UPSTREAMS = lazy(r"(?:(\S+)\s+)?\{\{\s*upstreams(?:\s+[a-z]\w*)?(?:\s+(\d+))?\s*\}\}")
_LOADBALANCE = "com.github.nginx-proxy.nginx-proxy.loadbalance"


class ContainerProxy(RoutingNode, kw_only=True, eq=False):
    """A proxy that finds its routes at the containers around it."""

    platform: ClassVar[str] = "compose"


class Container(msgspec.Struct, frozen=True, dict=True):
    """A compose service beside what the topology knows of it."""

    compose: ComposeService
    service: Service
    shown: str

    def place(self, text: ComposeText) -> Location:
        return Location(self.shown, text.line)

    @cached_property
    def _labels(self) -> Mapping[str, ComposeText]:
        """Its labels by their names in small letters; of two that differ in case alone the first."""
        return {key.lower(): text for key, text in reversed([*self.compose.labels.items()])}

    def label(self, name: str) -> ComposeText | None:
        """A label, in whatever case it is written."""
        return self._labels.get(name.lower())

    @cached_property
    def sticky_labels(self) -> Sequence[tuple[str, ComposeText]]:
        """Its labels that keep clients on one server, of whichever service of Traefik's."""
        return [(key, text) for key, text in self.compose.labels.items() if ".loadbalancer.sticky" in key.lower()]

    @cached_property
    def only_service(self) -> str:
        """Traefik's only service that it defines, which its routers use without naming it."""
        found = {key.split(".")[3] for key in self.compose.labels if key.lower().startswith("traefik.http.services.")}
        return found.pop() if len(found) == 1 else ""

    def address(self, port: str) -> Address:
        """Where it is dialled. port: as somebody says; else the lowest of its own."""
        ports = [number for number in self.service.ports if number]
        number = whole_number(port) if port.isascii() and port.isdecimal() else min(ports, default=None)
        return Address(self.compose.name, number)


def proxy_nodes(
    project: Project, services: Sequence[ComposeService], records: Sequence[Service], unfollowed: list[Unfollowed]
) -> Iterator[ContainerProxy]:
    """A node for each kind of proxy that the containers of a compose project ask for.

    unfollowed: gets what they ask for beyond what is read.
    """
    groups: dict[str, list[Container]] = {}
    for compose, service in zip(services, records, strict=True):
        groups.setdefault(compose.group, []).append(Container(compose, service, project.show(compose.path)))
    everywhere = [container for containers in groups.values() for container in containers]
    clocks = tuple(argument_clocks(_arguments(everywhere)))
    version = _traefik_version(everywhere)
    elsewhere = [container for container in everywhere if _is_nginx_proxy(container)]
    for containers in groups.values():
        hops = {
            "Traefik": _traefik_hops(containers, clocks, version),
            "nginx-proxy": _virtual_hosts(project, containers, elsewhere, unfollowed),
            "Caddy": _caddy_hops(containers),
        }
        for name in hops:
            yield from _node(name, containers, everywhere, hops[name])


_IMAGES = {"Traefik": "traefik", "nginx-proxy": "nginx-proxy", "Caddy": "caddy-docker-proxy"}


def _node(
    name: str, containers: Sequence[Container], everywhere: Sequence[Container], hops: Iterable[RoutedHop]
) -> Iterator[ContainerProxy]:
    """everywhere: the containers of all compose projects, one of which runs the proxy where none beside these does."""
    found = tuple(hops)
    if found:
        proxies = [container for container in containers if container.compose.image_name == _IMAGES[name]]
        if not proxies:
            proxies = [container for container in everywhere if container.compose.image_name == _IMAGES[name]]
        yield ContainerProxy(
            runs_at=frozenset(proxy.service.where for proxy in proxies) if len(proxies) == 1 else frozenset(),
            name=name,
            hops=found,
            known_as=frozenset(host for hop in found for host in hop.hosts if "*" not in host),
            published=True,
            files=frozenset(container.compose.path for container in containers),
        )


def _without_remarks(text: str) -> str:
    """A text whose variables say no more than their names: `${HOST:?must be set}` is `${HOST}`."""
    return re.sub(r"\$\{(\w+):?\?[^}]{0,500}\}", r"${\1}", text)


def _common(container: Container, name: str, where: Location, rules: Sequence[RouteRule]) -> dict[str, Any]:
    """What hops towards a container have in common."""
    return {
        "name": name,
        "where": where,
        "buffers_responses": not_applicable("never", where),
        "forwards_upgrade": Known("forwarded", where, "", "default"),
        "keeps_affinity": Known("single", where, "", "default"),
        "runtime": not_applicable("", where),
        "hosts": hosts_of(rules),
        "paths": tuple(dict.fromkeys(plain_path(rule) or "/" for rule in rules)),
        "upstream": container.compose.name,
        "scope": f"{container.compose.group} {name}",
        "files": frozenset({container.compose.path}),
        "rules": tuple(rules),
        "assumable": are_general(rules, whole_apis(rules)),
    }


# Traefik


def _traefik_hops(
    containers: Sequence[Container], clocks: tuple[Clock, ...], version: Version
) -> Iterator[TraefikRoute]:
    middlewares = Middlewares(containers)
    for container in containers:
        enabled = container.label("traefik.enable")
        if enabled is not None and enabled.text.lower() == "false":
            continue
        for key, rule in container.compose.labels.items():
            router = _ROUTER.fullmatch(key)
            if router is not None:
                yield _traefik_hop(container, router[1], rule, middlewares, clocks, version)


def _arguments(containers: Iterable[Container]) -> Iterator[Known[str]]:
    """The arguments of all containers, each by its name in small letters: those of Traefik are known by their names."""
    for container in containers:
        for text in (*container.compose.entrypoint, *container.compose.command):
            found = ARGUMENT.fullmatch(text)
            if found is not None:
                yield Known(found[2], container.service.where, found[1].lower(), written=text)


def _traefik_version(containers: Iterable[Container]) -> Version:
    """Which Traefik runs here; () where that can't be told."""
    versions = {version_of(container.service.image) for container in containers} - {()}
    return versions.pop() if len(versions) == 1 else ()


def _traefik_hop(
    container: Container,
    router: str,
    written: ComposeText,
    middlewares: Middlewares,
    clocks: tuple[Clock, ...],
    version: Version,
) -> TraefikRoute:
    named = container.label(f"traefik.http.routers.{router}.service")
    service = named.text.partition("@")[0] if named is not None else container.only_service or router
    prefix = f"traefik.http.services.{service}.loadbalancer"
    port = container.label(f"{prefix}.server.port")
    listed = container.label(f"traefik.http.routers.{router}.middlewares")
    named_by_router = _middleware_names(listed.text if listed is not None else "")
    options = middlewares.options_of(named_by_router)
    rule = parse_rule(_without_remarks(written.text))
    where = container.place(written)
    target = (container.address(port.text if port is not None else ""),)
    paths = _path_map(options)
    rules = [
        RouteRule(host, path, kind, rule.doubt, target, "", paths, where=where)
        for host in rule.hosts
        for path, kind in rule.paths
    ]
    fields = _common(container, f"router {router}", where, rules)
    for option in options:
        if option.name.partition(".")[0] == "buffering":
            written_there = f"{option.middleware}.{option.name}={option.text.text}"
            fields["buffers_responses"] = buffered_by(option.owner.place(option.text), option.middleware, written_there)
    for key, text in container.sticky_labels:
        if key.lower().startswith(f"{prefix.lower()}.sticky") and text.text.lower() != "false":
            fields["keeps_affinity"] = Known("client", container.place(text), "sticky", written=f"{key}={text.text}")
    compress = _compress(options, version)
    return TraefikRoute(
        **fields,
        refusal=refused_rule(_without_remarks(written.text), where),
        clocks=clocks,
        sticky=f"{prefix}.sticky.cookie=true  # a label of {container.compose.name}",
        compress=compress,
        excluding=f"traefik.http.middlewares.{compress.name if compress else router}{_EXCLUDED}=text/event-stream",
    )


_EXCLUDED = ".compress.excludedcontenttypes"


def _compress(options: Sequence[MiddlewareOption], version: Version) -> CompressMiddleware | None:
    """The middleware that compresses, if one does."""
    for option in options:
        name, text = option.middleware, option.text
        if option.name.partition(".")[0] == "compress" and (option.name != "compress" or text.text.lower() != "false"):
            listed = {other.name: other.text.text for other in options if other.middleware == name}
            return CompressMiddleware(
                name=name,
                where=option.owner.place(text),
                written=f"{name}.{option.name}={text.text}",
                excluded=_content_types(listed.get("compress.excludedcontenttypes", "")),
                included=_content_types(listed.get("compress.includedcontenttypes", "")),
                version=version,
            )
    return None


def _content_types(listed: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in listed.split(",") if name.strip())


def _middleware_names(written: str) -> list[str]:
    """Names of `limit@docker, cut`, without the providers that they name."""
    return [name.strip().partition("@")[0] for name in written.split(",")]


class MiddlewareOption(msgspec.Struct, frozen=True):
    """What a label sets of a middleware. rank: in which order labels and containers say it."""

    rank: int
    middleware: str
    name: str
    text: ComposeText
    owner: Container


class Middlewares:
    """What the middlewares of a compose project are set to, whichever container says it."""

    def __init__(self, containers: Iterable[Container]) -> None:
        self._options: dict[str, list[MiddlewareOption]] = {}
        self._chains: dict[str, list[str]] = {}
        labels = ((container, *label) for container in containers for label in container.compose.labels.items())
        for rank, (container, key, text) in enumerate(labels):
            parts = key.split(".")
            if [part.lower() for part in parts[:3]] == ["traefik", "http", "middlewares"] and len(parts) > 4:
                option = MiddlewareOption(rank, parts[3], ".".join(parts[4:]).lower(), text, container)
                self._options.setdefault(option.middleware, []).append(option)
                if option.name == "chain.middlewares":
                    self._chains.setdefault(parts[3].lower(), []).extend(_middleware_names(text.text))

    def options_of(self, names: Sequence[str]) -> list[MiddlewareOption]:
        """What the middlewares of these names, and those that chains among them name, are set to."""
        used = follow_chains(names, lambda name: self._chains.get(name.lower(), ()))
        found = (option for name in used for option in self._options.get(name, ()))
        return sorted(found, key=lambda option: option.rank)


def _path_map(options: Iterable[MiddlewareOption]) -> PathMap:
    for option in options:
        if option.name == "stripprefix.prefixes":
            return PrefixMap(option.text.text.partition(",")[0].rstrip("/"), "")
        if option.name == "addprefix.prefix":
            return PrefixMap("", option.text.text.rstrip("/"))
    return SAME_PATH


# nginx-proxy

MOST_HOSTS = 2_000
"""Hosts that the containers of a compose project may ask nginx-proxy for; more are named as not read."""


def _virtual_hosts(
    project: Project, containers: Sequence[Container], elsewhere: Sequence[Container], unfollowed: list[Unfollowed]
) -> Iterator[nginx_proxy.VirtualHost]:
    """elsewhere: the nginx-proxies of all compose projects, one of which serves where none runs beside the containers.

    https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#virtual-hosts-and-ports
    """
    proxies = [found for found in containers if _is_nginx_proxy(found)] or elsewhere
    proxy = proxies[0] if len(proxies) == 1 else None
    files = _MountedFiles(project, proxy)
    left = MOST_HOSTS
    for container in containers:
        given = container.compose.environment.get("VIRTUAL_HOST")
        if given is None or _is_nginx_proxy(container):
            continue
        named = (host.strip() for host in _without_remarks(fill(given.text, {})).split(","))
        hosts = [host for host in named if host]
        for host in hosts[:left]:
            yield _virtual_host(container, host, given, proxy, files)
        if len(hosts) > left:
            why = f"of its {len(hosts)} hosts only {left} are read: no more than {MOST_HOSTS} of a compose project are"
            unfollowed.append(Unfollowed(container.place(given), why))
        left -= len(hosts[:left])


def _is_nginx_proxy(container: Container) -> bool:
    image = container.service.image.partition("@")[0].partition(":")[0]
    return image.rpartition("/")[2] == "nginx-proxy"


class _MountedFiles:
    """What the files say that the project mounts into nginx-proxy."""

    def __init__(self, project: Project, proxy: Container | None) -> None:
        self.project = project
        self.sources: dict[str, str] = {}
        """The file or folder of the project that is mounted at a path: Docker takes one for each."""
        for mount in proxy.compose.mounts if proxy is not None else ():
            self.sources.setdefault(posixpath.normpath(mount.target), mount.source)
        self._read: dict[str, Sequence[Line]] = {}

    def lines(self, *names: str) -> Directives:
        """The directives of the first of some files that is there, each with its line. names: as nginx-proxy sees them."""
        for name in names:
            for folder in _upwards(posixpath.normpath(name)):
                if (source := self.sources.get(folder)) is None:
                    continue
                path = posixpath.normpath(posixpath.join(source, posixpath.relpath(name, folder)))
                if path in self.project.file_set:
                    return directives_by_name(self._directives(path))
        return {}

    def is_there(self, name: str) -> bool:
        return name in self.sources

    @cached_property
    def for_every_host(self) -> Directives:
        """The directives of `proxy.conf`, and of the files that are mounted into `conf.d`."""
        found = [line for lines in self.lines("/etc/nginx/proxy.conf").values() for line in lines]
        for target, source in self.sources.items():
            if posixpath.dirname(target) == "/etc/nginx/conf.d" and source in self.project.file_set:
                found += self._directives(source)
            elif target == "/etc/nginx/conf.d":
                inside = (path for path in self.project.files if posixpath.dirname(path) == source)
                found += [line for path in inside if path.endswith(".conf") for line in self._directives(path)]
        return directives_by_name(found)

    def _directives(self, path: str) -> Sequence[Line]:
        if path not in self._read:
            self._read[path] = self._read_directives(path)
        return self._read[path]

    def _read_directives(self, path: str) -> list[Line]:
        try:
            text = self.project.text(path)
        except CantRead:
            return []
        shown = self.project.show(path)
        places: dict[str, list[int]] = {}
        for place in _LINE_START.finditer(text):
            places.setdefault(place[1], []).append(place.end())
        found, at, number = [], 0, 1
        for line in snippet_lines(Known(text, Location(shown), "")):
            ends = places.get(line.name, [])
            index = bisect_right(ends, at)
            if index < len(ends):
                number += text.count("\n", at, ends[index])
                at = ends[index]
            found.append(replace(line, where=Location(shown, number)))
        return found


_LINE_START = lazy(r"^[ \t]*([a-z_]+)[ \t]", re.MULTILINE)


def _upwards(path: str) -> Iterator[str]:
    """A path and the folders that it lies in, the nearest first."""
    yield path
    while path not in ("/", ""):
        path = posixpath.dirname(path)
        yield path


def _virtual_host(
    container: Container, host: str, written: ComposeText, proxy: Container | None, files: _MountedFiles
) -> nginx_proxy.VirtualHost:
    where = container.place(written)
    folder = "/etc/nginx/vhost.d"
    settings = nginx_proxy.GeneratedSettings(
        where,
        files.lines(f"{folder}/{host}_location", f"{folder}/default_location"),
        files.lines(f"{folder}/{host}", f"{folder}/default"),
        files.for_every_host,
        nginx_proxy.buffers_by_default(proxy.service.image) if proxy is not None else None,
    )
    facts = nginx_proxy.facts_of(settings)
    port = _variable(container, "VIRTUAL_PORT") or ("" if len(container.service.ports) == 1 else "80")
    path = _variable(container, "VIRTUAL_PATH") or "/"
    destination = _variable(container, "VIRTUAL_DEST")
    kind: PathKind = "prefix"
    is_pattern = host.startswith("~")
    rule = RouteRule(
        "" if is_pattern else host,
        path,
        kind,
        f"the host has to fit `{host}`" if is_pattern else "",
        (container.address(port),),
        paths=PrefixMap(path, destination) if destination else SAME_PATH,
        where=where,
    )
    name = f"{host}{'' if path == '/' else path}"
    fields = _common(container, f"virtual host {name}", where, [rule])
    fields |= {
        "buffers_responses": nginx.buffering_of(facts),
        "forwards_upgrade": nginx_proxy.upgrade_of(facts, files.is_there("/etc/nginx/proxy.conf")),
        "keeps_affinity": _affinity(container, where),
    }
    return nginx_proxy.VirtualHost(
        **fields,
        facts=facts,
        clocks=nginx.clocks(facts),
        http=facts.http_version,
        file=f"a file {folder}/{host}_location of nginx-proxy",
    )


def _variable(container: Container, name: str) -> str:
    text = container.compose.environment.get(name)
    return fill(text.text, {}).strip() if text is not None else ""


def _affinity(container: Container, where: Location) -> Setting[Any]:
    """What the label for its upstream says: https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#upstream-server-http-load-balancing-support"""
    text = container.label(_LOADBALANCE)
    if text is None:
        return Known("single", where, _LOADBALANCE, "default")
    method, _, key = text.text.strip().rstrip(";").partition(" ")
    line = Known((key,), container.place(text), method, written=text.text)
    if method in ("ip_hash", "hash", "sticky"):
        return nginx.affinity_by(line, False)
    return Known("none", line.where, method, written=text.text)


# Caddy


def _caddy_hops(containers: Sequence[Container]) -> Iterator[CaddyRoute]:
    for container in containers:
        proxied: dict[str, list[tuple[str, ComposeText, re.Match[str]]]] = {}
        for key, text in container.compose.labels.items():
            site, _, inside = key.partition(".")
            if _SITE.fullmatch(site) and _directive(inside.rpartition(".")[2]) == "reverse_proxy":
                found = _UPSTREAMS.fullmatch(text.text.strip())
                if found is not None:
                    proxied.setdefault(site, []).append((key, text, found))
        for site, hosts in container.compose.labels.items():
            if site in proxied and hosts.text and not hosts.text.startswith("("):
                yield from _caddy_site(container, site, hosts, proxied[site])


def _caddy_site(
    container: Container, site: str, hosts: ComposeText, upstreams: Sequence[tuple[str, ComposeText, re.Match[str]]]
) -> Iterator[CaddyRoute]:
    """The upstreams of a site: `caddy.reverse_proxy: "{{upstreams 8000}}"`, also within `handle` and `handle_path`."""
    names = [_host_of(host) for host in re.split(r"[,\s]+", _without_remarks(hosts.text)) if host]
    named, which = few_hosts(names, len(upstreams), f"the label {site}")
    labels = container.compose.labels
    for key, text, found in upstreams:
        inside = key.removeprefix(f"{site}.").split(".")
        outer = ".".join(inside[:-1])
        matcher = labels.get(f"{site}.{outer}") if outer else None
        asked = found[1] or (matcher.text if matcher is not None else "")
        where = container.place(text)
        doubt = f"it depends on `{asked}`" if asked and not asked.startswith("/") else ""
        path = asked.rstrip("*") if asked and not doubt else "/"
        kind: PathKind = "exact" if asked and not doubt and not asked.endswith("*") else "prefix"
        doubt = doubt or which
        paths = PrefixMap(path.rstrip("/"), "") if _directive(inside[0]) == "handle_path" else SAME_PATH
        target = container.address(found[2] or "")
        rules = [RouteRule(name, path, kind, doubt, (target,), "", paths, where=where) for name in named]
        fields = _common(container, f"site {next(iter(names), hosts.text)}", where, rules)
        fields |= _response_buffers(container, key)
        delay = _caddy_time(container, key, "stream_close_delay")
        if delay is None:
            delay = Known(0.0, where, "stream_close_delay", "default")
        yield CaddyRoute(**fields, clocks=tuple(_caddy_clocks(container, key)), close_delay=delay)


def _directive(name: str) -> str:
    """The directive of a part of a label, whose number only keeps labels apart: `0_reverse_proxy`, `handle_1`."""
    return re.sub(r"^\d+_|_\d+$", "", name)


def _host_of(text: str) -> str:
    """The host of a site's address; empty for one that takes every host."""
    host = re.sub(r"^[a-z]+://", "", text).partition("/")[0]
    return "" if host.startswith(":") else host.partition(":")[0]


def _response_buffers(container: Container, key: str) -> dict[str, Any]:
    """https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#response_buffers"""
    text = container.compose.labels.get(f"{key}.response_buffers")
    if text is None or text.text.strip() in ("0", ""):
        return {}
    written = f"response_buffers {text.text}"
    because = f"with `{written}` Caddy collects an answer before it passes any of it on"
    return {
        "buffers_responses": Known(
            "always", container.place(text), "response_buffers", written=written, because=because
        )
    }


def _caddy_clocks(container: Container, key: str) -> Iterator[Clock]:
    """https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#the-http-transport"""
    read, header = (
        _caddy_time(container, f"{key}.transport", f"{name}_timeout") for name in ("read", "response_header")
    )
    if read is not None:
        yield from silence_clocks(_or_unlimited(read))
    if header is not None:
        yield silence_clocks(_or_unlimited(header))[0]
    whole = _caddy_time(container, key, "stream_timeout")
    if whole is not None:
        yield Clock("connection", _or_unlimited(whole), WEBSOCKET, "reset")


def _caddy_time(container: Container, key: str, name: str) -> Setting[float] | None:
    """The seconds that a label sets; None where it is not there."""
    text = container.compose.labels.get(f"{key}.{name}")
    if text is None:
        return None
    where, seconds = container.place(text), duration_seconds(text.text)
    if seconds is None:
        return Unknown(where, name, f"`{text.text}` is no duration")
    return Known(seconds, where, name, written=f"{name} {text.text}")


def _or_unlimited(limit: Setting[float]) -> Setting[float]:
    """A timeout of which 0 is none."""
    return limit if isinstance(limit, Unknown) or limit.value else limit.with_value(UNLIMITED)
