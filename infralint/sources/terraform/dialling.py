"""What references lead to, where that is a node of its own."""

from __future__ import annotations

from typing import Any

from infralint.sources.terraform.graph import Graph

DIALLED = frozenset(
    {
        "aws_api_gateway_rest_api",
        "aws_apigatewayv2_api",
        "aws_elb",
        "aws_lambda_function",
        "aws_lambda_function_url",
        "aws_lb",
    }
)
"""The types of resources that become nodes, and that a request may be sent to."""


NAMED = DIALLED | {"aws_cloudfront_distribution"}
"""Those, and others to which a DNS record gives a further name."""


def environment_of(graph: Graph) -> dict[str, Any]:
    """What every hop of a root has."""
    return {"scope": graph.scope, "environment": graph.environment, "files": graph.files}
