"""TargetGroupBindings: a load balancer of Terraform in front of the pods of a cluster."""

from __future__ import annotations

from conftest import Lint, problems
from test_gateways import APPLICATION

BALANCER = (
    'resource "aws_lb" "edge" {{\n  name = "edge"\n  load_balancer_type = "application"\n  idle_timeout = {idle}\n}}\n'
    'resource "aws_lb_listener" "web" {{\n  load_balancer_arn = aws_lb.edge.arn\n  port = 80\n  protocol = "HTTP"\n'
    '  default_action {{\n    type = "forward"\n    target_group_arn = aws_lb_target_group.chat.arn\n  }}\n}}\n'
    'resource "aws_lb_target_group" "chat" {{\n  name = "chat-tg"\n  port = 8000\n  protocol = "HTTP"\n  target_type = "ip"\n}}\n'
)
ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/chat-tg/6a4ecf7bfae473c1"


def files(binding: str, idle: int = 60) -> dict[str, str | bytes]:
    text = (
        "apiVersion: elbv2.k8s.aws/v1beta1\nkind: TargetGroupBinding\nmetadata: { name: chat }\nspec:\n"
        f"  serviceRef: {{ name: api, port: 80 }}\n  {binding}\n"
    )
    return {**APPLICATION, "k8s/edge.yaml": text, "main.tf": BALANCER.format(idle=idle)}


def test_the_balancer_stands_before_the_pods(lint: Lint) -> None:
    for binding in ("targetGroupName: chat-tg", f"targetGroupARN: {ARN}"):
        assert problems(lint(files(binding)), "short-idle-timeout") == ["main.tf:4 warning short-idle-timeout"]


def test_one_that_waits_long_enough_is_left_alone(lint: Lint) -> None:
    assert problems(lint(files("targetGroupName: chat-tg", 600)), "short-idle-timeout") == []


def test_a_binding_of_another_group_links_nothing(lint: Lint) -> None:
    def is_bound(binding: str) -> bool:
        found = [finding for finding in lint(files(binding))["findings"] if finding["check"] == "short-idle-timeout"]
        return "TargetGroupBinding" in str(found)

    assert is_bound("targetGroupName: chat-tg")
    assert not is_bound("targetGroupName: another")


def test_nodes_as_targets_scatter_the_requests_of_a_session(lint: Lint) -> None:
    """The cookie of the balancer keeps a client on a node, from where its requests go to any pod."""
    app = (
        "import socketio\nfrom fastapi import FastAPI\n\napi = FastAPI()\nsio = socketio.AsyncServer(async_mode='asgi')\n"
        "app = socketio.ASGIApp(sio, api)\n"
    )
    written = files("targetGroupName: chat-tg\n  targetType: instance", 600)
    sessions = {**written, "api/app.py": app, "api/requirements.txt": "fastapi\npython-socketio\n"}
    report = lint(sessions)
    assert "k8s/edge.yaml:7 warning missing-sticky-sessions" in problems(report), problems(report)
    registered = str(written["k8s/edge.yaml"]).replace("instance", "ip")
    assert not any("k8s/edge.yaml" in line for line in problems(lint({**sessions, "k8s/edge.yaml": registered})))


def test_a_binding_in_terraform_refers_to_its_group(lint: Lint) -> None:
    binding = (
        'resource "kubernetes_manifest" "binding" {\n  manifest = {\n    apiVersion = "elbv2.k8s.aws/v1beta1"\n'
        '    kind = "TargetGroupBinding"\n    metadata = { name = "chat" }\n    spec = {\n'
        '      serviceRef = { name = "api", port = 80 }\n      targetGroupARN = aws_lb_target_group.chat.arn\n    }\n  }\n}\n'
    )
    report = lint({**APPLICATION, "main.tf": BALANCER.format(idle=60), "binding.tf": binding})
    found = [finding for finding in report["findings"] if finding["check"] == "short-idle-timeout"]
    assert problems(report, "short-idle-timeout") == ["main.tf:4 warning short-idle-timeout"]
    assert "TargetGroupBinding chat" in str(found)
