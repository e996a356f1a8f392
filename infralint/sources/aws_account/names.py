"""What AWS calls its load balancers, and where they are shown."""

from __future__ import annotations

from infralint.sources.aws_account.snapshot import Region
from infralint.text.arns import short_name

CONSOLES = {
    "aws": "https://{region}.console.aws.amazon.com",
    "aws-cn": "https://{region}.console.amazonaws.cn",
    "aws-us-gov": "https://{region}.console.amazonaws-us-gov.com",
}
"""Partitions with a public console."""


def function_of(arn: str) -> str:
    """A function's own ARN, of one that may name a version or an alias of it."""
    return ":".join(arn.split(":")[:7])


def console_page(region: Region, page: str, of: str = "") -> str:
    """A page of AWS's console, "" for partitions whose console has no public address. of: another region's console."""
    console = CONSOLES.get(region.partition, "").format(region=of or region.name)
    return f"{console}/{page}" if console else ""


def classic_arn(region: Region, name: str) -> str:
    """A classic load balancer's ARN, which AWS never says but takes everywhere."""
    account = region.account
    return f"arn:{region.partition}:elasticloadbalancing:{region.name}:{account}:loadbalancer/{name}"


def is_classic(arn: str) -> bool:
    return arn.rpartition(":")[2].startswith("loadbalancer/") and arn.count("/") == 1


def console_link(region: Region, arn: str) -> str:
    """The page of a load balancer in AWS's console, "" for partitions whose console has no public address."""
    classic = is_classic(arn)
    detail = f"LoadBalancers:search={short_name(arn)}" if classic else f"LoadBalancer:loadBalancerArn={arn}"
    return console_page(region, f"ec2/home?region={region.name}#{detail}")
