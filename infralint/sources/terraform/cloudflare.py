"""Proxied records of Terraform's Cloudflare provider as that platform's facts.

https://registry.terraform.io/providers/cloudflare/cloudflare/latest/docs/resources/dns_record
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint.model import Address, Known, Node, Setting, Unknown
from infralint.platforms.cloudflare import READ_TIMEOUT, record_node
from infralint.platforms.routing import RouteRule
from infralint.sources.terraform.arguments import argument_of
from infralint.sources.terraform.dialling import NAMED, environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import plain_number, to_bool

RECORDS = ("cloudflare_record", "cloudflare_dns_record")
_TYPES = frozenset({"A", "AAAA", "CNAME", None})
_CONTENTS = ("content", "value")


def cloudflare_nodes(graph: Graph) -> Iterator[Node]:
    """The proxied records of a root. Those that only name a host are none."""
    timeout = _read_timeout(graph)
    for kind in RECORDS:
        for item in graph.of(kind):
            proxied = argument_of(item, "proxied", False, to_bool)
            if item.value("type") in _TYPES and not (isinstance(proxied, Known) and not proxied.value):
                limit = proxied if isinstance(proxied, Unknown) else timeout
                if not (item.silent and isinstance(proxied, Unknown)):
                    yield record_node(item.address, item.where, limit, _rule(graph, item), **environment_of(graph))


def _read_timeout(graph: Graph) -> Setting[float] | None:
    """What a setting of the zone says.

    https://registry.terraform.io/providers/cloudflare/cloudflare/latest/docs/resources/zone_setting
    """
    for item in graph.of("cloudflare_zone_setting"):
        if item.value("setting_id") == "proxy_read_timeout":
            found: Setting[float] = argument_of(item, "value", READ_TIMEOUT, plain_number)
            return found
    return None


def _rule(graph: Graph, item: Item) -> RouteRule:
    """The host that a record is for, and where it leads. A name need not say its zone, which is not known here."""
    name = item.value("name")
    is_whole = isinstance(name, str) and "." in name
    doubt = "" if is_whole or name == "@" else "the zone that its name belongs to"
    return RouteRule(name.lower() if isinstance(name, str) and is_whole else "", doubt=doubt, **_target(graph, item))


def _target(graph: Graph, item: Item) -> dict[str, Any]:
    links = [link for name in _CONTENTS for link in item.links.get(name, ())]
    target = graph.lead(links, NAMED)
    if target is not None:
        return {"references": (target.address,), "where": item.where}
    addresses = tuple(link.address for link in links if link.address)
    if addresses:
        return {"references": addresses, "where": item.where}
    content = next((item.value(name) for name in _CONTENTS if isinstance(item.value(name), str)), "")
    if content and item.value("type") == "CNAME":
        return {"targets": (Address(content),), "where": item.where}
    return {"references": (f"the origin of {item.address}",), "where": item.where}
