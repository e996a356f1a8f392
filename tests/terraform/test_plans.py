"""Plans and states: the same findings as from the sources, on planned values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judging import doubts, judged, places, said
from yardstick import at_most

SOURCES = """
variable "idle" {}

resource "aws_lb" "main" {
  idle_timeout = var.idle
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_lb_target_group" "app" {
  port = 80
}

resource "aws_lb_listener_rule" "ws" {
  listener_arn = aws_lb_listener.http.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }

  condition {
    path_pattern { values = ["/ws"] }
  }
}
"""


def resource(address: str, **values: Any) -> dict[str, Any]:
    kind, name = address.split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name.partition("[")[0], "values": values}


def references(*names: str) -> dict[str, Any]:
    return {"references": [*names]}


def plan(idle: Any = 60, unknown: dict[str, Any] | None = None, stickiness: Any = True) -> dict[str, Any]:
    forward = {"target_group_arn": references("aws_lb_target_group.app.arn", "aws_lb_target_group.app")}
    condition = [{"path_pattern": [{"values": ["/ws"]}], "host_header": []}]
    return {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [
                    resource("aws_lb.main", idle_timeout=idle, load_balancer_type="application"),
                    resource("aws_lb_listener.http", default_action=[{"type": "forward", "forward": []}]),
                    resource("aws_lb_target_group.app", port=80, target_type="instance"),
                    resource("aws_lb_listener_rule.ws", action=[{"type": "forward"}], condition=condition),
                ]
            }
        },
        "resource_changes": [
            {"address": "aws_lb.main", "change": {"after_unknown": unknown or {}}},
            {"address": "aws_lb_target_group.app", "change": {"after_unknown": {"stickiness": stickiness}}},
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {"address": "aws_lb.main", "expressions": {"idle_timeout": references("var.idle")}},
                    {
                        "address": "aws_lb_listener.http",
                        "expressions": {
                            "load_balancer_arn": references("aws_lb.main.arn", "aws_lb.main"),
                            "default_action": [forward],
                        },
                    },
                    {"address": "aws_lb_target_group.app", "expressions": {"port": {"constant_value": 80}}},
                    {
                        "address": "aws_lb_listener_rule.ws",
                        "expressions": {
                            "listener_arn": references("aws_lb_listener.http.arn"),
                            "action": [forward],
                        },
                    },
                ]
            }
        },
    }


def test_a_plan_alone_is_judged_at_its_addresses(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": json.dumps(plan())})
    found = said(report)[0]
    assert found.location.path == "plan.json"
    assert "aws_lb.main cuts a WebSocket after 60 s" in found.message
    assert "`idle_timeout = 60`" in found.message
    assert len(said(report, "missing-sticky-sessions")) == 1
    assert not report.unknown


def weighted(*weights: int) -> dict[str, Any]:
    """A plan that splits requests between an instance's target group and a function's."""
    found = plan(300)
    resources = found["planned_values"]["root_module"]["resources"]
    resources += [resource("aws_lb_target_group.fn", target_type="lambda")]
    del resources[3]
    resources[1]["values"]["default_action"][0]["forward"] = [{"target_group": [{"weight": one} for one in weights]}]
    arns = [{"arn": references(f"aws_lb_target_group.{one}.arn")} for one in ("app", "fn")]
    listener = found["configuration"]["root_module"]["resources"][1]["expressions"]
    listener["default_action"] = [{"forward": [{"target_group": arns}]}]
    return found


def test_a_target_group_without_weight_in_a_plan_gets_nothing(tmp_path: Path) -> None:
    stream = {"infralint.yaml": "streams: [{path: /chat}]\n"}
    shared = judged(tmp_path / "a", {"plan.json": json.dumps(weighted(9, 1)), **stream})
    assert [one.check for one in shared.findings] == ["lambda-target"]
    assert not judged(tmp_path / "b", {"plan.json": json.dumps(weighted(10, 0)), **stream}).findings


def test_a_service_that_scales_in_a_plan_is_not_alone(tmp_path: Path) -> None:
    found = plan(300)
    service = {"name": "ws", "desired_count": 1, "deployment_maximum_percent": 100, "load_balancer": [{}]}
    target = {"max_capacity": 4, "service_namespace": "ecs", "resource_id": "service/main/ws"}
    found["planned_values"]["root_module"]["resources"] += [resource("aws_ecs_service.ws", **service)]
    balancer = [{"target_group_arn": references("aws_lb_target_group.app.arn")}]
    expressions = {name: {} for name in ("desired_count", "deployment_maximum_percent")} | {"load_balancer": balancer}
    configured = found["configuration"]["root_module"]["resources"]
    configured += [{"address": "aws_ecs_service.ws", "expressions": expressions}]
    assert not said(judged(tmp_path / "a", {"plan.json": json.dumps(found)}), "missing-sticky-sessions")
    found["planned_values"]["root_module"]["resources"] += [resource("aws_appautoscaling_target.t", **target)]
    assert len(said(judged(tmp_path / "b", {"plan.json": json.dumps(found)}), "missing-sticky-sessions")) == 1


def test_a_long_timeout_in_a_plan_is_silent(tmp_path: Path) -> None:
    assert not said(judged(tmp_path, {"plan.json": json.dumps(plan(300))}))


def test_a_plan_beside_its_sources_points_at_their_lines(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": SOURCES, "plan.json": json.dumps(plan())})
    assert places(report) == ["main.tf:5"]
    assert places(report, "missing-sticky-sessions") == ["main.tf:17"]
    assert not report.unknown


def test_sources_and_plan_agree(tmp_path: Path) -> None:
    alone = judged(tmp_path / "a", {"main.tf": SOURCES, "terraform.tfvars": "idle = 60\n"})
    planned = judged(tmp_path / "b", {"main.tf": SOURCES, "plan.json": json.dumps(plan())})
    for check in ("short-idle-timeout", "missing-sticky-sessions"):
        assert places(alone, check) == places(planned, check)


def test_what_is_known_after_apply_can_not_be_told(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": json.dumps(plan(None, {"idle_timeout": True}))})
    assert not said(report)
    assert "idle_timeout is known after apply" in doubts(report)


def sensitive(address: str, hidden: Any) -> str:
    """A plan of which a resource has values that nobody may see."""
    found = plan()
    origin = {"origin_id": "o", "domain_name": "x.example.com", "custom_origin_config": [{"origin_read_timeout": 5}]}
    distribution = resource("aws_cloudfront_distribution.c", origin=[origin])
    distribution["values"]["default_cache_behavior"] = [{"target_origin_id": "o", "allowed_methods": ["GET"]}]
    resources = found["planned_values"]["root_module"]["resources"]
    resources.append(distribution)
    for entry in resources:
        if entry["address"] == address:
            entry["sensitive_values"] = hidden
    return json.dumps(found)


def test_a_resource_that_is_sensitive_as_a_whole_can_not_be_told(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": sensitive("aws_lb.main", True)})
    assert not said(report)
    assert "is sensitive and not shown" in doubts(report)


def test_a_block_that_is_sensitive_can_not_be_told(tmp_path: Path) -> None:
    stream = {"infralint.yaml": "streams: [{path: /}]\n"}
    shown = judged(
        tmp_path / "a", {"plan.json": sensitive("aws_cloudfront_distribution.c", {"origin": [{}]}), **stream}
    )
    assert "aws_cloudfront_distribution.c cuts" in " ".join(finding.message for finding in shown.findings)
    for number, hidden in enumerate((True, [True])):
        content = sensitive("aws_cloudfront_distribution.c", {"origin": hidden})
        report = judged(tmp_path / f"b{number}", {"plan.json": content, **stream})
        assert "which origin of aws_cloudfront_distribution.c it leads to can't be told" in doubts(report)
        assert "aws_cloudfront_distribution.c cuts" not in " ".join(finding.message for finding in report.findings)


def test_a_state_links_by_the_names_that_aws_gave(tmp_path: Path) -> None:
    sticky = [{"enabled": True, "type": "lb_cookie", "cookie_duration": 86400}]
    state = {
        "format_version": "1.0",
        "values": {
            "root_module": {
                "child_modules": [
                    {
                        "resources": [
                            resource("module.web.aws_lb.main", arn="arn:lb", idle_timeout=30),
                            resource(
                                "module.web.aws_lb_listener.http[0]",
                                arn="arn:l",
                                load_balancer_arn="arn:lb",
                                default_action=[{"type": "forward", "target_group_arn": "arn:tg"}],
                            ),
                            resource("module.web.aws_lb_target_group.ws", arn="arn:tg", stickiness=sticky),
                        ]
                    }
                ]
            }
        },
    }
    config = "streams: [{path: /ws, kind: websocket}]\n"
    report = judged(tmp_path, {"state.json": json.dumps(state), "infralint.yaml": config})
    assert "module.web.aws_lb.main cuts" in said(report)[0].message
    assert not said(report, "missing-sticky-sessions")


def test_other_json_is_not_a_plan(tmp_path: Path) -> None:
    report = judged(tmp_path, {"package.json": '{"name": "x"}', "x.json": '{"format_version": "1", "values": 3}'})
    assert not report.read.get("terraform")


def test_a_plan_of_many_megabytes_is_read(tmp_path: Path) -> None:
    long = plan()
    module = long["planned_values"]["root_module"]
    module["resources"] += [resource(f"null_resource.n{index}", text="x" * 2000) for index in range(15_000)]
    with at_most(2000):
        assert len(said(judged(tmp_path, {"plan.json": json.dumps(long)}))) == 1


def test_a_plan_that_was_cut_off_is_named_with_its_line(tmp_path: Path) -> None:
    report = judged(tmp_path, {"plan.json": '{"format_version": "1.2",\n "planned_values": {"root_module": '})
    [unreadable] = report.unreadable
    assert (unreadable.where.path.rpartition("/")[2], unreadable.where.line) == ("plan.json", 2)
    assert "is not the JSON that `terraform show -json` writes" in unreadable.message


def test_a_plan_behind_a_link_out_of_the_project_is_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "plan.json").write_text('{"format_version": "1.2", "broken')
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "plan.json").symlink_to(outside / "plan.json")
    assert judged(tmp_path / "project", {"main.tf": ""}).unreadable == []


def state_of(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.0", "values": {"root_module": {"resources": [*resources]}}}


def test_two_resources_of_one_address_are_no_state_and_both_places_are_named(tmp_path: Path) -> None:
    state = state_of(resource("aws_lb.main", idle_timeout=4000), resource("aws_lb.main", idle_timeout=30))
    [unreadable] = judged(tmp_path, {"state.json": json.dumps(state)}).unreadable
    places = "$.values.root_module.resources[1].address: aws_lb.main stands at $.values.root_module.resources[0], too"
    assert places in unreadable.message


def test_an_object_that_waits_for_its_deletion_is_not_judged(tmp_path: Path) -> None:
    old = resource("aws_lb.main", arn="old", idle_timeout=1) | {"deposed_key": "00000001"}
    change = {"address": "aws_lb.main", "deposed": "00000001", "change": {"after_unknown": {"idle_timeout": True}}}
    both = plan(30)
    both["planned_values"]["root_module"]["resources"].append(old)
    both["resource_changes"].append(change)
    report = judged(tmp_path, {"plan.json": json.dumps(both)})
    assert not report.unreadable
    assert "after 30 s" in said(report)[0].message


def nested(depth: int, fan: int) -> dict[str, Any]:
    """Modules that hand on an output of the next, each named many times; the innermost names the load balancer."""
    references = ["aws_lb.main"] if depth == 0 else [f"module.m.o{index}" for index in range(fan)]
    module: dict[str, Any] = {
        "outputs": {f"o{index}": {"expression": {"references": references}} for index in range(fan)}
    }
    return module | ({"module_calls": {"m": {"module": nested(depth - 1, fan)}}} if depth else {})


def test_a_reference_is_followed_through_many_modules_once(tmp_path: Path) -> None:
    deep = plan()
    inner = deep["planned_values"]["root_module"]
    inner["resources"][0]["address"] = "module.m.module.m.module.m.module.m.aws_lb.main"
    configured = deep["configuration"]["root_module"]
    configured["resources"][1]["expressions"]["load_balancer_arn"] = references(*["module.m.o1"] * 40)
    configured["module_calls"] = {"m": {"module": nested(3, 30)}}
    assert "cuts" in said(judged(tmp_path, {"plan.json": json.dumps(deep)}))[0].message


def test_an_argument_that_refers_to_hundreds_of_resources_can_not_be_told(tmp_path: Path) -> None:
    wide = plan()
    expressions = wide["configuration"]["root_module"]["resources"][3]["expressions"]
    expressions["listener_arn"] = references(*(f"var.listener{index}" for index in range(300)))
    report = judged(tmp_path, {"plan.json": json.dumps(wide)})
    assert "leads through more than 200 references" in doubts(report)


def test_an_argument_that_leads_to_one_resource_takes_no_list(tmp_path: Path) -> None:
    listed = state_of(resource("aws_lb_listener.http", load_balancer_arn=["a", "b"]))
    [unreadable] = judged(tmp_path, {"state.json": json.dumps(listed)}).unreadable
    assert "load_balancer_arn" in unreadable.message
    source = SOURCES.replace("= aws_lb.main.arn", "= [aws_lb.main.arn]")
    refused = doubts(judged(tmp_path, {"state.json": "{}", "main.tf": source}))
    assert "Terraform refuses load_balancer_arn = [aws_lb.main.arn]" in refused
