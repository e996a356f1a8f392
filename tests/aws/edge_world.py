# ruff: noqa: N802 (methods are called as http.server calls them)
"""What CloudFront, API Gateway, Lambda and ECS answer, for what moto does not do: recorded shapes, pages and failures.

Each answer is validated by botocore against its own model of the operation, and written in the service's own protocol.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.session
from botocore.validate import ParamValidator

from aws.world import Answer, AwsHandler, Server, World, members_in_xml
from infralint.sources.aws_account.kinds import KINDS

_loader = botocore.session.get_session()
SERVICES = {service.name: service for kind in KINDS.values() for service in kind.services}
MODELS = {name: _loader.get_service_model(name) for name in SERVICES}
Asked = tuple[str, str, dict[str, str]]
"""Service, operation, parameters."""


class EdgeWorld(World):
    """answers: operation of a service -> what it says, or a function of the parameters; the rest says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[Asked] = []

    def says(self, service: str, operation: str, answer: Any) -> None:
        self.answers[service, operation] = answer

    def answer_edge(self, service: str, operation: str, sent: dict[str, str]) -> Any:
        with self.lock:
            self.asked.append((service, operation, sent))
        found = self.answers.get((service, operation), {})
        return found(sent) if callable(found) else found

    def function(self, name: str, timeout: int = 60, mode: str = "BUFFERED", region: str = "eu-west-1") -> str:
        """A function with a URL, as Lambda describes it: with its environment."""
        arn = f"arn:aws:lambda:{region}:123456789012:function:{name}"
        described = {
            "FunctionName": name,
            "FunctionArn": arn,
            "Runtime": "nodejs22.x",
            "Role": "arn:aws:iam::123456789012:role/answers",
            "Handler": "index.handler",
            "CodeSize": 1024,
            "Timeout": timeout,
            "MemorySize": 128,
            "Environment": {"Variables": {"OPENAI_API_KEY": "hunter2"}},
            "PackageType": "Zip",
        }
        url = {
            "FunctionUrl": f"https://{name}abc.lambda-url.{region}.on.aws/",
            "FunctionArn": arn,
            "CreationTime": "2026-03-01T10:00:00Z",
            "LastModifiedTime": "2026-03-01T10:00:00Z",
            "AuthType": "NONE",
            "InvokeMode": mode,
        }
        known = self.answers.get(("lambda", "ListFunctions"), {"Functions": []})["Functions"]
        self.says("lambda", "ListFunctions", {"Functions": [*known, described]})
        earlier = self.answers.get(("lambda", "ListFunctionUrlConfigs"))

        def urls(sent: dict[str, str]) -> Any:
            if sent["FunctionName"] == arn:
                return {"FunctionUrlConfigs": [url]}
            return earlier(sent) if earlier else {"FunctionUrlConfigs": []}

        self.says("lambda", "ListFunctionUrlConfigs", urls)
        return arn


def distributions(*items: dict[str, Any], after: str = "") -> dict[str, Any]:
    """What ListDistributions says. after: where the next page begins."""
    more = {"NextMarker": after} if after else {}
    whole = {"Marker": "", "MaxItems": 100, "IsTruncated": bool(after), "Quantity": len(items), "Items": list(items)}
    return {"DistributionList": whole | more}


