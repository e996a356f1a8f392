"""One serverless.yml: its functions, their URLs, and the APIs that hand requests to them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from infralint.model import Known, Location, Node, Pool, Setting, Unfollowed, Unknown
from infralint.platforms import api_gateway, lambda_functions
from infralint.platforms.api_gateway import Api, ApiIntegration, ApiKind
from infralint.platforms.assignment import YAML_STYLE
from infralint.platforms.lambda_code import with_code
from infralint.platforms.lambda_functions import FunctionFacts, FunctionUrl
from infralint.project import Project
from infralint.project.lambda_handlers import find_streaming
from infralint.sources.serverless.variables import Untold, Written, resolve
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlValue, read_yaml

FUNCTION_TIMEOUT = 6.0
"""Seconds that the framework gives a function unless more is set.

https://www.serverless.com/framework/docs/providers/aws/guide/functions
"""
_REGIONAL = "provider:\n  endpointType: REGIONAL"
_KINDS: dict[str, ApiKind] = {"http": "REST", "httpApi": "HTTP", "websocket": "WEBSOCKET"}


class _Function(msgspec.Struct, frozen=True):
    """A function by its name in the file."""

    name: str
    body: Written
    where: Location


class ServerlessService(msgspec.Struct):
    """A service on AWS. unfollowed: what could not be worked out, so that functions may be there."""

    project: Project
    root: Written
    unfollowed: list[Unfollowed] = []

    @classmethod
    def parse(cls, project: Project, path: str) -> ServerlessService:
        """Raises CantRead, YamlProblem."""
        documents = read_yaml(project.utf8_text(path))
        empty = YamlValue((1, 1, 1), members={})  # type: ignore[arg-type]
        return cls(project, Written(documents[0] if documents else empty, path))

    @property
    def shown(self) -> str:
        return self.project.show(self.root.path)

    @property
    def name(self) -> str:
        return self.root.value.text_of("service") or self.root.value.text_of("service", "name") or self.shown

    @property
    def is_on_aws(self) -> bool:
        """Whether its provider is AWS."""
        return "aws" in (self.root.value.text_of("provider"), self.provider.value.text_of("name"))

    @property
    def is_whole(self) -> bool:
        """Whether it is a service, and no part of one that another file takes in."""
        return self.root.value.get("provider") is not None

    def functions(self) -> Iterator[_Function]:
        """The functions, as far as they can be worked out."""
        listed = self.root.value.get("functions")
        parts = (listed.items if listed is not None and listed.items is not None else [listed]) if listed else []
        for part in parts:
            found = self.resolve(Written(part, self.root.path)) if part is not None else None
            if isinstance(found, Untold):
                self.unfollowed.append(Unfollowed(Location(self.shown), f"its functions in {found.text} can't be told"))
            elif found is not None:
                yield from self._functions_in(found)

    def _functions_in(self, found: Written) -> Iterator[_Function]:
        for name, body in (found.value.members or {}).items():
            result = self.resolve(Written(body, found.path))
            if isinstance(result, Untold):
                why = f"its function {name} in {result.text} can't be told"
                self.unfollowed.append(Unfollowed(Location(self.shown), why))
            elif result.value.members is not None:
                yield _Function(name, result, self.place(found.path, found.value, name))

    def resolve(self, found: Written) -> Written | Untold:
        return resolve(self.project, self.root, found)

    def place(self, path: str, owner: YamlValue, key: str) -> Location:
        """Where a key stands, to the end of its value if that is on the same line."""
        span = owner.keys.get(key, owner.span)
        value = (owner.members or {}).get(key)
        end = value.span.end_column if value is not None and value.span.line == span.line else span.end_column
        return Location(self.project.show(path), span.line, span.column, span.line, max(end, span.column + 1))

    def setting(
        self, owner: Written, key: str, default: Any, convert: Callable[[str], Any], where: Location
    ) -> Setting[Any]:
        """A member as a setting; where nothing sets it, the default. where: what stands for one that is left out."""
        value = owner.value.get(key)
        if value is None or value.is_null:
            return Known(default, where, key, "default")
        place = self.place(owner.path, owner.value, key)
        written = f"{key}: {value.text}"
        result = self.resolve(Written(value, owner.path))
        if isinstance(result, Untold):
            return Unknown(place, key, f"`{written}`: {result.text} is known only where the service is deployed")
        if result.value.text is None:
            return Unknown(place, key, f"`{written}` is no simple value")
        try:
            return Known(convert(result.value.text), place, key, "explicit", written)
        except ValueError:
            return Unknown(place, key, f"`{written}`: the framework takes no {result.value.text!r} for {key}")

    @property
    def provider(self) -> Written:
        """What all functions share."""
        found = self.root.value.get("provider")
        result = self.resolve(Written(found, self.root.path)) if found is not None else self.root
        is_mapping = isinstance(result, Written) and result.value.members is not None and found is not None
        empty = YamlValue(self.root.value.span, members={})
        return result if is_mapping and isinstance(result, Written) else Written(empty, self.root.path)


def nodes_of(service: ServerlessService) -> list[Node]:
    """What of a service stands on a stream's way."""
    if not service.is_on_aws:
        return []
    functions = list(service.functions())
    found: list[Node] = [api_gateway.node_of(api, scope=service.shown) for api in _apis(service, functions)]
    found = [node for node in found if node.hops]
    found += [node for function in functions for node in _urls(service, function)]
    dialled = {reference for node in found for hop in node.hops for reference in hop.pool.references}
    found += [_function_node(service, function) for function in functions if _reference(service, function) in dialled]
    handlers = {_reference(service, function): function.body.value.text_of("handler") for function in functions}
    folder = posixpath.dirname(service.root.path)
    return with_code(found, lambda reference: find_streaming(service.project, folder, handlers.get(reference, "")))


