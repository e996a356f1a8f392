"""How CloudFront writes what a distribution is made of."""

from __future__ import annotations

from typing import Any

from infralint.sources.aws_account.snapshot import Item


def items_of(item: Item, key: str) -> list[Any]:
    """The members of a list as CloudFront writes them."""
    return list((item.get(key) or {}).get("Items") or ())


def behaviors_of(distribution: Item) -> list[Item]:
    """A distribution's cache behaviors in the order in which they are tried, the default one last."""
    default = distribution.get("DefaultCacheBehavior")
    return [*items_of(distribution, "CacheBehaviors"), *([default] if default else [])]


def origins_of(distribution: Item) -> list[Item]:
    """A distribution's origins."""
    return items_of(distribution, "Origins")
