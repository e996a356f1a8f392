"""Arguments of Terraform's resources as settings: what is written, else the provider's or AWS's default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infralint.model import Known, Setting, Unknown, not_applicable
from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import EvaluationError
from infralint.text.placeholders import has_mark


def argument_of(item: Item, name: str, default: Any, convert: Callable[[Any], Any]) -> Setting[Any]:
    """An argument's value, the default where it is left out or null, unknown where it is of no use."""
    given = item.get(name)
    if given is None:
        return Known(default, item.where, name, "default", related=item.trail)
    if isinstance(given, Unknown):
        return given
    if given.value is None and not given.written:
        return Known(default, given.where, name, "default", related=given.related)
    if given.value is None:
        because = f"{given.because or 'null'}, and for null AWS's own default holds"
        return Known(default, given.where, name, "default", given.written, because, given.related)
    try:
        value = convert(given.value)
    except EvaluationError as error:
        why = f"Terraform refuses `{given.written}`: {error}"
        is_open = given.because or has_mark(str(given.value))  # others may give more than a default
        return Unknown(given.where, name, why, refused=not is_open)
    except NotWorkedOut as error:
        return Unknown(given.where, name, f"`{given.written}`: {error}")
    return given.with_value(value)


def quiet(setting: Setting[Any], neutral: object) -> Setting[Any]:
    """A setting of a module that nobody calls: what depends on its inputs says nothing."""
    depends = isinstance(setting, Unknown) and not setting.refused
    return not_applicable(neutral, setting.where) if depends else setting


def texts(item: Item, name: str, default: frozenset[str] = frozenset()) -> Setting[frozenset[str]]:
    """A list of texts as a set."""
    given = item.get(name)
    if isinstance(given, Unknown):
        return given
    if given is None or given.value is None:
        return Known(default, item.where, name, "default", related=item.trail)
    members = given.value if isinstance(given.value, list) else [given.value]
    return Known(frozenset(map(str, members)), given.where, name, "explicit", given.written, "", given.related)
