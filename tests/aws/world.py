# ruff: noqa: N802 (methods are called like the operations that they answer)
"""An AWS of our own on a loopback socket, for what moto does not do: real shapes, limits and failures.

It answers in the XML of the real service, which botocore's own models lay down: a member that the
model does not know fails the test that uses it.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.session

SERVICES = {"2015-12-01": "elbv2", "2012-06-01": "elb", "2016-11-15": "ec2", "2011-06-15": "sts"}
ACCOUNT = "123456789012"
_loader = botocore.session.get_session()
MODELS = {name: _loader.get_service_model(name) for name in SERVICES.values()}

ALB_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
"""What DescribeLoadBalancerAttributes says of an application load balancer that nobody touched."""

GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
"""What DescribeTargetGroupAttributes says of an HTTP target group that nobody touched."""

PREFIXES = {"application": "app", "network": "net", "gateway": "gwy"}


@dataclass(frozen=True)
class Answer:
    """An error of AWS. status 0: hang up without an answer; body: this instead of XML."""

    code: str
    status: int = 400
    message: str = "no"
    body: str = ""
    delay: float = 0


Call = tuple[str, str, dict[str, str]]
"""Region, operation, parameters."""


@dataclass
class World:
    """Load balancers of one account in several regions. faults: what goes wrong, by call."""

    partition: str = "aws"
    items: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    classic_attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    health: dict[str, list[str]] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: Callable[[str, str, dict[str, str]], Answer | None] = lambda *_: None
    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def counts(self) -> Counter[str]:
        return Counter(operation for _, operation, _ in self.calls)

    def balancer(
        self,
        name: str,
        type_: str = "application",
        region: str = "eu-west-1",
        tags: dict[str, str] | None = None,
        **set_: str,
    ) -> str:
        """A load balancer with all attributes that AWS tells, `set_` (underscores for dots) among them."""
        number = len(self.attributes) + 1
        arn = self._arn(region, f"loadbalancer/{PREFIXES[type_]}/{name}/{number:016x}")
        item = {
            "LoadBalancerArn": arn,
            "DNSName": f"{name}-{number}.{region}.elb.amazonaws.com",
            "CanonicalHostedZoneId": "Z32O12XQLNTSW2",
            "CreatedTime": "2026-03-01T10:00:00.000Z",
            "LoadBalancerName": name,
            "Scheme": "internet-facing",
            "VpcId": "vpc-0a1b2c3d4e5f60718",
            "State": {"Code": "active"},
            "Type": type_,
            "AvailabilityZones": [
                {"ZoneName": f"{region}a", "SubnetId": "subnet-0a1b2c3d", "LoadBalancerAddresses": []}
            ],
            "SecurityGroups": ["sg-0a1b2c3d"],
            "IpAddressType": "ipv4",
        }
        self._of(region)["balancers"].append(item)
        self.attributes[arn] = (
            ALB_ATTRIBUTES | set_ if type_ == "application" else {"deletion_protection.enabled": "false"}
        )
        self.tags[arn] = tags or {}
        return arn

    def group(
        self, name: str, balancer: str, healthy: int = 2, target: str = "ip", protocol: str = "", **set_: str
    ) -> str:
        """A target group attached to a load balancer."""
        region = balancer.split(":")[3]
        layer4 = "/app/" not in balancer
        arn = self._arn(region, f"targetgroup/{name}/{len(self.attributes) + 1:016x}")
        item = {
            "TargetGroupArn": arn,
            "TargetGroupName": name,
            "Protocol": protocol or ("TCP" if layer4 else "HTTP"),
            "Port": 80,
            "VpcId": "vpc-0a1b2c3d4e5f60718",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": True,
            "LoadBalancerArns": [balancer],
            "TargetType": target,
            "ProtocolVersion": "HTTP1",
            "IpAddressType": "ipv4",
        }
        self._of(region)["groups"].append(item)
        self.attributes[arn] = GROUP_ATTRIBUTES | ({"stickiness.type": "source_ip"} if layer4 else {}) | set_
        self.health[arn] = ["healthy"] * healthy
        return arn

    def listener(
        self,
        balancer: str,
        *groups: str,
        port: int = 443,
        protocol: str = "HTTPS",
        rules: Iterable[Any] = (),
        idle: str = "350",
    ) -> str:
        """A listener that forwards to groups, and rules as (patterns, groups) before the default."""
        region = balancer.split(":")[3]
        arn = balancer.replace(":loadbalancer/", ":listener/") + f"/{len(self.rules) + 1:016x}"
        default = forward(*groups)
        item = {
            "ListenerArn": arn,
            "LoadBalancerArn": balancer,
            "Protocol": protocol,
            "Port": port,
            "DefaultActions": default,
        }
        if "/gwy/" in balancer:
            del item["Protocol"], item["Port"]
        self._of(region)["listeners"].append(item)
        self.attributes[arn] = {"tcp.idle_timeout.seconds": idle}
        last = {"RuleArn": f"{arn}/d", "Priority": "default", "Conditions": [], "Actions": default, "IsDefault": True}
        self.rules[arn] = [
            {
                "RuleArn": f"{arn}/{i}",
                "Priority": str(i),
                "Conditions": conditions,
                "Actions": actions,
                "IsDefault": False,
            }
            for i, (conditions, actions) in enumerate(rules, 1)
        ] + [last]
        return arn

    def classic(
        self,
        name: str,
        region: str = "eu-west-1",
        idle: int = 60,
        instances: int = 2,
        sticky: str = "",
        protocol: str = "HTTP",
        port: int = 80,
    ) -> None:
        """A classic load balancer."""
        policies = {"AppCookieStickinessPolicies": [], "LBCookieStickinessPolicies": [], "OtherPolicies": []}
        if sticky:
            policies[sticky] = [{"PolicyName": "sticky"} | ({"CookieName": "sid"} if "App" in sticky else {})]
        listener = {"Protocol": protocol, "LoadBalancerPort": port, "InstanceProtocol": protocol, "InstancePort": 8080}
        item = {
            "LoadBalancerName": name,
            "DNSName": f"{name}.{region}.elb.amazonaws.com",
            "ListenerDescriptions": [{"Listener": listener, "PolicyNames": ["sticky"] if sticky else []}],
            "Policies": policies,
            "Instances": [{"InstanceId": f"i-{i:017x}"} for i in range(instances)],
            "SourceSecurityGroup": {"OwnerAlias": ACCOUNT, "GroupName": "web"},
            "Scheme": "internet-facing",
        }
        self._of(region)["classic"].append(item)
        self.classic_attributes[name] = {
            "CrossZoneLoadBalancing": {"Enabled": True},
            "AccessLog": {"Enabled": False},
            "ConnectionDraining": {"Enabled": True, "Timeout": 300},
            "ConnectionSettings": {"IdleTimeout": idle},
            "AdditionalAttributes": [{"Key": "elb.http.desyncmitigationmode", "Value": "defensive"}],
        }

    def delete(self, name: str) -> None:
        """Gone, as between two calls."""
        for kinds in self.items.values():
            kinds["balancers"] = [one for one in kinds["balancers"] if one["LoadBalancerName"] != name]
        for arn in [arn for arn in self.attributes if f"/{name}/" in arn]:
            del self.attributes[arn]

    def _arn(self, region: str, rest: str) -> str:
        return f"arn:{self.partition}:elasticloadbalancing:{region}:{ACCOUNT}:{rest}"

    def _of(self, region: str) -> dict[str, list[dict[str, Any]]]:
        empty: dict[str, list[dict[str, Any]]] = {"balancers": [], "groups": [], "listeners": [], "classic": []}
        return self.items.setdefault(region, empty)

    def answer(self, region: str, service: str, operation: str, sent: dict[str, str]) -> dict[str, Any] | Answer:
        with self.lock:
            self.calls.append((region, operation, sent))
        return self.faults(region, operation, sent) or getattr(self, f"_{service}_{operation}")(region, sent)

    def _elbv2_DescribeLoadBalancers(self, region: str, sent: dict[str, str]) -> Any:
        return paged(self._of(region)["balancers"], "LoadBalancers", sent)

    def _elbv2_DescribeTargetGroups(self, region: str, sent: dict[str, str]) -> Any:
        return paged(self._of(region)["groups"], "TargetGroups", sent)

    def _elbv2_DescribeListeners(self, region: str, sent: dict[str, str]) -> Any:
        if sent["LoadBalancerArn"] not in self.attributes:
            return Answer("LoadBalancerNotFound", message="One or more load balancers not found")
        own = [one for one in self._of(region)["listeners"] if one["LoadBalancerArn"] == sent["LoadBalancerArn"]]
        return paged(own, "Listeners", sent)

    def _elbv2_DescribeRules(self, region: str, sent: dict[str, str]) -> Any:
        return paged(self.rules[sent["ListenerArn"]], "Rules", sent)

    def _attributes(self, arn: str, missing: str) -> Any:
        if arn not in self.attributes:
            return Answer(missing, message=f"'{arn}' not found")
        return {"Attributes": [{"Key": key, "Value": value} for key, value in self.attributes[arn].items()]}

    def _elbv2_DescribeLoadBalancerAttributes(self, region: str, sent: dict[str, str]) -> Any:
        return self._attributes(sent["LoadBalancerArn"], "LoadBalancerNotFound")

    def _elbv2_DescribeTargetGroupAttributes(self, region: str, sent: dict[str, str]) -> Any:
        return self._attributes(sent["TargetGroupArn"], "TargetGroupNotFound")

    def _elbv2_DescribeListenerAttributes(self, region: str, sent: dict[str, str]) -> Any:
        return self._attributes(sent["ListenerArn"], "ListenerNotFound")

    def _elbv2_DescribeTargetHealth(self, region: str, sent: dict[str, str]) -> Any:
        states = self.health[sent["TargetGroupArn"]]
        targets = self.targets.get(sent["TargetGroupArn"], [f"10.0.0.{number}" for number in range(len(states))])
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": target, "Port": 80}, "HealthCheckPort": "80", "TargetHealth": {"State": state}}
                for target, state in zip(targets, states, strict=True)
            ]
        }

    def _elbv2_DescribeTags(self, region: str, sent: dict[str, str]) -> Any:
        arns = [value for key, value in sent.items() if key.startswith("ResourceArns.member.")]
        if gone := [arn for arn in arns if arn not in self.attributes]:
            return Answer("LoadBalancerNotFound", message=f"'{gone[0]}' not found")
        return {"TagDescriptions": [{"ResourceArn": arn, "Tags": pairs(self.tags[arn])} for arn in arns]}

    def _elb_DescribeLoadBalancers(self, region: str, sent: dict[str, str]) -> Any:
        return paged(self._of(region)["classic"], "LoadBalancerDescriptions", sent)

    def _elb_DescribeLoadBalancerAttributes(self, region: str, sent: dict[str, str]) -> Any:
        return {"LoadBalancerAttributes": self.classic_attributes[sent["LoadBalancerName"]]}

    def _elb_DescribeTags(self, region: str, sent: dict[str, str]) -> Any:
        names = [value for key, value in sent.items() if key.startswith("LoadBalancerNames.member.")]
        return {
            "TagDescriptions": [{"LoadBalancerName": name, "Tags": pairs(self.tags.get(name, {}))} for name in names]
        }

    def _ec2_DescribeRegions(self, region: str, sent: dict[str, str]) -> Any:
        return {"Regions": [{"RegionName": name, "OptInStatus": "opt-in-not-required"} for name in sorted(self.items)]}

    def _sts_AssumeRole(self, region: str, sent: dict[str, str]) -> Any:
        key = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s", "SessionToken": "t"}
        user = {"AssumedRoleId": "AROA:infralint-audit", "Arn": sent["RoleArn"]}
        return {"Credentials": key | {"Expiration": "2126-01-01T00:00:00Z"}, "AssumedRoleUser": user}


def forward(*groups: str, sticky: bool = False) -> list[dict[str, Any]]:
    """A forward action, as real AWS writes it: always with ForwardConfig, the short form for one group alone."""
    if not groups:
        fixed = {"MessageBody": "no", "StatusCode": "404", "ContentType": "text/plain"}
        return [{"Type": "fixed-response", "Order": 1, "FixedResponseConfig": fixed}]
    config = {
        "TargetGroups": [{"TargetGroupArn": arn, "Weight": 1} for arn in groups],
        "TargetGroupStickinessConfig": {"Enabled": sticky} | ({"DurationSeconds": 3600} if sticky else {}),
    }
    short = {"TargetGroupArn": groups[0]} if len(groups) == 1 else {}
    return [{"Type": "forward", "Order": 1, "ForwardConfig": config} | short]


def when(host: str = "", path: str = "", method: str = "") -> list[dict[str, Any]]:
    """Conditions of a rule, as real AWS writes them."""
    found: list[dict[str, Any]] = []
    if host:
        found.append({"Field": "host-header", "Values": [host], "HostHeaderConfig": {"Values": [host]}})
    if path:
        found.append({"Field": "path-pattern", "Values": [path], "PathPatternConfig": {"Values": [path]}})
    if method:
        found.append({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": [method]}})
    return found


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def paged(items: list[dict[str, Any]], key: str, sent: dict[str, str]) -> dict[str, Any]:
    size, start = int(sent.get("PageSize", 400)), int(sent.get("Marker", 0))
    assert 1 <= size <= 400
    more = {"NextMarker": str(start + size)} if start + size < len(items) else {}
    return {key: items[start : start + size]} | more


def xml(service: str, operation: str, value: dict[str, Any]) -> str:
    """An answer in the service's XML; fails for a member that botocore's model does not know."""
    model = MODELS[service].operation_model(operation)
    inner = members_in_xml(model.output_shape, value)
    if service == "ec2":
        return f"<{operation}Response>{inner}<requestId>r</requestId></{operation}Response>"
    inner = (
        f"<{operation}Result>{inner}</{operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    )
    return f"<{operation}Response>{inner}</{operation}Response>"


def members_in_xml(shape: Any, value: dict[str, Any]) -> str:
    unknown = set(value) - set(shape.members)
    assert not unknown, f"{shape.name} has no {unknown}"
    return "".join(_element(shape.members[key], key, one) for key, one in value.items())


def _element(shape: Any, name: str, value: Any) -> str:
    tag = shape.serialization.get("name", name)
    if shape.type_name == "structure":
        return f"<{tag}>{members_in_xml(shape, value)}</{tag}>"
    if shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        inner = "".join(
            re.sub(r"^<\w+>|</\w+>$", "", _element(shape.member, item, one)).join((f"<{item}>", f"</{item}>"))
            for one in value
        )
        return f"<{tag}>{inner}</{tag}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{tag}>{escape(text)}</{tag}>"


class AwsHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    world: World

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = dict(parse_qsl(body, keep_blank_values=True))
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/", self.headers.get("Authorization", ""))
        region, service = scope[1] if scope else "?", SERVICES[sent.pop("Version")]
        operation = sent.pop("Action")
        found = self.world.answer(region, service, operation, sent)
        if isinstance(found, Answer):
            self._refuse(found)
        else:
            self._send(200, xml(service, operation, found))

    def _refuse(self, found: Answer) -> None:
        time.sleep(found.delay)
        if found.status == 0:
            self.close_connection = True
            return
        error = f"<Error><Type>Sender</Type><Code>{found.code}</Code><Message>{escape(found.message)}</Message></Error>"
        self._send(found.status, found.body or f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>")

    def _send(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """The world on a free port of the loopback interface."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, world: World, handler: type[BaseHTTPRequestHandler] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), type("Handler", (handler or AwsHandler,), {"world": world}))
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()
