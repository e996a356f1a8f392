"""One serverless.yml: its functions, their URLs, and the APIs that hand requests to them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec

from infralint.model import Known, Location, Node, Pool, Setting, Unfollowed, Unknown, Unreadable
from infralint.platforms import api_gateway, lambda_functions
from infralint.platforms.api_gateway import Api, ApiIntegration, ApiKind
from infralint.platforms.assignment import YAML_STYLE
from infralint.platforms.lambda_code import with_code
from infralint.platforms.lambda_functions import FunctionFacts, FunctionUrl
from infralint.project import Project
from infralint.project.lambda_handlers import find_streaming
from infralint.sources.serverless.variables import Untold, Variables, Written
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.placeholders import has_mark
from infralint.text.suggestions import mistyped_for
from infralint.text.yaml_places import YamlSpan, YamlValue, read_yaml

FUNCTION_TIMEOUT = 6.0
"""Seconds that the framework gives a function unless more is set.

https://www.serverless.com/framework/docs/providers/aws/guide/functions
"""
MOST_EVENTS = 2000
"""Routes of a service that are read; CloudFormation takes 500 resources in a stack, and each is one or more.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
_REGIONAL = "provider:\n  endpointType: REGIONAL"
_KINDS: dict[str, ApiKind] = {"http": "REST", "httpApi": "HTTP", "websocket": "WEBSOCKET"}


class _Function(msgspec.Struct, frozen=True):
    """A function by its name in the file."""

    name: str
    body: Written
    where: Location


