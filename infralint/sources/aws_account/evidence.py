"""What CloudWatch counted of load balancers: answers 504, connections that were reset or refused.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from infralint.sources.aws_account.client import PREFIXES, Caller, Failed, Paging
from infralint.sources.aws_account.keeper import Keeper
from infralint.sources.aws_account.kinds import CLOUDWATCH
from infralint.sources.aws_account.names import is_classic
from infralint.sources.aws_account.snapshot import Region
from infralint.text.wording import listing, plural

DAY = 86400
"""Seconds: the period that is counted at once."""
QUERIES_AT_ONCE = 500
"""GetMetricData takes so many: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""
_PAGES = Paging("NextToken", "NextToken")


class CountedFamily(msgspec.Struct, frozen=True):
    """What is counted of a family of load balancers. words: by the metric's name, what it tells."""

    namespace: str
    words: Mapping[str, str]


FAMILIES: Mapping[str, CountedFamily] = MappingProxyType(
    {
        "app": CountedFamily(
            "AWS/ApplicationELB",
            {
                "HTTPCode_ELB_504_Count": "targets that were silent for longer than the idle timeout",
                "HTTPCode_ELB_502_Count": "targets that closed or reset a connection",
                "TargetConnectionErrorCount": "targets that took no connection",
            },
        ),
        "net": CountedFamily(
            "AWS/NetworkELB",
            {
                "TCP_ELB_Reset_Count": "reset by the load balancer, as after its idle timeout",
                "TCP_Target_Reset_Count": "reset by targets",
                "TCP_Client_Reset_Count": "reset by clients",
            },
        ),
        "classic": CountedFamily(
            "AWS/ELB",
            {
                "HTTPCode_ELB_5XX": "answers of its own, of which a silent target is one cause",
                "BackendConnectionErrors": "connections to instances that failed",
            },
        ),
    }
)
"""Part of an ARN -> what is counted. A gateway load balancer counts nothing of the kind."""


class EvidenceReader(msgspec.Struct, frozen=True):
    """Asks CloudWatch in one region of one account. days: for how long back."""

    caller: Caller
    days: int

    def read(self, keeper: Keeper, arns: Sequence[str]) -> None:
        """Add what was counted of load balancers to the region: one call for some hundred of them."""
        wanted = [(arn, metric) for arn in arns for metric in _metrics_of(arn)]
        for start in range(0, len(wanted), QUERIES_AT_ONCE):
            self._read(keeper, wanted[start : start + QUERIES_AT_ONCE])

    def _read(self, keeper: Keeper, wanted: Sequence[tuple[str, str]]) -> None:
        errand = f"{PREFIXES[CLOUDWATCH.name]}:GetMetricData", ()
        self.caller.plan(1)
        keeper.begin(errand)
        until = datetime.now(UTC).replace(microsecond=0)
        queries = [_query(f"m{index}", arn, metric) for index, (arn, metric) in enumerate(wanted)]
        sums: dict[str, dict[str, float]] = {}
        try:
            results = self.caller.pages(
                CLOUDWATCH.name,
                "GetMetricData",
                "MetricDataResults",
                paging=_PAGES,
                MetricDataQueries=queries,
                StartTime=until - timedelta(days=self.days),
                EndTime=until,
            )
            for result in results:
                arn, metric = wanted[int(result["Id"].removeprefix("m"))]
                counted = sums.setdefault(arn, {})
                counted[metric] = counted.get(metric, 0.0) + sum(result.get("Values", ()))
        except Failed as error:
            keeper.fail(error)
        else:
            keeper.region.evidence_days = self.days
            for arn, counted in sums.items():
                keeper.put(keeper.region.evidence, arn, counted)
        keeper.end(errand)


def evidence_sentence(region: Region, arn: str) -> str:
    """What CloudWatch counted of a load balancer; "" where it was not asked."""
    counted = region.evidence.get(arn)
    family = _family_of(arn)
    if counted is None or family is None:
        return ""
    parts = [f"{name} {counted[name]:,.0f} ({cause})" for name, cause in family.words.items() if counted.get(name)]
    found = "; ".join(parts) or f"no {listing(list(family.words), 'or')}"
    return f"CloudWatch counted in {plural(region.evidence_days, 'day')}: {found}"


def _metrics_of(arn: str) -> Iterator[str]:
    family = _family_of(arn)
    yield from family.words if family is not None else ()


def _family_of(arn: str) -> CountedFamily | None:
    if is_classic(arn):
        return FAMILIES["classic"]
    return FAMILIES.get(_dimension(arn).partition("/")[0])


def _dimension(arn: str) -> str:
    """What CloudWatch calls a load balancer: `app/chat/50dc6c495c0c9188`, or a classic one's name."""
    return arn.partition(":loadbalancer/")[2]


def _query(identity: str, arn: str, metric: str) -> dict[str, Any]:
    family = _family_of(arn)
    name = "LoadBalancerName" if is_classic(arn) else "LoadBalancer"
    return {
        "Id": identity,
        "MetricStat": {
            "Metric": {
                "Namespace": family.namespace if family is not None else "",
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": _dimension(arn)}],
            },
            "Period": DAY,
            "Stat": "Sum",
        },
        "ReturnData": True,
    }
