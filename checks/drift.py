from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint import ChangedSetting, Drift, Finding, Known, OneSided, Related, check, plural, seconds


@check
def drift(difference: Drift) -> Iterator[Finding]:
    """An account has not got what its Terraform says."""
    match difference:
        case ChangedSetting(live=live, code=code, setting=setting):
            yield Finding("warning", live, _message(difference), related=(_in_code(code),), setting=setting)
        case OneSided(side=side, balancers=balancers):
            count = plural(len(balancers), "load balancer")
            message = {
                "account": f"{count} of the account can't be found in the code by name or state",
                "code": f"{count} of the code can't be found where the audit looked",
            }[side]
            # Nothing says that the other side must have them.
            yield Finding(
                "note", difference.where, message, related=tuple(Related(*balancer) for balancer in balancers)
            )


def _message(change: ChangedSetting) -> str:
    live, code = change.live, change.code
    has = f"`{live.written}`" if live.written else f"{live.name} = {_value(live.value)}"
    says = f"`{code.written}`" if code.written else f"nothing about {code.name}, so {_value(code.value)}"
    cause = "It was changed by hand, or what the code says is not applied yet"
    return f"{change.hop.name} has {has}, but the code says {says}. {cause}. {_way_out(live, code)}"


def _way_out(live: Known[Any], code: Known[Any]) -> str:
    """Apply the code; unless that would take back what streams need."""
    if isinstance(live.value, bool | float | int) and live.value > code.value:
        return f"Write into the code what the account has: the next apply sets it back to {_value(code.value)}"
    return "Apply the code, or write into it what the account has"


def _in_code(code: Known[Any]) -> Related:
    return Related(f"the code says {_value(code.value)}", code.where)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return seconds(value) if isinstance(value, int | float) else str(value)
