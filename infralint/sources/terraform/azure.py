"""Azure's application gateways, container apps and web apps of Terraform as those platforms' facts.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/application_gateway
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/container_app
https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/linux_web_app
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from msgspec.structs import replace

from infralint.model import UNLIMITED, Address, Known, Node, Setting, Unknown, Upgrade, not_applicable
from infralint.platforms import azure_application_gateway as gateway
from infralint.platforms import azure_apps
from infralint.platforms.application_gateway import DEFAULT_TIMEOUT
from infralint.platforms.azure_application_gateway import BackendSettings, GatewayHop
from infralint.platforms.routing import PathKind, RouteRule, RoutingNode, whole_apis
from infralint.sources.terraform.arguments import argument_of, quiet
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import plain_number, to_bool, to_text

WEB_APPS = ("azurerm_linux_web_app", "azurerm_windows_web_app", "azurerm_app_service")
_CONTAINER_APP = "azurerm_container_app"
REACHED = (*WEB_APPS, _CONTAINER_APP)
"""What gateways and Front Door lead to."""


def azure_nodes(graph: Graph) -> Iterator[Node]:
    """What of a root stands on a stream's way in Azure."""
    for item in graph.of("azurerm_application_gateway"):
        if (node := _gateway(graph, item)) is not None:
            yield node
    for item in graph.of(_CONTAINER_APP):
        yield from _container_app(graph, item)
    for kind in WEB_APPS:
        for item in graph.of(kind):
            yield _web_app(graph, item)


# Application gateways


def _gateway(graph: Graph, item: Item) -> RoutingNode | None:
    """A gateway: its rules by host and path, each with the backend settings that it uses."""
    pairs = [*_rules(graph, item)]
    groups: dict[int, list[RouteRule]] = {}
    blocks: dict[int, Item] = {}
    for rule, settings in pairs:
        if settings is not None:
            groups.setdefault(id(settings), []).append(rule)
            blocks[id(settings)] = settings
    if not groups:
        return None
    apis = whole_apis(rule for rule, _ in pairs)
    hops = [_hop(graph, item, blocks[key], rules, apis) for key, rules in groups.items()]
    answered = tuple(rule for rule, settings in pairs if settings is None)
    hops[0] = replace(hops[0], rules=(*hops[0].rules, *answered))
    return RoutingNode(
        name=item.address,
        hops=tuple(hops),
        known_as=frozenset({item.address}),
        environment=graph.environment,
        published=True,
    )


def _hop(graph: Graph, item: Item, block: Item, rules: list[RouteRule], apis: Collection[str]) -> GatewayHop:
    timeout = argument_of(block, "request_timeout", DEFAULT_TIMEOUT, plain_number)
    sticky = argument_of(block, "cookie_based_affinity", False, lambda value: to_text(value).lower() == "enabled")
    buffered = _buffering(item)
    if item.silent:
        timeout, sticky, buffered = quiet(timeout, UNLIMITED), quiet(sticky, True), quiet(buffered, False)
    name = block.value("name")
    settings = BackendSettings(
        name=f"{item.address} {name}" if isinstance(name, str) else item.address,
        where=block.where,
        timeout=timeout,
        buffered=buffered,
        sticky=sticky,
        draining=_draining(block),
    )
    return gateway.gateway_hop(settings, rules, apis, **environment_of(graph))


def _buffering(item: Item) -> Setting[bool]:
    blocks = item.blocks.get("global", [])
    if isinstance(blocks, Unknown):
        return blocks
    for block in blocks:
        return argument_of(block, "response_buffering_enabled", True, to_bool)
    return Known(True, item.where, "response_buffering_enabled", "default", related=item.trail)


def _draining(block: Item) -> Setting[float] | None:
    for draining in block.inner("connection_draining"):
        if draining.value("enabled") is True:
            found: Setting[float] = argument_of(draining, "drain_timeout_sec", 0.0, plain_number)
            return found
    return None


def _rules(graph: Graph, item: Item) -> Iterator[tuple[RouteRule, Item | None]]:
    """What a gateway's routing rules ask for, each with the backend settings that they use; None: it answers itself.

    A rule that only redirects all that comes to its listener stands beside one of the same host that does not.
    """
    for rule in item.inner("request_routing_rule"):
        listener = _find_block(item, "http_listener", rule, "http_listener_name")
        for host in _hosts(listener):
            shape = RouteRule(host, where=rule.where)
            maps = _find_block(item, "url_path_map", rule, "url_path_map_name")
            if maps is not None:
                yield from _of_path_map(graph, item, maps, shape)
            elif rule.get("redirect_configuration_name") is None:
                yield from _follow(graph, item, rule, shape)


def _of_path_map(graph: Graph, item: Item, path_map: Item, shape: RouteRule) -> Iterator[tuple[RouteRule, Item | None]]:
    for rule in path_map.inner("path_rule"):
        paths = rule.value("paths")
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, str):
                kind: PathKind = "prefix" if path.endswith("*") else "exact"
                narrow = replace(shape, path=path.removesuffix("*"), kind=kind, where=rule.where)
                yield from _follow(graph, item, rule, narrow)
    yield from _follow(graph, item, path_map, shape, "default_")


