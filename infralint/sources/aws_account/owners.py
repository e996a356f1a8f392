"""Who made a load balancer, by its tags, and so where a setting must be changed to last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Kind = Literal["controller", "kubernetes", "beanstalk", "cloudformation", "terraform"]


class Owner(msgspec.Struct, frozen=True):
    """What creates a load balancer and would undo a change by hand. name: the stack, Ingress or Service, if told."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        words = {
            "controller": "the AWS Load Balancer Controller",
            "kubernetes": "the Kubernetes service",
            "beanstalk": "the Elastic Beanstalk environment",
            "cloudformation": "the CloudFormation stack",
            "terraform": "Terraform",
        }[self.kind]
        joint = " for " if self.kind == "controller" else " "
        return f"{words}{joint}{self.name}" if self.name else words


TELLING: tuple[tuple[Kind, str], ...] = (
    ("controller", "ingress.k8s.aws/stack"),
    ("controller", "service.k8s.aws/stack"),
    ("controller", "gateway.k8s.aws.alb/stack"),
    ("controller", "elbv2.k8s.aws/cluster"),
    ("kubernetes", "kubernetes.io/service-name"),
    ("beanstalk", "elasticbeanstalk:environment-name"),
    ("cloudformation", "aws:cloudformation:stack-name"),
)
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#resource-tags,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html; the first that
is there decides (a Beanstalk environment is a CloudFormation stack, too)."""

MANAGERS = frozenset({"managedby", "managed-by", "managed_by", "createdby", "created-by", "provisioner", "iac", "tool"})


def owner_of(tags: Mapping[str, str]) -> Owner | None:
    """The owner that tags tell of."""
    for kind, key in TELLING:
        if key in tags:
            return Owner(kind, "" if key == "elbv2.k8s.aws/cluster" else tags[key])
    return Owner("terraform") if any(_says_terraform(key, value) for key, value in tags.items()) else None


def _says_terraform(key: str, value: str) -> bool:
    key, value = key.lower(), value.lower()
    if key in MANAGERS:
        return value in ("terraform", "opentofu", "tofu")
    return key.startswith("terraform") and value not in ("false", "no", "0", "")
