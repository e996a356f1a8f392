"""What an audit says of load balancers that answer as real AWS does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aws.world import World, forward, when
from infralint.cli import cli

Report = Callable[..., dict[str, Any]]
Audit = Callable[..., Result]


def said(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["check"], one["severity"], one["hop"]["name"]) for one in report["findings"]}


def declare(home: Path, *streams: str, more: str = "") -> None:
    (home / "infralint.yaml").write_text("streams:\n" + "".join(f"  - {one}\n" for one in streams) + more)


def test_untouched_balancer_is_a_warning_on_the_default_need(world: World, report: Report) -> None:
    world.group("web", world.balancer("chat"))
    assert said(report(exit_code=1)) == {("short-idle-timeout", "warning", "chat")}


def test_a_balancer_that_allows_enough_is_clean(world: World, report: Report) -> None:
    world.group("web", world.balancer("chat", **{"idle_timeout.timeout_seconds": "300"}))
    assert report(exit_code=0)["findings"] == []


def test_an_empty_account_is_not_called_clean(world: World, audit: Audit) -> None:
    assert "Read 1 AWS region with 0 load balancers: nothing was judged." in audit(exit_code=0).output


def test_declared_need_makes_it_an_error_where_a_rule_leads(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /api/chat, host: chat.example.com, silence: 200s}")
    chat = world.balancer("chat")
    world.listener(
        chat,
        world.group("pages", chat),
        rules=[(when("chat.example.com", "/api/*"), forward(world.group("llm", chat)))],
    )
    other = world.balancer("other")
    world.listener(other, rules=[(when("shop.example.com"), forward(world.group("shop", other)))])
    assert said(report(exit_code=1)) == {("short-idle-timeout", "error", "chat")}


@pytest.mark.parametrize(
    ("conditions", "severity"),
    [
        pytest.param(when(path="/api/*"), "error", id="the path decides"),
        pytest.param(when(path="/api/cha?"), "error", id="one unknown letter"),
        pytest.param(when(path="/api/*", method="POST"), "warning", id="the method is not known"),
        pytest.param(when(host="chat.example.com", path="/api/*"), "warning", id="no host is declared"),
    ],
)
def test_how_sure_a_rule_makes_it(
    conditions: list[Any], severity: str, world: World, report: Report, home: Path
) -> None:
    declare(home, "{path: /api/chat, silence: 200s}")
    chat = world.balancer("chat")
    world.listener(chat, rules=[(conditions, forward(world.group("llm", chat)))])
    assert said(report(exit_code=1)) == {("short-idle-timeout", severity, "chat")}


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param(when(path="/API/*"), id="paths are compared letter by letter"),
        pytest.param(when(path="/api"), id="no star, no more letters"),
        pytest.param(when(host="*.example.org", path="/api/*"), id="another host"),
    ],
)
def test_a_rule_for_something_else_is_silent(conditions: list[Any], world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /api/chat, host: chat.example.com, silence: 200s}")
    chat = world.balancer("chat")
    world.listener(chat, rules=[(conditions, forward(world.group("llm", chat)))])
    assert report(exit_code=0)["findings"] == []


def test_an_earlier_rule_takes_the_request(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 30s}")
    chat = world.balancer("chat")
    first, second = world.group("first", chat, **{"stickiness.enabled": "true"}), world.group("second", chat)
    world.listener(chat, second, rules=[(when(path="/ws"), forward(first)), (when(path="/w*"), forward(second))])
    assert report(exit_code=0)["findings"] == []
    assert world.counts()["DescribeTargetGroupAttributes"] == 1


def test_a_listener_that_only_redirects_does_not_count(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /api/chat, silence: 200s}")
    chat = world.balancer("chat")
    world.listener(chat, port=80, protocol="HTTP")
    world.listener(chat, rules=[(when(path="/api/*"), forward(world.group("llm", chat)))])
    assert said(report()) == {("short-idle-timeout", "error", "chat")}


def test_a_group_without_weight_gets_nothing(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 30s}")
    chat = world.balancer("chat")
    blue, green = world.group("blue", chat, **{"stickiness.enabled": "true"}), world.group("green", chat)
    actions = forward(blue, green)
    actions[0]["ForwardConfig"]["TargetGroups"][1]["Weight"] = 0
    world.listener(chat, rules=[(when(path="/ws"), actions)])
    assert report(exit_code=0)["findings"] == []


@pytest.mark.parametrize("hops", ["chat", "ch*", "'tag:team=chat'", "'arn:aws:*:loadbalancer/app/chat/*'"])
def test_a_declared_stream_narrows_by_name_or_tag(hops: str, world: World, report: Report, home: Path) -> None:
    declare(home, f"{{path: /api/chat, silence: 200s, hops: [{hops}]}}")
    for name in ("chat", "shop"):
        balancer = world.balancer(name, tags={"team": name})
        world.listener(balancer, world.group(f"{name}-web", balancer))
    assert said(report(exit_code=1)) == {("short-idle-timeout", "error", "chat")}
    assert world.counts()["DescribeLoadBalancerAttributes"] == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param("chat", {"chat"}, id="name"),
        pytest.param("*op", {"shop"}, id="glob"),
        pytest.param("tag:team=shop", {"shop"}, id="tag"),
        pytest.param("tag:team=old", {"old"}, id="tag of a classic one"),
        pytest.param("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/old", {"old"}, id="classic ARN"),
    ],
)
def test_only_the_load_balancers_that_were_asked_for(
    wanted: str, found: set[str], world: World, report: Report
) -> None:
    for name in ("chat", "shop"):
        world.group(f"{name}-web", world.balancer(name, tags={"team": name}))
    world.classic("old")
    world.tags["old"] = {"team": "old"}
    assert {name for _, _, name in said(report("--load-balancer", wanted, exit_code=1))} == found
    assert world.counts()["DescribeLoadBalancerAttributes"] == 1


def test_a_load_balancer_that_is_nowhere_is_not_clean(world: World, audit: Audit) -> None:
    world.balancer("chat")
    assert (
        "no load balancer in eu-west-1 (123456789012) is called caht"
        in audit("--load-balancer", "caht", exit_code=2).output
    )


def test_nothing_streams(world: World, report: Report, home: Path) -> None:
    (home / "infralint.yaml").write_text("streams: []\n")
    world.group("web", world.balancer("chat"))
    assert report(exit_code=0)["findings"] == []
    assert world.counts() == {"DescribeLoadBalancers": 2}


def test_stickiness_of_each_type(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /socket.io/*, kind: websocket, session: Socket.IO, silence: 25s}")
    kinds = {
        "none": {},
        "cookie": {"stickiness.enabled": "true"},
        "app": {"stickiness.enabled": "true", "stickiness.type": "app_cookie"},
    }
    for name, attributes in kinds.items():
        balancer = world.balancer(name)
        world.listener(balancer, world.group(f"{name}-web", balancer, **attributes))
    world.classic("old")
    world.classic("lb-cookie", sticky="LBCookieStickinessPolicies")
    world.classic("app-cookie", sticky="AppCookieStickinessPolicies")
    found = {name for check, _, name in said(report()) if check == "missing-sticky-sessions"}
    assert found == {"none", "old"}


@pytest.mark.parametrize(("healthy", "severity"), [(1, set()), (2, {"note"})])
def test_one_healthy_target_needs_no_stickiness(
    healthy: int, severity: set[str], world: World, report: Report, home: Path
) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 25s}")
    balancer = world.balancer("chat")
    group = world.group("web", balancer, healthy)
    world.health[group] += ["unhealthy", "draining"]
    world.listener(balancer, group)
    assert {one[1] for one in said(report())} == severity


def test_health_is_asked_only_of_groups_about_to_be_reported(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 25s}")
    for name, sticky in (("loose", "false"), ("sticky", "true")):
        balancer = world.balancer(name)
        world.listener(balancer, world.group(name, balancer, **{"stickiness.enabled": sticky}))
    report()
    asked = [sent["TargetGroupArn"] for _, operation, sent in world.calls if operation == "DescribeTargetHealth"]
    assert [arn.split("/")[1] for arn in asked] == ["loose"]


def test_network_balancers_are_judged_on_their_own_attribute(world: World, report: Report) -> None:
    for name, idle in (("quiet", "100"), ("default", "350")):
        balancer = world.balancer(name, "network")
        world.listener(balancer, world.group(name, balancer), protocol="TCP", idle=idle)
    udp = world.balancer("dns", "network")
    world.listener(udp, world.group("dns", udp), protocol="UDP", port=53)
    assert said(report(exit_code=1)) == {("short-idle-timeout", "warning", "quiet")}
    assert world.counts()["DescribeListenerAttributes"] == 2


def test_what_is_not_of_the_web_is_not_assumed_to_stream(world: World, report: Report, home: Path) -> None:
    for name, port in (("web", 443), ("database", 5432), ("chat", 7000)):
        balancer = world.balancer(name, "network")
        world.listener(balancer, world.group(name, balancer), protocol="TCP", port=port, idle="60")
    world.classic("shop")
    world.classic("app", protocol="TCP", port=8080)
    world.classic("ssh", protocol="TCP", port=22)
    names = {"web", "shop", "app"}
    assert said(report(exit_code=1)) == {("short-idle-timeout", "warning", name) for name in names}
    declare(home, "{path: /, silence: 100s, hops: [chat]}")
    assert said(report(exit_code=1)) == {("short-idle-timeout", "error", "chat")}


def test_no_stream_goes_to_the_port_of_a_database(world: World, report: Report, home: Path) -> None:
    balancer = world.balancer("database", "network")
    world.listener(balancer, world.group("postgres", balancer), protocol="TCP", port=5432)
    declare(home, "{path: /chat, silence: 600s}", more="require_sticky: true\n")
    found = report(exit_code=0)
    assert found["findings"] == []
    assert "meets no hop" in found["unknown"][0]["message"]


def test_a_declared_stream_takes_the_listener_of_the_web(world: World, report: Report, home: Path) -> None:
    balancer = world.balancer("edge", "network")
    world.listener(balancer, world.group("web", balancer), protocol="TCP", port=443)
    world.listener(balancer, world.group("database", balancer), protocol="TCP", port=5432, idle="60")
    declare(home, "{path: /, silence: 100s}")
    assert report(exit_code=0)["findings"] == []


def test_a_tls_listener_can_only_be_helped_by_a_heartbeat(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /, silence: 600s, hops: [edge]}")
    balancer = world.balancer("edge", "network")
    world.listener(balancer, world.group("edge", balancer), protocol="TLS")
    [finding] = report()["findings"]
    assert "heartbeat" in finding["fix"]
    assert "modify-" not in finding["fix"]
    assert world.counts()["DescribeListenerAttributes"] == 0


@pytest.mark.parametrize(
    ("front", "behind", "written"),
    [
        ("TCP", "TCP", "Key=stickiness.type,Value=source_ip"),
        ("TLS", "TCP", "has no stickiness for TLS"),
        ("TCP", "TLS", "has no stickiness for TLS"),
    ],
)
def test_advice_is_what_a_network_balancer_takes(
    front: str, behind: str, written: str, world: World, report: Report, home: Path
) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 30s}")
    balancer = world.balancer("edge", "network")
    world.listener(balancer, world.group("web", balancer, protocol=behind), protocol=front)
    [finding] = report()["findings"]
    assert finding["check"] == "missing-sticky-sessions"
    assert written in finding["fix"]


def test_a_group_of_one_application_balancer_needs_no_stickiness(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 30s}")
    balancer = world.balancer("edge", "network")
    world.listener(balancer, world.group("front", balancer, target="alb"), protocol="TCP")
    assert report(exit_code=0)["findings"] == []


def test_gateway_balancers_count_only_for_declared_streams(world: World, report: Report, home: Path) -> None:
    gateway = world.balancer("inspect", "gateway")
    world.listener(gateway, world.group("firewalls", gateway), idle="60")
    assert report(exit_code=0)["findings"] == []
    declare(home, "{path: /, silence: 100s, hops: [inspect]}")
    assert said(report(exit_code=1)) == {("short-idle-timeout", "error", "inspect")}


def test_unattached_groups_are_not_asked_about(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 25s}")
    balancer = world.balancer("chat")
    world.listener(balancer, world.group("web", balancer))
    world.group("left-over", balancer)
    world.items["eu-west-1"]["groups"][-1]["LoadBalancerArns"] = []
    report()
    assert world.counts()["DescribeTargetGroupAttributes"] == 1


def test_every_page_is_read(world: World, report: Report) -> None:
    for number in range(401):
        world.balancer(f"lb-{number:03}", **{"idle_timeout.timeout_seconds": "60" if number == 400 else "300"})
    assert said(report("--load-balancer", "lb-4*", exit_code=1)) == {("short-idle-timeout", "warning", "lb-400")}
    assert world.counts()["DescribeLoadBalancers"] == 3


def test_several_regions(world: World, report: Report) -> None:
    world.balancer("ireland")
    world.balancer("virginia", region="us-east-1")
    both = report("--region", "eu-west-1", "--region", "us-east-1", exit_code=1)
    assert said(both) == {("short-idle-timeout", "warning", "ireland"), ("short-idle-timeout", "warning", "virginia")}
    assert said(report("--all-regions")) == said(both)


def test_roles_lead_to_other_accounts(world: World, report: Report) -> None:
    world.balancer("chat")
    role = "arn:aws:iam::123456789012:role/audit"
    assert said(report("--role-arn", role)) == {("short-idle-timeout", "warning", "chat")}
    assert [sent["RoleArn"] for _, operation, sent in world.calls if operation == "AssumeRole"] == [role]


@pytest.mark.parametrize(
    ("tags", "owner", "fix"),
    [
        ({"ingress.k8s.aws/stack": "chat/web", "elbv2.k8s.aws/cluster": "prod"}, "the AWS Load Balancer Controller for chat/web",
         "alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds=300"),
        ({"aws:cloudformation:stack-name": "web"}, "the CloudFormation stack web", "- Key: idle_timeout.timeout_seconds"),
        ({"aws:cloudformation:stack-name": "awseb-e-1", "elasticbeanstalk:environment-name": "chat-prod"},
         "the Elastic Beanstalk environment chat-prod", "IdleTimeout: 300"),
        ({"ManagedBy": "Terraform"}, "Terraform", "idle_timeout = 300"),
        ({"Terraform": "false"}, "", "aws elbv2 modify-load-balancer-attributes --region eu-west-1"),
    ],
    ids=["controller", "cloudformation", "beanstalk", "terraform", "nobody"],
)  # fmt: skip
def test_the_owner_decides_where_to_fix_it(
    tags: dict[str, str], owner: str, fix: str, world: World, report: Report
) -> None:
    world.group("web", world.balancer("chat", tags=tags))
    [finding] = report()["findings"]
    assert fix in finding["fix"]
    assert (f"made by {owner}" in finding["related"][-1]["message"]) == bool(owner)


def test_more_than_aws_takes_asks_for_a_heartbeat(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /, silence: 2h}")
    balancer = world.balancer("chat")
    world.listener(balancer, world.group("web", balancer))
    [finding] = report()["findings"]
    assert "Value=4000" in finding["fix"]
    assert "heartbeat" in finding["fix"]


def test_load_balancers_side_by_side_are_no_chain(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /chat, silence: 200s}")
    for name, idle in (("chat", "60"), ("patient", "800")):
        balancer = world.balancer(name, **{"idle_timeout.timeout_seconds": idle})
        world.listener(balancer, world.group(name, balancer))
    [finding] = report(exit_code=1)["findings"]
    assert [one["message"] for one in finding["related"]] == [
        "chat, application load balancer in eu-west-1 of account 123456789012"
    ]


def test_findings_name_the_console_page(world: World, report: Report) -> None:
    arn = world.balancer("chat")
    [finding] = report()["findings"]
    link = finding["related"][-1]
    assert finding["location"]["path"] == arn
    assert link["location"]["path"].startswith("https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#")
    assert link["message"] == "chat, application load balancer in eu-west-1 of account 123456789012"


def test_a_saved_snapshot_is_judged_the_same(
    world: World, audit: Audit, run: Callable[..., Result], home: Path
) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 100s}")
    balancer = world.balancer("chat", tags={"ManagedBy": "terraform"})
    world.listener(balancer, world.group("web", balancer))
    world.classic("old")
    live = audit("--format", "json", "--save", "snapshot.json", exit_code=1)
    world.calls.clear()
    again = run("snapshot", "snapshot.json", "--format", "json", exit_code=1)
    assert json.loads(again.stdout) == json.loads(live.stdout)
    assert world.calls == []


def test_the_command_that_shows_a_way_is_one_that_can_be_run(
    world: World, audit: Audit, run: Callable[..., Result], home: Path
) -> None:
    """It names the snapshot and where to begin; an audit that keeps none names no command."""
    balancer = world.balancer("chat")
    world.listener(balancer, world.group("web", balancer))
    world.classic("legacy")
    assert "see it:" not in audit(exit_code=1).output
    named = "infralint trace / --snapshot kept.json --from chat"
    assert f"  = see it: {named}\n" in audit("--save", "kept.json", exit_code=1).output
    assert f"  = see it: {named}\n" in run("snapshot", "kept.json", exit_code=1).output
    shown = CliRunner().invoke(cli, named.split()[1:])
    assert shown.output.startswith("SSE /\nMay break at chat\n  chat cuts the stream after 60 s of silence"), (
        shown.output
    )
    assert "legacy" not in shown.output
    assert "belongs to web\n" in shown.output


def test_masked_reports_and_snapshots_hold_no_account_number(world: World, audit: Audit, home: Path) -> None:
    world.group("web", world.balancer("chat"))
    result = audit("--mask", "--save", "snapshot.json", exit_code=1)
    assert "123456789012" not in result.output + (home / "snapshot.json").read_text()
    assert "eu-west-1:account-1:loadbalancer/app/chat" in result.output


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not a snapshot of infralint"),
        ("{}", "holds no region"),
        ('{"version": 1, "summary": {"error": 0}, "findings": [], "unknown": []}', "holds no region"),
        ('{"regions": [{"account": "1", "name": "eu-west-1"}]}', "holds no load balancer"),
        ('{"version": 9, "regions": []}', "reads version 1"),
        ('{"regions": 3}', "is not a snapshot of infralint"),
        (
            '{"regions": [{"account": "1", "name": "r", "load_balancers": [{"Type": "application"}]}]}',
            "missing required field LoadBalancerArn",
        ),
    ],
)
def test_a_file_that_is_no_snapshot(text: str, why: str, run: Callable[..., Result], home: Path) -> None:
    (home / "snapshot.json").write_text(text)
    assert why in run("snapshot", "snapshot.json", exit_code=2).output


def test_a_time_of_a_classic_load_balancer_that_is_null_is_the_default(run: Callable[..., Result], home: Path) -> None:
    described = {"Listener": {"Protocol": "HTTP", "LoadBalancerPort": 80}}
    region = {
        "account": "123456789012",
        "name": "eu-west-1",
        "classic_load_balancers": [{"LoadBalancerName": "old", "ListenerDescriptions": [described]}],
        "classic_attributes": {"old": {"ConnectionSettings": {"IdleTimeout": None}}},
    }
    (home / "aws.json").write_text(json.dumps({"version": 1, "regions": [region]}))
    output = run("snapshot", "aws.json", exit_code=1).output
    assert "cuts the stream after 60 s of silence" in output


def test_a_snapshot_keeps_no_secrets_of_listeners(world: World, audit: Audit, home: Path) -> None:
    declare(home, "{path: /chat}")
    balancer = world.balancer("chat")
    login = {
        "Issuer": "https://id.example.com",
        "ClientId": "client-4711",
        "AuthorizationEndpoint": "a",
        "TokenEndpoint": "t",
        "UserInfoEndpoint": "u",
    }
    actions = [
        {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": login},
        *forward(world.group("web", balancer)),
    ]
    world.listener(balancer, rules=[(when(path="/chat"), actions)])
    audit("--save", "snapshot.json", exit_code=1)
    assert "client-4711" not in (home / "snapshot.json").read_text()


def test_a_lambda_target_breaks_a_declared_stream(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /chat, silence: 30s}")
    balancer = world.balancer("chat")
    function = world.group("function", balancer, target="lambda")
    world.listener(balancer, world.group("web", balancer), rules=[(when(path="/chat"), forward(function))])
    assert said(report(exit_code=1)) == {("lambda-target", "error", "chat")}


def test_the_target_optimizer_opens_no_websocket(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /ws, kind: websocket, silence: 30s}")
    balancer = world.balancer("chat")
    group = world.group("web", balancer, **{"stickiness.enabled": "true"})
    world.items["eu-west-1"]["groups"][0]["TargetControlPort"] = 3000
    world.listener(balancer, rules=[(when(path="/ws"), forward(group))])
    [finding] = report(exit_code=1)["findings"]
    assert (finding["check"], finding["severity"]) == ("missing-upgrade-headers", "error")
    assert "web uses the target optimizer (`TargetControlPort = 3000`)" in finding["message"]


def test_a_rule_that_names_sessions_is_judged_though_nothing_is_declared(world: World, report: Report) -> None:
    balancer = world.balancer("chat", **{"idle_timeout.timeout_seconds": "300"})
    web, live = world.group("web", balancer), world.group("live", balancer, healthy=3)
    world.listener(balancer, web, rules=[(when(path="/socket.io/*"), forward(live))])
    [finding] = report(exit_code=1)["findings"]
    assert (finding["check"], finding["severity"]) == ("missing-sticky-sessions", "warning")
    assert (
        "live has no stickiness (`stickiness.enabled = false`), and 3 targets share its requests" in finding["message"]
    )


def test_a_group_without_targets_is_not_one_target(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /socket.io/, kind: websocket, session: Socket.IO, silence: 30s}")
    balancer = world.balancer("chat")
    world.listener(balancer, world.group("web", balancer, healthy=0))
    [finding] = report(exit_code=1)["findings"]
    assert "no target takes its requests now" in finding["message"]


def test_a_network_balancer_leads_to_the_application_balancer_behind_it(
    world: World, report: Report, home: Path
) -> None:
    declare(home, "{path: /chat, silence: 400s, hops: [edge, inner]}")
    inner, edge = world.balancer("inner", **{"idle_timeout.timeout_seconds": "400"}), world.balancer("edge", "network")
    world.listener(inner, world.group("web", inner))
    group = world.group("inner", edge, healthy=1, target="alb")
    world.targets[group] = [inner]
    world.listener(edge, group, protocol="TCP", port=443)
    [finding] = report(exit_code=1)["findings"]
    assert finding["hop"]["name"] == "edge"
    assert [(clock["position"], clock["seconds"]) for clock in finding["clocks"]] == [(0, 350), (1, 400)]


def test_several_groups_need_stickiness_between_them(world: World, report: Report, home: Path) -> None:
    declare(home, "{path: /chat, silence: 30s}")
    for name, sticky in (("apart", False), ("together", True)):
        balancer = world.balancer(name)
        groups = [
            world.group(f"{name}-{color}", balancer, **{"stickiness.enabled": "true"}) for color in ("blue", "green")
        ]
        world.listener(balancer, rules=[(when(path="/chat"), forward(*groups, sticky=sticky))])
    found = report(exit_code=1)
    assert {(check, name) for check, _, name in said(found)} == {("ineffective-stickiness", "apart")}
    assert {one["fix"] for one in found["findings"]} == {
        '"TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 86400}'
    }


def test_a_snapshot_in_a_project_is_judged_at_its_lines(world: World, audit: Audit, home: Path) -> None:
    world.group("web", world.balancer("chat"))
    audit("--save", "aws.json", exit_code=1)
    found = json.loads(CliRunner().invoke(cli, ["check", "--format", "json"]).stdout)
    [finding] = found["findings"]
    line = (home / "aws.json").read_text().splitlines()[finding["location"]["line"] - 1]
    assert finding["location"]["path"] == "aws.json"
    assert '"idle_timeout.timeout_seconds": "60"' in line


def test_a_file_of_that_name_about_something_else_is_left_alone(home: Path) -> None:
    (home / "aws.json").write_text('{"profile": "prod"}')
    (home / "nginx.conf").write_text("events {}\n")
    assert CliRunner().invoke(cli, ["check"]).exit_code == 0


def test_a_broken_snapshot_in_a_project_is_unreadable(home: Path) -> None:
    (home / "aws.json").write_text('{"version": 1, "regions": [{"load_balancers": 3}]}')
    result = CliRunner().invoke(cli, ["check"])
    assert result.exit_code == 2
    assert "aws.json: is not a snapshot of infralint" in result.output