class ServerlessService(msgspec.Struct):
    """A service on AWS.

    unfollowed: what could not be worked out, so that functions may be there. seen: what stands in front of functions and
    is not read.
    """

    project: Project
    root: Written
    variables: Variables
    unfollowed: list[Unfollowed] = []
    seen: list[str] = []
    refused: list[Unreadable] = []
    _mistyped: set[str] = set()

    @classmethod
    def parse(cls, project: Project, path: str) -> ServerlessService:
        """Raises CantRead, YamlProblem."""
        documents = read_yaml(project.utf8_text(path))
        empty = YamlValue(YamlSpan(1, 1, 1), members={})
        root = Written(documents[0] if documents else empty, path)
        return cls(project, root, Variables(project, root))

    @property
    def shown(self) -> str:
        return self.project.show(self.root.path)

    @property
    def name(self) -> str:
        return self.root.value.text_of("service") or self.root.value.text_of("service", "name") or self.shown

    @property
    def is_whole(self) -> bool:
        """Whether it is a service, and no part of one that another file takes in."""
        return self.root.value.get("provider") is not None

    @property
    def refusals(self) -> list[Unreadable]:
        """What the framework could not read, in this file and in those that it names."""
        return [*self.refused, *self.variables.unreadable.values()]

    def is_on_aws(self) -> bool:
        """Whether it is a service on AWS; notes what keeps that from being told."""
        root = self.root.value
        if root.members is None:
            self.refuse(self.root, "expected a mapping with service, provider and functions")
            return False
        if not self.is_whole:
            if root.get("service") is not None and root.get("functions") is not None:
                self._leave("names no provider, and so what its functions run on can't be told")
            return False
        found = self.part(self.root, "provider")
        if isinstance(found, Written) and found.value.members is not None:
            found = self.part(found, "name") or found
        if isinstance(found, Untold):
            self._leave(f"its provider can't be told: {found}")
            return False
        if found is None or not found.value.text:
            self.refuse(found or self.root, "provider: expected aws, or a mapping with its name")
            return False
        if found.value.text != "aws":
            self.see("Serverless Framework for another provider than AWS")
        return found.value.text == "aws"

    def _leave(self, why: str) -> None:
        self.unfollowed.append(Unfollowed(Location(self.shown), why))

    def refuse(self, found: Written, why: str) -> None:
        """Note what the framework could not read."""
        span = found.value.span
        self.refused.append(self.project.unreadable(found.path, why, span.line, span.column))

    def see(self, kind: str) -> None:
        """Note, once, what is not read."""
        if kind not in self.seen:
            self.seen.append(kind)

    def functions(self) -> list[_Function]:
        """The functions, as far as they can be worked out; of several with one name, the last."""
        listed = self.part(self.root, "functions")
        for key in (self.root.value.members or {}) if listed is None else ():
            if mistyped_for(key, ("functions",)):
                self._leave(f"has `{key}`, which the framework passes over; write `functions`")
        if isinstance(listed, Written) and listed.value.items is not None:
            parts = [self.resolve(Written(item, listed.path)) for item in listed.value.items]
        else:
            parts = [listed] if listed is not None else []
        found: dict[str, _Function] = {}
        for part in parts:
            if isinstance(part, Untold):
                self._leave(f"its functions can't be told: {part}")
            elif part.value.members is None:
                if not part.value.is_null:
                    self.refuse(part, "functions: expected a mapping of names to functions")
            else:
                found |= {function.name: function for function in self._functions_in(part)}
        return list(found.values())

    def _functions_in(self, found: Written) -> Iterator[_Function]:
        for name, body in (found.value.members or {}).items():
            result = self.resolve(Written(body, found.path))
            if isinstance(result, Untold):
                self._leave(f"its function {name} can't be told: {result}")
            elif result.value.members is not None:
                self._note_mistyped(name, result.value.members)
                self._refuse_headless(name, result)
                yield _Function(name, result, self.place(found.path, found.value, name))
            else:
                self.refuse(result, f"functions.{name}: expected a mapping with its handler and events")

    def _note_mistyped(self, name: str, members: Collection[str]) -> None:
        """Keys that the framework passes over, where one that says how a function is reached is meant."""
        wanted = _REACHED - {*members}
        for key, near in ((key, mistyped_for(key, wanted)) for key in members):
            if near:
                self._leave(f"its function {name} has `{key}`, which the framework passes over; write `{near}`")
                return

    def _refuse_headless(self, name: str, body: Written) -> None:
        """Refuse a function that says nothing of its code, where a key is nearly one that does: plugins may bring others.

        https://www.serverless.com/framework/docs/providers/aws/guide/functions
        """
        members = body.value.members or {}
        for key in members if members.keys().isdisjoint(_CODE) else ():
            if near := mistyped_for(key, _CODE):
                at = Written(YamlValue(body.value.keys.get(key, body.value.span)), body.path)
                self.refuse(at, f"functions.{name}: there is no key `{key}`; did you mean {near}?")

    def note_mistyped_event(self, function: str, members: Collection[str]) -> None:
        """Events that the framework does not know, and that are nearly those that it knows; the first of a function."""
        for key, near in ((key, mistyped_for(key, _EVENTS)) for key in members):
            if near and function not in self._mistyped:
                self._mistyped.add(function)
                self._leave(
                    f"its function {function} has an event `{key}`, which the framework passes over; write `{near}`"
                )

    def resolve(self, found: Written) -> Written | Untold:
        return self.variables.resolve(found)

    def part(self, owner: Written, key: str) -> Written | Untold | None:
        """What a member comes to; None where it is left out or null."""
        value = owner.value.get(key)
        if value is None:
            return None
        result = self.resolve(Written(value, owner.path))
        return None if isinstance(result, Written) and result.value.is_null else result

    def place(self, path: str, owner: YamlValue, key: str) -> Location:
        """Where a key stands, to the end of its value if that is on the same line."""
        span = owner.keys.get(key, owner.span)
        value = (owner.members or {}).get(key)
        end = value.span.end_column if value is not None and value.span.line == span.line else span.end_column
        return Location(self.project.show(path), span.line, span.column, span.line, max(end, span.column + 1))

    def setting(
        self, owner: Written | Untold, key: str, default: Any, convert: Callable[[str], Any], where: Location
    ) -> Setting[Any]:
        """A member as a setting; where nothing sets it, the default. where: what stands for one that is left out."""
        if isinstance(owner, Untold):
            return Unknown(where, key, f"{owner}")
        value = owner.value.get(key)
        if value is None or value.is_null:
            return Known(default, where, key, "default")
        place = self.place(owner.path, owner.value, key)
        result = self.resolve(Written(value, owner.path))
        written = f"{key}: {value.text}" if value.text is not None else key
        if isinstance(result, Untold):
            return Unknown(place, key, f"`{written}`: {result}")
        is_written = result.value is value
        if result.value.text is None:
            why = f"`{written}`: the framework takes no list and no mapping for {key}"
            return Unknown(place, key, why, refused=is_written)
        try:
            return Known(convert(result.value.text), place, key, "explicit", written)
        except ValueError:
            why = f"`{written}`: the framework takes no {result.value.text!r} for {key}"
            return Unknown(place, key, why, refused=is_written and not has_mark(result.value.text))

    @property
    def provider(self) -> Written | Untold:
        """What all functions share."""
        found = self.part(self.root, "provider")
        is_mapping = isinstance(found, Written) and found.value.members is not None
        empty = YamlValue(self.root.value.span, members={})
        return (
            found if found is not None and (is_mapping or isinstance(found, Untold)) else Written(empty, self.root.path)
        )


