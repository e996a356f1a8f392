"""The headers that a location sends to its backend, as they are during a WebSocket handshake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from infralint.model import NOWHERE, Known, Related, Setting, Unknown, Upgrade
from infralint.platforms.nginx import NAME, Facts, Header, forwards_upgrade
from infralint.sources.nginx.choose import VirtualServer
from infralint.sources.nginx.scopes import Level, Scope, has_hole, hidden
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.variables import Definitions, Moment, Values, moment_of_arrival

_OF_HANDSHAKE = frozenset({"upgrade", "connection", "sec-websocket-key", "sec-websocket-version"})


def headers_of(scope: Scope, directive: str = "proxy_set_header") -> tuple[Sequence[Directive], Level | None]:
    """The proxy_set_header lines that rule here: those of the nearest level that has any, and that level.

    directive: another family's word for it.
    """
    number = scope.ruler_of(directive)
    if number < scope.hiding:
        return [], scope.levels[scope.hiding]
    return (scope.levels[number].by_name[directive], scope.levels[number]) if number >= 0 else ([], None)


def name_of(header: Directive) -> str:
    """The name of a header that a line sets, in lower case."""
    return header.args[0].lower() if header.args else ""


_NEVER_EMPTY = frozenset({"$host", "$http_host", "$proxy_host", "$server_name", "$hostname"})


def find_sent_hosts(scope: Scope, definitions: Definitions, server: VirtualServer) -> list[Known[str]]:
    """The `proxy_set_header Host` lines that surely send a header: nginx sends every one that is not empty."""
    headers, level = headers_of(scope)
    found = []
    for header in headers:
        if name_of(header) == "host":
            value = _value(header, level, definitions, moment_of_arrival(server, None, None))
            text = header.args[1] if len(header.args) > 1 else ""
            always = text in _NEVER_EMPTY and not (level and level.under_condition(header))
            if always or (isinstance(value, Known) and value.value):
                found.append(Known(text, header.where, header.name, written=header.written))
    return found


def sent_headers(facts: Facts, scope: Scope, definitions: Definitions, moment: Moment) -> Mapping[str, Setting[str]]:
    """What a location makes of a request's headers, but for Host: by lower-case name, `*` for all that it does not name.

    nginx sends a header that is set, and not the client's of that name; none where its text is empty.
    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header
    """
    headers, level = headers_of(scope, f"{facts.family}_set_header")
    unset = UNSET_HEADERS[facts.version.speaks_http_1_1] if facts.family == "proxy" else {}
    found: dict[str, list[Setting[str]]] = {}
    for header in headers:
        if (name := name_of(header)) not in ("", "host"):
            found.setdefault(name, []).append(_value(header, level, definitions, moment))
    passing = facts.of_family("pass_request_headers")
    is_hidden = level is not None and bool(level.opaque)
    if not found and not is_hidden and isinstance(passing, Known) and passing.value:
        return unset
    sent = {**unset, **{name: _together(values) for name, values in found.items()}}
    if level is not None and level.opaque:
        sent["*"] = hidden(level.opaque[0], f"{facts.family}_set_header")
    elif isinstance(passing, Unknown):
        sent["*"] = passing
    elif not passing.value:
        sent["*"] = passing.with_value("")
    return sent


UNSET_HEADERS: Mapping[bool, Mapping[str, Setting[str]]] = MappingProxyType(
    {
        is_1_1: MappingProxyType(
            {
                "connection": Known("" if is_1_1 else "close", NOWHERE, "connection", "default"),
                "upgrade": Known("", NOWHERE, "upgrade", "default"),
            }
        )
        for is_1_1 in (False, True)
    }
)
"""Whether nginx speaks HTTP/1.1 to backends by default -> what it makes of the handshake's headers where nothing sets
them; these are shared, for most locations send just so."""


def _together(values: Sequence[Setting[str]]) -> Setting[str]:
    """The one header that several lines of one name send; two of them are joined, or the second is lost, by version."""
    sent = [value for value in values if isinstance(value, Unknown) or value.value]
    if len(sent) < 2:
        return (sent or list(values))[0]
    return Unknown(sent[1].where, sent[1].name, "the header is sent more than once")


def judge_handshake(
    facts: Facts, scope: Scope, definitions: Definitions, moments: Sequence[Moment]
) -> Setting[Upgrade]:
    """What becomes of a handshake, if that is the same in all moments in which it may be sent on."""
    headers, level = headers_of(scope)
    if not any(name_of(header) in _OF_HANDSHAKE for header in headers):
        moments = moments[:1]
    settings = []
    for moment in moments:
        sent = list(_sent_headers(headers, level, definitions, moment))
        settings.append(forwards_upgrade(facts, sent, lambda name: _absent(name, headers, level, facts, scope)))
    if len({setting.value if isinstance(setting, Known) else None for setting in settings}) > 1:
        differing = next((setting for setting in settings if isinstance(setting, Unknown)), None)
        why = "whether the handshake is passed on depends on the way that the request takes here"
        return differing or Unknown(facts.where, NAME, why)
    return settings[0]


def _sent_headers(
    headers: Sequence[Directive], level: Level | None, definitions: Definitions, moment: Moment
) -> Iterator[Header]:
    """The headers that decide about a handshake, each with its value."""
    for header in headers:
        name = name_of(header)
        if name in _OF_HANDSHAKE:
            yield Header(name, _value(header, level, definitions, moment), header.where, header.written)


def _value(header: Directive, level: Level | None, definitions: Definitions, moment: Moment) -> Setting[str]:
    text = header.args[1] if len(header.args) > 1 else ""
    if has_hole(text):
        return Unknown(header.where, NAME, f"`{header.written}` is only known once the file is rendered")
    if level and (conditions := level.under_condition(header)):
        heading = header.source.prepared.headings[conditions[0][0]]
        return Unknown(header.where, NAME, f"`{header.written}` stands only under `{heading}`", "render the template")
    values = definitions.evaluate(text, header, moment)
    if len(values.texts) > 1 and name_of(header) in ("upgrade", "connection"):
        values = values.map(str.lower)  # their case is of no matter
    return setting_of(values, header)


def setting_of(values: Values, at: Directive, name: str = NAME) -> Setting[str]:
    """One text as a setting, where it is known."""
    if values.known is not None:
        return Known(values.known, at.where, at.name, written=at.written)
    missing = "is not in the project" in values.reason
    remedy = "let infralint see the file that sets it" if missing else ""
    return Unknown(at.where, name, f"`{at.written}`: {values.reason}", remedy)


def _absent(
    name: str, headers: Sequence[Directive], level: Level | None, facts: Facts, scope: Scope
) -> Setting[Upgrade]:
    """No such header rules here: lost by inheritance, hidden in an include, or never set."""
    if level is not None and level.opaque:
        return hidden(level.opaque[0], f"proxy_set_header {name}")
    unrendered = next((header for header in headers if header.args and has_hole(header.args[0])), None)
    if unrendered is not None:
        why = f"`{unrendered.written}` sets a header that is only known once the file is rendered"
        return Unknown(unrendered.where, NAME, why)
    lost = _lost(name.lower(), level, scope)
    if lost is not None and headers:
        because = f"`{headers[0].written}` here cancels every inherited proxy_set_header, and so loses `{lost.written}`"
        related = (Related("set here, and not inherited", lost.where),)
        return Known("dropped", headers[0].where, NAME, written=headers[0].written, because=because, related=related)
    half = next((header for header in headers if name_of(header) in ("upgrade", "connection")), None)
    if half is not None:
        because = f"`{half.written}` is set, but `proxy_set_header {name}` is missing"
        return Known("dropped", half.where, NAME, written=half.written, because=because)
    because = f"nothing sets `proxy_set_header {name}`, and nginx does not pass it on by itself"
    return Known("dropped", facts.where, NAME, "default", because=because)


def _lost(name: str, level: Level | None, scope: Scope) -> Directive | None:
    """A header of that name at an outer level than the one that rules."""
    outer = scope.levels[: scope.levels.index(level)] if level in scope.levels else ()
    for around in reversed(outer):
        for header in around.by_name.get("proxy_set_header", ()):
            if name_of(header) == name:
                return header
    return None