def _reference(service: ServerlessService, function: _Function) -> str:
    """What others here dial a function by."""
    return f"{service.shown}#{function.name}"


def _function_node(service: ServerlessService, function: _Function) -> Node:
    shared = service.setting(service.provider, "timeout", FUNCTION_TIMEOUT, float, function.where)
    timeout = service.setting(function.body, "timeout", None, float, function.where)
    is_left_out = isinstance(timeout, Known) and timeout.value is None
    facts = FunctionFacts(
        name=f"the function {function.name}",
        where=function.where,
        timeout=shared if is_left_out else timeout,
        names=(_reference(service, function),),
        aliases=(function.name,),
        style=YAML_STYLE,
    )
    return lambda_functions.function_node(facts, scope=service.shown)


def _urls(service: ServerlessService, function: _Function) -> Iterator[Node]:
    """The URL of a function, where it has one.

    https://www.serverless.com/framework/docs/providers/aws/guide/functions#lambda-function-urls
    """
    value = function.body.value.get("url")
    if value is None or value.text in ("false", "null", ""):
        return
    where = service.place(function.body.path, function.body.value, "url")
    config = Written(value, function.body.path)
    url = FunctionUrl(
        name=f"the URL of {function.name}",
        where=where,
        mode=service.setting(config, "invokeMode", lambda_functions.BUFFERED, str.upper, where),
        pool=Pool(references=(_reference(service, function),)),
        names=(f"{_reference(service, function)}#url",),
        style=YAML_STYLE,
    )
    yield lambda_functions.url_node(url, scope=service.shown)


# APIs


def _apis(service: ServerlessService, functions: list[_Function]) -> Iterator[Api]:
    """One API of each kind that events ask for."""
    found: dict[str, list[ApiIntegration]] = {}
    for function in functions:
        for kind, event, where in _events(service, function):
            found.setdefault(kind, []).append(_integration(service, function, kind, event, where))
    for kind, integrations in found.items():
        where = integrations[0].where
        endpoint = service.setting(service.provider, "endpointType", "EDGE", str.upper, where)
        yield Api(
            name=f"the {_WORDS[kind]} of {service.name}",
            where=where,
            kind=Known(_KINDS[kind], where, kind, "default"),
            endpoint=endpoint,
            integrations=tuple(integrations),
            stages=_stages(service) if kind == "http" else frozenset(),
            names=(f"{service.shown}#{kind}",),
            style=YAML_STYLE,
            timeout_name="timeoutInMillis",
            transfer_name="transferMode",
            regional=_REGIONAL,
        )


def _stages(service: ServerlessService) -> frozenset[str]:
    """The name that stands before the paths of a REST API."""
    stage = service.setting(service.provider, "stage", "dev", str, Location(service.shown))
    return frozenset({stage.value}) if isinstance(stage, Known) else frozenset()


_WORDS = {"http": "REST API", "httpApi": "HTTP API", "websocket": "WebSocket API"}


def _events(service: ServerlessService, function: _Function) -> Iterator[tuple[str, Written, Location]]:
    """The events by which an API hands requests to a function."""
    listed = function.body.value.get("events")
    for event in listed.items or () if listed is not None else ():
        for kind in _KINDS:
            value = event.get(kind)
            if value is not None:
                result = service.resolve(Written(value, function.body.path))
                if isinstance(result, Written):
                    yield kind, result, service.place(function.body.path, event, kind)


_ROUTE = lazy(r"(?:([A-Za-z*]+)\s+)?(\S+)")


def _integration(
    service: ServerlessService, function: _Function, kind: str, event: Written, where: Location
) -> ApiIntegration:
    """What an event asks of its API.

    https://www.serverless.com/framework/docs/providers/aws/events/apigateway
    https://www.serverless.com/framework/docs/providers/aws/events/http-api
    """
    route = _ROUTE.fullmatch(event.value.text.strip()) if event.value.text else None
    method = (route[1] if route else event.value.text_of("method")) or "ANY"
    path = (route[2] if route else event.value.text_of("path")) or "*"
    longest = api_gateway.HTTP_TIMEOUT if kind == "httpApi" else api_gateway.REST_TIMEOUT
    response = event.value.get("response")
    answer = Written(response, event.path) if response is not None else event
    timeout = service.setting(event, "timeoutInMillis", 1000 * longest, float, where)
    return ApiIntegration(
        where=where,
        timeout=timeout.with_value(timeout.value / 1000) if isinstance(timeout, Known) else timeout,
        transfer=service.setting(answer, "transferMode", "BUFFERED", str.upper, where),
        pool=Pool(references=(_reference(service, function),)),
        route="" if path == "*" or kind == "websocket" else f"/{path.lstrip('/')}",
        method="ANY" if method == "*" else method.upper(),
    )