def _number(least: int, most: int) -> Callable[[str], float]:
    """A reader of whole numbers within bounds."""

    def convert(text: str) -> float:
        number = whole_number(text) if text.isascii() and text.isdecimal() else -1
        if not least <= number <= most:
            raise ValueError(text)
        return float(number)

    return convert


def _choice(*words: str) -> Callable[[str], str]:
    """A reader of words in any case."""

    def convert(text: str) -> str:
        if text.upper() not in words:
            raise ValueError(text)
        return text.upper()

    return convert


_SECONDS = _number(1, 900)
_MILLISECONDS = _number(50, 10**9)
_CODE = ("handler", "image")
_REACHED = frozenset({"events", "url"})
_EVENTS = tuple(
    "activemq alb alexaSkill alexaSmartHome cloudFront cloudwatchEvent cloudwatchLog cognitoUserPool eventBridge http"
    " httpApi iot iotFleetProvisioning kafka msk rabbitmq s3 schedule sns sqs stream websocket".split()
)
"""https://www.serverless.com/framework/docs/providers/aws/guide/events"""
_ELSEWHERE = {"alb": "an Application Load Balancer", "cloudFront": "CloudFront"}


def nodes_of(service: ServerlessService) -> list[Node]:
    """What of a service stands on a stream's way."""
    if not service.is_on_aws():
        return []
    functions = service.functions()
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
    shared = service.setting(service.provider, "timeout", FUNCTION_TIMEOUT, _SECONDS, function.where)
    timeout = service.setting(function.body, "timeout", None, _SECONDS, function.where)
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


_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_INVOKED = _choice("BUFFERED", "RESPONSE_STREAM")


def _urls(service: ServerlessService, function: _Function) -> Iterator[Node]:
    """The URL of a function, where it has one.

    https://www.serverless.com/framework/docs/providers/aws/guide/functions#lambda-function-urls
    """
    config = service.part(function.body, "url")
    if config is None or (isinstance(config, Written) and config.value.text in _FALSE):
        return
    where = service.place(function.body.path, function.body.value, "url")
    if isinstance(config, Written) and config.value.members is None and config.value.text not in _TRUE:
        service.refuse(config, f"functions.{function.name}.url: expected true, or a mapping with invokeMode")
        return
    url = FunctionUrl(
        name=f"the URL of {function.name}",
        where=where,
        mode=service.setting(config, "invokeMode", lambda_functions.BUFFERED, _INVOKED, where),
        pool=Pool(references=(_reference(service, function),)),
        names=(f"{_reference(service, function)}#url",),
        style=YAML_STYLE,
    )
    yield lambda_functions.url_node(url, scope=service.shown)


# APIs