def distribution(id_: str, domain: str, behaviors: tuple[dict[str, Any], ...] = (), **default: Any) -> dict[str, Any]:
    """A distribution with one origin, as CloudFront describes it."""
    custom = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        "OriginReadTimeout": default.pop("read_timeout", 30),
        "OriginKeepaliveTimeout": 5,
    }
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Secret", "HeaderValue": "hunter2"}]}
    origin = {
        "Id": "api",
        "DomainName": domain,
        "OriginPath": "",
        "CustomHeaders": headers,
        "CustomOriginConfig": custom,
    }
    return {
        "Id": id_,
        "ARN": f"arn:aws:cloudfront::123456789012:distribution/{id_}",
        "Status": "Deployed",
        "LastModifiedTime": "2026-03-01T10:00:00Z",
        "DomainName": f"{id_.lower()}.cloudfront.net",
        "Aliases": {"Quantity": 0},
        "Origins": {"Quantity": 1, "Items": [origin]},
        "OriginGroups": {"Quantity": 0},
        "DefaultCacheBehavior": behavior(**default),
        "CacheBehaviors": {"Quantity": len(behaviors), "Items": list(behaviors)},
        "CustomErrorResponses": {"Quantity": 0},
        "Comment": "",
        "PriceClass": "PriceClass_All",
        "Enabled": True,
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "HttpVersion": "http2",
        "IsIPV6Enabled": True,
        "Staging": False,
    }


def behavior(**members: Any) -> dict[str, Any]:
    """A cache behavior that takes every method and caches nothing."""
    methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    return {
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {"Quantity": len(methods), "Items": methods},
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "Compress": True,
    } | members


def written(service: str, operation: str, answer: dict[str, Any]) -> str:
    """An answer in the service's protocol; fails for one that botocore's model does not know."""
    model = MODELS[service]
    shape = model.operation_model(operation).output_shape
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    if model.metadata["protocol"] == "rest-xml":
        payload = shape.serialization["payload"]
        root = shape.members[payload].serialization.get("locationName", payload)
        return f"<{root}>{members_in_xml(shape.members[payload], answer[payload])}</{root}>" if answer else "<Empty/>"
    return json.dumps(_named(shape, answer))


def _named(shape: Any, value: Any) -> Any:
    """A value with its members under the names that they have on the wire."""
    match shape.type_name:
        case "structure":
            unknown = set(value) - set(shape.members)
            assert not unknown, f"{shape.name} has no {unknown}"
            members = shape.members
            return {
                members[key].serialization.get("name", key): _named(members[key], each) for key, each in value.items()
            }
        case "list":
            return [_named(shape.member, each) for each in value]
        case "map":
            return {key: _named(shape.value, each) for key, each in value.items()}
    return value


def _routes() -> list[tuple[str, str, str, re.Pattern[str]]]:
    found = []
    for name, service in SERVICES.items():
        for operation in service.operations:
            http = MODELS[name].operation_model(operation).http
            path = urlsplit(http["requestUri"]).path.rstrip("/")
            pattern = re.sub(r"\\\{(\w+)\\\}", lambda part: f"(?P<{part[1]}>[^/]+)", re.escape(path))
            found.append((name, operation, http["method"], re.compile(pattern + "/?$")))
    return found


ROUTES = _routes()


class _EdgeHandler(AwsHandler):
    world: Any

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        target = self.headers.get("X-Amz-Target", "")
        if not target:
            super().do_POST()
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        self._reply("ecs", target.rpartition(".")[2], body)

    def _answer(self, sent: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/(\w+)/", self.headers.get("Authorization", ""))
        signing = scope[1] if scope else ""
        for name, operation, method, pattern in ROUTES:
            found = pattern.match(unquote(parts.path))
            if method == self.command and found and MODELS[name].signing_name == signing:
                self._reply(name, operation, dict(parse_qsl(parts.query)) | found.groupdict())
                return
        self._send(404, "{}")

    def _reply(self, service: str, operation: str, sent: dict[str, Any]) -> None:
        found = self.world.answer_edge(service, operation, sent)
        if not isinstance(found, Answer):
            self._send(200, written(service, operation, found))
        elif found.status == 0:
            self.close_connection = True
        elif service == "cloudfront":
            error = f"<Error><Type>Sender</Type><Code>{found.code}</Code><Message>{found.message}</Message></Error>"
            self._send(found.status, found.body or f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>")
        else:
            body = json.dumps({"__type": found.code, "code": found.code, "message": found.message})
            self._send(found.status, found.body or body)


def serve(world: EdgeWorld) -> Server:
    """The world on a free port."""
    return Server(world, _EdgeHandler)