def _follow(
    graph: Graph, item: Item, rule: Item, shape: RouteRule, prefix: str = ""
) -> Iterator[tuple[RouteRule, Item | None]]:
    if rule.get(f"{prefix}redirect_configuration_name") is not None:
        words = "a redirect"
        yield replace(shape, answer=Known(words, rule.where, "redirect configuration", "explicit", words)), None
        return
    settings = _find_block(item, "backend_http_settings", rule, f"{prefix}backend_http_settings_name")
    pool = _find_block(item, "backend_address_pool", rule, f"{prefix}backend_address_pool_name")
    if settings is not None:
        yield replace(shape, **_behind(graph, item, pool, settings)), settings


def _find_block(item: Item, kind: str, rule: Item, argument: str) -> Item | None:
    """The block of a gateway that an argument names, by its value or by the words that stand for it."""
    wanted = rule.get(argument)
    if wanted is None or (isinstance(wanted, Known) and wanted.value is None):
        return None
    blocks = item.inner(kind)
    found = [block for block in blocks if _identity(block.get("name")) == _identity(wanted)]
    return found[0] if found else blocks[0] if len(blocks) == 1 else None


def _identity(setting: Setting[Any] | None) -> str:
    if isinstance(setting, Unknown):
        return setting.name.partition("=")[2].strip()
    return str(setting.value) if setting is not None else ""


def _hosts(listener: Item | None) -> list[str]:
    if listener is None:
        return [""]
    names = listener.value("host_names")
    found = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    single = listener.value("host_name")
    return found or ([single] if isinstance(single, str) and single else [""])


def _behind(graph: Graph, item: Item, pool: Item | None, settings: Item) -> dict[str, Any]:
    """Where the servers of a pool are dialled; apps of this root by reference."""
    if pool is None:
        return {"reason": "its backend pool is not in this configuration"}
    apps = [target.address for kind in REACHED for target in graph.follow(pool, "fqdns", kind)]
    if apps:
        return {"references": tuple(dict.fromkeys(apps))}
    port = settings.value("port")
    hosts = [
        host for name in ("fqdns", "ip_addresses") for host in pool.value(name) or () if isinstance(host, str) and host
    ]
    number = int(port) if isinstance(port, int | float) else None
    if hosts:
        return {"targets": tuple(Address(host, number) for host in hosts)}
    return {"references": (f"the backend pool of {item.address}",)}


# Apps


def _container_app(graph: Graph, item: Item) -> Iterator[Node]:
    """A container app that has an ingress for HTTP."""
    for ingress in item.inner("ingress"):
        if ingress.value("transport") != "tcp":
            most: Setting[int] = Known(azure_apps.MOST_REPLICAS, item.where, "max_replicas", "default")
            for template in item.inner("template"):
                most = argument_of(template, "max_replicas", azure_apps.MOST_REPLICAS, plain_number)
            most = quiet(most, 1) if item.silent else most
            names = _names(item)
            yield azure_apps.container_app_node(
                item.address, item.where, most, names, item.trail, **environment_of(graph)
            )


def _web_app(graph: Graph, item: Item) -> Node:
    affinity = argument_of(item, "client_affinity_enabled", False, to_bool)
    affinity = _on_one_instance(graph, item, affinity)
    upgrade = _upgrade(item)
    if item.silent:
        affinity, upgrade = quiet(affinity, True), quiet(upgrade, "forwarded")
    return azure_apps.app_service_node(
        item.address, item.where, affinity, upgrade, _names(item), item.trail, **environment_of(graph)
    )


def _on_one_instance(graph: Graph, item: Item, affinity: Setting[bool]) -> Setting[bool]:
    """A plan of this root with one worker has no other instance to lose a client to."""
    for plan in graph.follow(item, "service_plan_id", "azurerm_service_plan"):
        workers = argument_of(plan, "worker_count", 1, plain_number)
        if isinstance(workers, Known) and workers.value == 1:
            return Known(True, workers.where, "worker_count", workers.origin, workers.written)
    return affinity


def _upgrade(item: Item) -> Setting[Upgrade]:
    """Only Windows asks whether WebSockets are wanted; the older resource stands for either.

    https://learn.microsoft.com/en-us/troubleshoot/azure/app-service/faqs-app-service-linux
    """
    configs = item.inner("site_config")
    if item.type == "azurerm_linux_web_app" or any(config.get("linux_fx_version") for config in configs):
        return not_applicable("forwarded", item.where)
    enabled: Setting[bool] = Known(False, item.where, "websockets_enabled", "default", related=item.trail)
    for config in configs:
        enabled = argument_of(config, "websockets_enabled", False, to_bool)
    if item.type == "azurerm_app_service" and isinstance(enabled, Known) and not enabled.written:
        why = (
            "nothing says whether it runs on Linux, where WebSockets pass, or on Windows, where they have to be enabled"
        )
        return Unknown(item.where, "websockets_enabled", why, "write websockets_enabled = true in site_config")
    return azure_apps.windows_upgrade(enabled)


def _names(item: Item) -> tuple[str, ...]:
    """What others dial an app by."""
    return (item.address, f"{item.address}.default_hostname", f"{item.address}.ingress[0].fqdn")
