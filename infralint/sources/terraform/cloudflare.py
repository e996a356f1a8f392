"""Proxied records and tunnels of Terraform's Cloudflare provider as that platform's facts.

https://registry.terraform.io/providers/cloudflare/cloudflare/latest/docs/resources/dns_record
https://registry.terraform.io/providers/cloudflare/cloudflare/latest/docs/resources/zero_trust_tunnel_cloudflared_config
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from infralint.model import Address, Known, Node, Setting, Unknown
from infralint.platforms.cloudflare import READ_TIMEOUT, ingress_rule, record_node, tunnel_node
from infralint.platforms.routing import RouteRule
from infralint.sources.terraform.arguments import argument_of
from infralint.sources.terraform.dialling import NAMED, environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item, ResourceReference, links
from infralint.sources.terraform.values import Hole, Value, plain_number, to_bool

RECORDS = ("cloudflare_record", "cloudflare_dns_record")
TUNNELS = ("cloudflare_tunnel_config", "cloudflare_zero_trust_tunnel_cloudflared_config")
_TUNNEL_KINDS = ("cloudflare_tunnel", "cloudflare_argo_tunnel", "cloudflare_zero_trust_tunnel_cloudflared")
_TYPES = frozenset({"A", "AAAA", "CNAME", None})
_CONTENTS = ("content", "value")


def cloudflare_nodes(graph: Graph) -> Iterator[Node]:
    """The tunnels and the proxied records of a root. A record that only names a host is none, nor one of a tunnel."""
    timeout = _read_timeout(graph)
    for kind in TUNNELS:
        for item in graph.of(kind):
            yield tunnel_node(item.address, item.where, _ingress(graph, item), timeout, **environment_of(graph))
    for kind in RECORDS:
        for item in graph.of(kind):
            proxied = argument_of(item, "proxied", False, to_bool)
            if _names_tunnel(item):
                continue
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


def _names_tunnel(record: Item) -> bool:
    """Whether a record is one of a tunnel, which stands for itself.

    https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/routing-to-tunnel/dns/
    """
    links_of = [link for name in _CONTENTS for link in record.links.get(name, ())]
    named = any(link.address.rpartition(".")[0].rpartition(".")[2] in _TUNNEL_KINDS for link in links_of)
    return named or any(str(record.value(name)).endswith(".cfargotunnel.com") for name in _CONTENTS)


# Ingress rules of tunnels


def _ingress(graph: Graph, item: Item) -> list[RouteRule]:
    """The rules of a tunnel: as blocks, or as an argument since version 5 of the provider."""
    blocks = [rule for config in item.inner("config") for rule in config.inner("ingress_rule")]
    rules = [_ingress_rule(graph, block) for block in blocks]
    raw = item.raw.get("config")
    listed = raw.value.get("ingress") if raw is not None and isinstance(raw.value, Mapping) else None
    for member in listed if isinstance(listed, list) else ():
        if isinstance(member, Mapping):
            rules.append(_rule_of(graph, member, item))
    untold = "its ingress, which can't be told"
    return rules or [RouteRule(doubt=untold, reason=untold, where=item.where)]


def _ingress_rule(graph: Graph, block: Item) -> RouteRule:
    settings = {name: block.get(name) for name in ("hostname", "path", "service")}
    values: dict[str, Value] = {
        name: Hole(setting.why) if isinstance(setting, Unknown) else setting.value
        for name, setting in settings.items()
        if setting is not None
    }
    return _made_rule(graph, values, block, block.links.get("service", []))


def _rule_of(graph: Graph, values: Mapping[str, Value], item: Item) -> RouteRule:
    service = values.get("service")
    return _made_rule(graph, values, item, links(service, item.where) if isinstance(service, Hole) else [])


def _made_rule(graph: Graph, values: Mapping[str, Value], item: Item, leading: list[ResourceReference]) -> RouteRule:
    texts = {name: value if isinstance(value, str) else "" for name, value in values.items()}
    rule = ingress_rule(texts.get("hostname", ""), texts.get("path", ""), texts.get("service", ""), item.where)
    unsure = next((name for name in ("hostname", "path") if isinstance(values.get(name), Hole)), "")
    if unsure:
        rule = replace(rule, doubt=f"its {unsure}, which can't be told")
    target = graph.lead(leading, NAMED) if isinstance(values.get("service"), Hole) else None
    if target is not None:
        return replace(rule, references=(target.address,), reason="")
    if isinstance(values.get("service"), Hole):
        return replace(rule, reason="which service it leads to can't be told")
    return rule
