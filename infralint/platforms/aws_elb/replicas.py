"""How many targets a target group has, from what a deployment says of the service that registers them."""

from __future__ import annotations

from typing import Any

from infralint.model import Known


def replicas_of_service(name: str, count: Known[Any], stays_alone: bool) -> dict[str, Any]:
    """What a target group knows of its replicas (fields of TargetGroup), behind an ECS service of one task. stays_alone:
    neither a deployment nor scaling ever runs a second one.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html#sd-deploymentconfiguration
    """
    if stays_alone:
        return {"replicas": count}
    tasks = f"; {name} runs one task today, but two during every deployment and more when it scales"
    return {"replicas_reason": tasks, "one_today": True}