def _apis(service: ServerlessService, functions: list[_Function]) -> Iterator[Api]:
    """One API of each kind that events ask for."""
    found: dict[str, list[ApiIntegration]] = {}
    events = ((function, *event) for function in functions for event in _events(service, function))
    for position, (function, kind, event, where) in enumerate(events):
        if position >= MOST_EVENTS:
            service.unfollowed.append(
                Unfollowed(where, f"infralint reads no more than {MOST_EVENTS} routes of a service")
            )
            break
        found.setdefault(kind, []).append(_integration(service, function, kind, event, where))
    for kind, integrations in found.items():
        where = integrations[0].where
        endpoint = service.setting(
            service.provider, "endpointType", "EDGE", _choice("EDGE", "REGIONAL", "PRIVATE"), where
        )
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
    listed = service.part(function.body, "events")
    name = f"functions.{function.name}.events"
    if isinstance(listed, Untold):
        service.unfollowed.append(Unfollowed(function.where, f"its events can't be told: {listed}"))
    elif listed is not None and listed.value.items is None:
        service.refuse(listed, f"{name}: expected a list of events")
    elif listed is not None:
        for item in listed.value.items or ():
            event = service.resolve(Written(item, listed.path))
            if isinstance(event, Untold):
                service.unfollowed.append(Unfollowed(function.where, f"an event of it can't be told: {event}"))
            else:
                yield from _in_event(service, function, event)


def _in_event(
    service: ServerlessService, function: _Function, event: Written
) -> Iterator[tuple[str, Written, Location]]:
    """What one event of a function says of an API."""
    name = f"functions.{function.name}.events"
    service.note_mistyped_event(function.name, event.value.members or ())
    for kind, what in _ELSEWHERE.items():
        if event.value.get(kind) is not None:
            service.see(f"{what} in front of functions of the Serverless Framework")
    if event.value.text in _KINDS:
        service.refuse(
            event, f"{name}: expected what `{event.value.text}` asks for, as `{event.value.text}: GET /chat`"
        )
    for kind in _KINDS:
        value = event.value.get(kind)
        if value is None:
            continue
        where = service.place(event.path, event.value, kind)
        result = service.resolve(Written(value, event.path))
        if isinstance(result, Untold):
            service.unfollowed.append(Unfollowed(where, f"a route can't be told: {result}"))
        elif result.value.members is None and (not result.value.text or result.value.is_null):
            service.refuse(result, f"{name}: {kind} takes a route such as `GET /chat`, or a mapping with its path")
        else:
            yield kind, result, where


_ROUTE = lazy(r"(?:([A-Za-z*]+)\s+)?(\S+)")


def _integration(
    service: ServerlessService, function: _Function, kind: str, event: Written, where: Location
) -> ApiIntegration:
    """What an event asks of its API.

    https://www.serverless.com/framework/docs/providers/aws/events/apigateway
    https://www.serverless.com/framework/docs/providers/aws/events/http-api
    """
    text = event.value.text
    route = _ROUTE.fullmatch(text.strip()) if text and "${" not in text else None
    method = (route[1] if route else _plain(service, event, "method")) or "ANY"
    path = (route[2] if route else _plain(service, event, "path")) or "*"
    longest = api_gateway.HTTP_TIMEOUT if kind == "httpApi" else api_gateway.REST_TIMEOUT
    answer = service.part(event, "response") if event.value.get("response") is not None else event
    timeout = service.setting(event, "timeoutInMillis", 1000 * longest, _MILLISECONDS, where)
    return ApiIntegration(
        where=where,
        timeout=timeout.with_value(timeout.value / 1000) if isinstance(timeout, Known) else timeout,
        transfer=service.setting(answer or event, "transferMode", "BUFFERED", _choice("BUFFERED", "STREAM"), where),
        pool=Pool(references=(_reference(service, function),)),
        route="" if path == "*" or kind == "websocket" else f"/{path.lstrip('/')}",
        method="ANY" if method == "*" else method.upper(),
    )


def _plain(service: ServerlessService, event: Written, key: str) -> str:
    """A text of an event; "" where it is left out or not known here, which may be any."""
    found = service.part(event, key)
    text = found.value.text if isinstance(found, Written) else None
    return text if text is not None else ""
