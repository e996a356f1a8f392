"""Cloudflare Tunnels: configuration files of `cloudflared`, also in ConfigMaps, and the quick tunnels of compose files.

https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/
"""

from __future__ import annotations

from functools import partial

from infralint.model import Reading
from infralint.project import CantRead, Project
from infralint.project.compose import read_compose
from infralint.text.lazy import lazy

_INGRESS = lazy(rb"(?m)^[ \t]*[\"']?ingress[\"']?:[ \t]*(?:#.*)?\r?$")
_SERVICE = lazy(
    rb"(?m)(?:^[ \t]*(?:-[ \t]+)?|[{,][ \t]*)[\"']?service[\"']?:[ \t]*[\"']?(?:[a-z]+://|http_status:|hello_world|unix:)"
)
LARGEST = 1024 * 1024
"""Bytes of such a file."""


def read(project: Project) -> Reading:
    """The tunnels of a project. Where there is none, what works them out is not imported."""
    reading = Reading("cloudflared")
    looks_so = partial(_is_configuration, project)
    paths = project.glance_at_all("cloudflared", project.files_ending("yaml", "yml"), looks_so)
    services = [service for service in read_compose(project).services if service.image_name == "cloudflared"]
    if paths or services:
        from infralint.sources.cloudflared.tunnels import add_services, read_into

        for path in paths:
            read_into(reading, project, path)
        add_services(reading, project, services)
    return reading


def _is_configuration(project: Project, path: str) -> bool:
    """A quick look at the bytes."""
    try:
        content = project.searchable(path, LARGEST)
    except CantRead:
        return False
    return b"ingress" in content and bool(_INGRESS.search(content)) and bool(_SERVICE.search(content))
