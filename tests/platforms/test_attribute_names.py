"""Names of attributes: none that AWS's own library describes is taken for a mistyped one."""

from __future__ import annotations

import re

import pytest
from botocore.session import get_session

from infralint.platforms.aws_elb.attribute_names import meant_balancer_attribute, meant_group_attribute


@pytest.mark.parametrize(
    ("shape", "meant", "mistyped", "right"),
    [
        (
            "LoadBalancerAttribute",
            meant_balancer_attribute,
            "idle_timeout.timeout_second",
            "idle_timeout.timeout_seconds",
        ),
        ("TargetGroupAttribute", meant_group_attribute, "stickiness.enable", "stickiness.enabled"),
    ],
)
def test_attributes_that_exist_are_no_mistakes(shape: str, meant: object, mistyped: str, right: str) -> None:
    assert callable(meant)
    described = get_session().get_service_model("elbv2").shape_for(shape).members["Key"].documentation
    names = re.findall(r"<code>([a-z0-9_]+(?:\.[a-z0-9_]+)+)</code>", described)
    assert right in names
    assert [name for name in names if meant(name)] == []
    assert meant(mistyped) == right
