"""Proxies that compose files run, by their images, unless the routes that containers ask them for are read."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.project import Project
from infralint.project.compose import ComposeService, is_routed, read_compose

IMAGES = {
    "apisix": "APISIX",
    "caddy": "Caddy",
    "caddy-docker-proxy": "caddy-docker-proxy",
    "envoy": "Envoy",
    "haproxy": "HAProxy",
    "httpd": "Apache",
    "kong": "Kong",
    "krakend": "KrakenD",
    "nginx-proxy": "nginx-proxy",
    "nginx-proxy-manager": "Nginx Proxy Manager",
    "traefik": "Traefik",
    "varnish": "Varnish",
}
"""Last part of an image's name -> what it is called."""


def kinds_of_services(project: Project) -> Iterator[tuple[str, str]]:
    """What the services of a project's compose files say of proxies that are not read, with the file that says it."""
    services = read_compose(project).services
    routed = {kind for service in services if is_routed(service) for kind in _routers_of(service)}
    for service in services:
        yield from ((kind, service.path) for kind in _kinds_of(service) if kind not in routed)


def _kinds_of(service: ComposeService) -> Iterator[str]:
    if service.image_name in IMAGES:
        yield IMAGES[service.image_name]
    if any(label.startswith("traefik.tcp.") for label in service.labels):
        yield "Traefik's TCP routes"


def _routers_of(service: ComposeService) -> Iterator[str]:
    """The proxies whose routes for a service are read."""
    if any(label.lower().startswith("traefik.http.routers.") for label in service.labels):
        yield "Traefik"
    if any(label == "caddy" or label.startswith(("caddy.", "caddy_")) for label in service.labels):
        yield "caddy-docker-proxy"
    if "VIRTUAL_HOST" in service.environment:
        yield "nginx-proxy"
