"""Values that something else fills in before anybody deploys them: what they come to can't be told, and nobody refuses them."""

from __future__ import annotations

import pytest
from conftest import Lint

INGRESS = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations:\n"
    "    alb.ingress.kubernetes.io/scheme: internet-facing\n"
    "    alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds=VALUE\nspec:\n"
    "  ingressClassName: alb\n  rules: [{http: {paths: [{path: /, pathType: Prefix, backend:"
    " {service: {name: a, port: {number: 80}}}}]}}]\n"
)
BALANCER = (
    "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n"
    "    Properties:\n      LoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds, Value: 'VALUE'}]\n"
)
URL = (
    "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  B:\n    Type: AWS::Lambda::Url\n"
    "    Properties: {InvokeMode: 'VALUE', TargetFunctionArn: x, AuthType: NONE}\n"
)
FUNCTION = "service: a\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n  a: {handler: a.b, timeout: 'VALUE', url: true}\n"
TERRAFORM = 'resource "aws_lb" "a" {\n  idle_timeout = "VALUE"\n}\n'
KIND = 'resource "aws_lb" "a" {\n  load_balancer_type = "VALUE"\n}\n'
FILES = {
    "an annotation": ("ingress.yaml", INGRESS),
    "an attribute in CloudFormation": ("template.yaml", BALANCER),
    "a mode in CloudFormation": ("template.yaml", URL),
    "a timeout of the Serverless Framework": ("serverless.yml", FUNCTION),
    "an argument of Terraform": ("main.tf", TERRAFORM),
    "a kind in Terraform": ("main.tf", KIND),
}


@pytest.mark.parametrize("value", ["__VALUE__", "#{Value}#", "<VALUE>", "@VALUE@"])
@pytest.mark.parametrize(("path", "text"), FILES.values(), ids=FILES)
def test_a_placeholder_is_not_refused_and_not_clean(path: str, text: str, value: str, lint: Lint) -> None:
    report = lint({path: text.replace("VALUE", value), "infralint.yaml": "streams: [{path: /}]\n"})
    assert report["unreadable"] == []
    assert report["unknown"]


@pytest.mark.parametrize(("path", "text"), FILES.values(), ids=FILES)
def test_a_word_that_is_none_of_the_values_is_refused(path: str, text: str, lint: Lint) -> None:
    assert lint({path: text.replace("VALUE", "soon")})["status"] == 2


def test_capitals_are_no_placeholder_where_values_have_them(lint: Lint) -> None:
    assert lint({"template.yaml": URL.replace("VALUE", "RESPONSE_STREAMS")})["status"] == 2
