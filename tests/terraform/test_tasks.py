"""Known products that ECS services run behind a load balancer of Terraform's."""

from __future__ import annotations

import pytest
from conftest import Lint

BALANCER = """\
resource "aws_lb" "app" {
  load_balancer_type = "application"
  idle_timeout       = %s
}
resource "aws_lb_target_group" "app" {
  port     = 8065
  protocol = "HTTP"
}
resource "aws_lb_listener" "app" {
  load_balancer_arn = aws_lb.app.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_ecs_service" "app" {
  name            = "app"
  desired_count   = 1
  task_definition = aws_ecs_task_definition.app.arn
  load_balancer {
    target_group_arn = aws_lb_target_group.app.arn
    container_name   = "app"
    container_port   = 8065
  }
}
"""
TASK = """\
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = jsonencode([
    { name = "app", image = "%s", portMappings = [{ containerPort = 8065 }] },
    { name = "beside", image = "%s" },
  ])
}
"""


def known_by_name(lint: Lint, files: dict[str, str | bytes]) -> dict[str, list[str]]:
    """The checks that are loud, by the files of their hops, of streams that a product is known for."""
    found: dict[str, list[str]] = {}
    for finding in lint(files)["findings"]:
        if finding["severity"] != "note" and finding["stream"]["evidence"] == "name":
            found.setdefault(finding["location"]["path"], []).append(finding["check"])
    return found


@pytest.mark.parametrize(
    ("idle", "image", "beside", "loud"),
    [
        ("60", "mattermost/mattermost-enterprise-edition:9.5", "fluent/fluent-bit", True),
        ("300", "mattermost/mattermost-enterprise-edition:9.5", "fluent/fluent-bit", False),
        ("60", "acme/web", "mattermost/mattermost-enterprise-edition:9.5", False),
    ],
)
def test_the_image_of_the_balanced_container_says_what_streams(
    idle: str, image: str, beside: str, loud: bool, lint: Lint
) -> None:
    """https://github.com/mattermost/docs/issues/8930"""
    found = known_by_name(lint, {"main.tf": BALANCER % idle + TASK % (image, beside)})
    assert found == ({"main.tf": ["short-idle-timeout"]} if loud else {})


def test_which_container_is_balanced_may_be_unknown(lint: Lint) -> None:
    product = "mattermost/mattermost-enterprise-edition:9.5"
    service = (
        BALANCER.replace('"app"\n    container_port', "data.external.given.result.name\n    container_port") % "60"
    )
    assert known_by_name(lint, {"main.tf": service + TASK % ("acme/web", product)}) == {}
    alone = f"""resource "aws_ecs_task_definition" "app" {{
  family                = "app"
  container_definitions = jsonencode([{{ name = "app", image = "{product}" }}])
}}
"""
    assert known_by_name(lint, {"main.tf": service + alone}) == {"main.tf": ["short-idle-timeout"]}


def test_each_root_runs_its_own(lint: Lint) -> None:
    product, other = "mattermost/mattermost-team-edition", "acme/web"
    found = known_by_name(
        lint,
        {
            "chat/main.tf": BALANCER % "60" + TASK % (product, other),
            "shop/main.tf": BALANCER % "60" + TASK % (other, other),
        },
    )
    assert found == {"chat/main.tf": ["short-idle-timeout"]}
