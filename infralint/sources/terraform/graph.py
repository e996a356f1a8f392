"""The resources of one root, by address and type, and how they refer to one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from infralint.sources.terraform.items import Item, ResourceReference

_IDENTITIES = ("arn", "id", "name", "dns_name", "function_name")
"""What one resource calls another by."""

_ZONES = ("aws_route53_zone", "data.aws_route53_zone")
_FURTHER = {
    "aws_api_gateway_deployment": (("", "rest_api_id"),),
    "aws_api_gateway_stage": (("", "rest_api_id"),),
    "aws_apigatewayv2_stage": (("", "api_id"),),
    "aws_cloudfront_vpc_origin": (("vpc_origin_endpoint_config", "arn"),),
    "aws_lambda_alias": (("", "function_name"),),
    "aws_route53_record": (("alias", "name"), ("", "records")),
}
"""Types that only lead to another resource -> the blocks and the arguments that say to which."""


class Graph(msgspec.Struct):
    """The items of one root by address and type. files: those with its values, as shown."""

    items: Sequence[Item]
    scope: str
    environment: str = ""
    files: frozenset[str] = frozenset()
    by_address: dict[str, Item] = {}
    by_type: dict[str, list[Item]] = {}
    by_identity: dict[str, dict[str, Item]] = {}
    referrers: dict[tuple[str, str, str, str], dict[str, list[Item]]] = {}

    def __post_init__(self) -> None:
        for item in self.items:
            self.by_address[item.address] = item
            self.by_type.setdefault(item.type, []).append(item)

    def of(self, kind: str) -> list[Item]:
        return self.by_type.get(kind, [])

    def follow(self, item: Item, name: str, kind: str) -> list[Item]:
        """The items of a type that an argument refers to, by reference or by a name that stands there."""
        targets = (self._linked_item(link, kind) for link in item.links.get(name, ()))
        return list({id(target): target for target in targets if target is not None}.values())

    def lead(self, links: Iterable[ResourceReference], kinds: frozenset[str]) -> Item | None:
        """The first item of one of these types that references lead to, also through a record, a stage or an alias."""
        pending = list(links)
        for _ in range(len(pending) + 4):
            if not pending:
                return None
            link = pending.pop(0)
            for target in self._targets(link, kinds | _FURTHER.keys()):
                if target.type in kinds:
                    return target
                pending += _further_links(target)
        return None

    def aliases_of(self, kinds: frozenset[str]) -> Iterator[tuple[str, Item]]:
        """The names of DNS records, each with the item of one of these types that it leads to."""
        for record in self.of("aws_route53_record"):
            name = self.name_of_record(record)
            target = self.lead(_further_links(record), kinds) if name else None
            if target is not None:
                yield name, target

    def name_of_record(self, record: Item) -> str:
        """The whole name of a DNS record, which need not say its zone; empty where it is not known.

        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route53_record#name-1
        """
        name = record.value("name")
        if not isinstance(name, str):
            return ""
        zones = [zone for kind in _ZONES for zone in self.follow(record, "zone_id", kind)]
        zone = zones[0].value("name") if zones else None
        name, zone = name.rstrip(".").lower(), zone.rstrip(".").lower() if isinstance(zone, str) else ""
        return name if not zone or f".{name}".endswith(f".{zone}") else f"{name}.{zone}".lstrip(".")

    def _targets(self, link: ResourceReference, kinds: Iterable[str]) -> Iterator[Item]:
        if link.address:
            target = self.by_address.get(link.address)
            yield from [target] if target is not None and target.type in kinds else []
            return
        found = (self._linked_item(link, kind) for kind in kinds)
        yield from (target for target in found if target is not None)

    def referring(self, kind: str, name: str, target: Item, block: str = "") -> list[Item]:
        """The items of a type whose argument refers to another item. block: the nested block that the argument is in."""
        key = (kind, block, name, target.type)
        if key not in self.referrers:
            found: dict[str, dict[int, Item]] = {}
            for item in self.of(kind):
                for place in item.inner(block) if block else [item]:
                    for referred in self.follow(place, name, target.type):
                        found.setdefault(referred.address, {})[id(item)] = item
            self.referrers[key] = {address: list(items.values()) for address, items in found.items()}
        return self.referrers[key].get(target.address, [])

    def _linked_item(self, link: ResourceReference, kind: str) -> Item | None:
        if link.address:
            target = self.by_address.get(f"{link.address}|{link.path}") or self.by_address.get(link.address)
            return target if target is not None and target.type == kind else None
        return self._items_by_identity(kind).get(link.text) if link.text else None

    def _items_by_identity(self, kind: str) -> dict[str, Item]:
        """The items of a type by what others call them; of two with one name, the first."""
        if kind not in self.by_identity:
            found: dict[str, Item] = {}
            for item in self.of(kind):
                for identity in map(item.value, _IDENTITIES):
                    if isinstance(identity, str):
                        found.setdefault(identity, item)
            self.by_identity[kind] = found
        return self.by_identity[kind]


def _further_links(item: Item) -> list[ResourceReference]:
    """What something that only leads on refers to."""
    places = [
        (place, name) for block, name in _FURTHER[item.type] for place in (item.inner(block) if block else [item])
    ]
    return [link for place, name in places for link in place.links.get(name, ())]
