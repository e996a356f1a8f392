"""ECS Service Connect, in Terraform and in CloudFormation: what its proxy ends, and whose requests pass it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from conftest import Lint, problems

DECLARED = "streams: [{path: /api/chat, generation: 2m}]\n"
NGINX = """
server {
  listen 80;
  location /api/ {
    proxy_pass http://api:8000;
    proxy_buffering off;
    proxy_read_timeout 600s;
  }
}
"""


@dataclass(frozen=True)
class Connected:
    """A service with one port. timeouts: request and idle, in seconds. balanced: behind a load balancer, too."""

    protocol: str = "http"
    request: int | None = None
    idle: int | None = None
    override: int | None = None
    network: str = "awsvpc"
    balanced: bool = False
    task: bool = True
    server: bool = True


def terraform(it: Connected) -> str:
    protocol = f', appProtocol = "{it.protocol}"' if it.protocol else ""
    lines = [f"per_request_timeout_seconds = {it.request}"] if it.request is not None else []
    lines += [f"idle_timeout_seconds = {it.idle}"] if it.idle is not None else []
    timeout = "timeout {\n" + "\n".join(lines) + "\n}\n" if lines else ""
    override = f"ingress_port_override = {it.override}\n" if it.override else ""
    server = (
        f'service {{\nport_name = "http"\n{override}{timeout}client_alias {{\nport = 8000\ndns_name = "api"\n}}\n}}\n'
        if it.server
        else ""
    )
    balancer = 'load_balancer {\ntarget_group_arn = aws_lb_target_group.api.arn\ncontainer_name = "api"\ncontainer_port = 8000\n}\n'
    parts = [
        'variable "image" {}\n',
        'resource "aws_ecs_service" "api" {\nname = "api"\ntask_definition = aws_ecs_task_definition.api.arn\n'
        if it.task
        else 'resource "aws_ecs_service" "api" {\nname = "api"\ntask_definition = "api:7"\n',
        balancer if it.balanced else "",
        f"service_connect_configuration {{\nenabled = true\n{server}}}\n}}\n",
    ]
    if it.task:
        parts.append(
            f'resource "aws_ecs_task_definition" "api" {{\nfamily = "api"\nnetwork_mode = "{it.network}"\n'
            'container_definitions = jsonencode([{ name = "api", image = "${var.image}:1",'
            f' portMappings = [{{ name = "http", containerPort = 8000{protocol} }}] }}])\n}}\n'
        )
    if it.balanced:
        parts.append(
            'resource "aws_lb" "main" {\nidle_timeout = 600\n}\n'
            'resource "aws_lb_target_group" "api" {\nport = 8000\nprotocol = "HTTP"\ntarget_type = "ip"\n}\n'
            'resource "aws_lb_listener" "main" {\nload_balancer_arn = aws_lb.main.arn\nport = 443\nprotocol = "HTTPS"\n'
            'default_action {\ntype = "forward"\ntarget_group_arn = aws_lb_target_group.api.arn\n}\n}\n'
        )
    return "".join(parts)


def template(it: Connected) -> str:
    port: dict[str, object] = {"Name": "http", "ContainerPort": 8000}
    port |= {"AppProtocol": it.protocol} if it.protocol else {}
    served: dict[str, object] = {"PortName": "http", "ClientAliases": [{"Port": 8000, "DnsName": "api"}]}
    timeout = {"PerRequestTimeoutSeconds": it.request, "IdleTimeoutSeconds": it.idle}
    set_timeout = {key: value for key, value in timeout.items() if value is not None}
    served |= {"Timeout": set_timeout} if set_timeout else {}
    served |= {"IngressPortOverride": it.override} if it.override else {}
    service: dict[str, object] = {
        "TaskDefinition": {"Ref": "Task"} if it.task else "api:7",
        "ServiceConnectConfiguration": {"Enabled": True, "Services": [served] if it.server else []},
    }
    resources: dict[str, object] = {}
    if it.balanced:
        service["LoadBalancers"] = [{"TargetGroupArn": {"Ref": "Group"}, "ContainerName": "api", "ContainerPort": 8000}]
        idle = [{"Key": "idle_timeout.timeout_seconds", "Value": "600"}]
        action = [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}]
        described = {
            "Balancer": ("LoadBalancer", {"LoadBalancerAttributes": idle}),
            "Group": ("TargetGroup", {"Port": 8000, "Protocol": "HTTP", "TargetType": "ip"}),
            "Listener": (
                "Listener",
                {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 443, "Protocol": "HTTPS", "DefaultActions": action},
            ),
        }
        for name, (kind, properties) in described.items():
            resources[name] = {"Type": f"AWS::ElasticLoadBalancingV2::{kind}", "Properties": properties}
    resources["Service"] = {"Type": "AWS::ECS::Service", "Properties": service}
    if it.task:
        definitions = [{"Name": "api", "Image": {"Ref": "Image"}, "PortMappings": [port]}]
        task = {"NetworkMode": it.network, "ContainerDefinitions": definitions}
        resources["Task"] = {"Type": "AWS::ECS::TaskDefinition", "Properties": task}
    return json.dumps({"Parameters": {"Image": {"Type": "String"}}, "Resources": resources}, indent=1)


SYNTAXES = [("main.tf", terraform), ("template.json", template)]


def judged(lint: Lint, name: str, text: str, **more: str) -> list[str]:
    report = lint({name: text, "infralint.yaml": DECLARED, **more})
    return [f"{finding['severity']} {finding['check']}" for finding in report["findings"]]


@pytest.mark.parametrize(("name", "write"), SYNTAXES)
@pytest.mark.parametrize(
    ("it", "found"),
    [
        (Connected(), ["error capped-stream"]),
        (Connected(protocol="http2"), ["error capped-stream"]),
        (Connected(protocol="grpc"), ["error capped-stream"]),
        (Connected(request=60), ["error capped-stream"]),
        (Connected(idle=600), ["error capped-stream"]),
        (Connected(request=600), []),
        (Connected(request=0), []),
        (Connected(request=0, idle=0), []),
        (Connected(request=600, idle=60), ["error short-idle-timeout"]),
        (Connected(protocol=""), []),
        (Connected(protocol="", idle=60), ["error short-idle-timeout"]),
    ],
)
def test_what_another_service_calls(it: Connected, found: list[str], name: str, write, lint: Lint) -> None:  # type: ignore[no-untyped-def]
    assert judged(lint, name, write(it), **{"nginx.conf": NGINX}) == found


@pytest.mark.parametrize(("name", "write"), SYNTAXES)
@pytest.mark.parametrize(
    ("it", "found"),
    [
        (Connected(balanced=True), ["warning capped-stream"]),
        (Connected(balanced=True, request=600), []),
        (Connected(balanced=True, override=8001), []),
        (Connected(balanced=True, network="bridge"), []),
        (Connected(balanced=True, protocol=""), []),
        (Connected(balanced=True, server=False), []),
    ],
)
def test_what_a_load_balancer_sends_may_pass_the_proxy(
    it: Connected, found: list[str], name: str, write, lint: Lint
) -> None:  # type: ignore[no-untyped-def]
    assert judged(lint, name, write(it)) == found


@pytest.mark.parametrize(("name", "write"), SYNTAXES)
def test_a_task_that_is_elsewhere_may_speak_anything(name: str, write, lint: Lint) -> None:  # type: ignore[no-untyped-def]
    report = lint({name: write(Connected(task=False)), "infralint.yaml": DECLARED, "nginx.conf": NGINX})
    assert report["findings"] == []
    assert any("the port mapping http of its task definition" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(("name", "write"), SYNTAXES)
def test_what_nothing_dials_is_could_not_tell_where_streams_are_declared(name: str, write, lint: Lint) -> None:  # type: ignore[no-untyped-def]
    beside = write(Connected(balanced=True, override=8001))
    for settings, is_said in ((DECLARED, True), ("streams: []\n", False)):
        report = lint({name: beside, "infralint.yaml": settings})
        assert any("nothing that was read dials" in unknown["message"] for unknown in report["unknown"]) is is_said
    report = lint({name: write(Connected()), "infralint.yaml": DECLARED, "nginx.conf": NGINX})
    assert report["unknown"] == []


@pytest.mark.parametrize(("name", "write"), SYNTAXES)
def test_the_load_balancer_beside_it_is_still_the_one_that_is_meant(name: str, write, lint: Lint) -> None:  # type: ignore[no-untyped-def]
    """Nobody's browser dials Service Connect: it makes no other entry doubtful."""
    short = write(Connected(balanced=True, override=8001)).replace("600", "60")
    assert judged(lint, name, short) == ["error short-idle-timeout"]


@pytest.mark.parametrize(
    ("name", "write", "advice"),
    [
        ("main.tf", terraform, "timeout {\n  per_request_timeout_seconds = 300\n}"),
        ("template.json", template, '"Timeout": {"PerRequestTimeoutSeconds": 300}'),
    ],
)
def test_the_advice_is_written_as_the_file_is(name: str, write, advice: str, lint: Lint) -> None:  # type: ignore[no-untyped-def]
    report = lint({name: write(Connected()), "infralint.yaml": DECLARED, "nginx.conf": NGINX})
    [finding] = problems(report, "capped-stream") and report["findings"]
    assert finding["fix"] == advice
    assert "after 15 s" in finding["message"]
