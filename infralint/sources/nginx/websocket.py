"""What becomes of a WebSocket handshake in a location."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from infralint.model import Known, Location, Related, Setting, Unknown, Upgrade
from infralint.sources.nginx.conditions import holds
from infralint.sources.nginx.scopes import Level, Scope, has_hole, hidden, word
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.versions import Version
from infralint.text.lazy import lazy

NAME = "proxy_set_header Upgrade"
Maps = Mapping[str, list[Directive]]
"""`map` blocks by the variable they set."""


def headers_of(scope: Scope, name: str = "proxy_set_header") -> tuple[list[Directive], Level | None]:
    """The proxy_set_header lines that rule here: those of the nearest level that has any, and that level."""
    for level in reversed(scope.levels):
        if name in level.by_name:
            return level.by_name[name], level
        if level.opaque:
            return [], level
    return [], None


def forwards_upgrade(scope: Scope, maps: Maps, version: Version, where: Location) -> Setting[Upgrade]:
    """Whether `Upgrade` and `Connection` reach the backend, and over which HTTP."""
    headers, level = headers_of(scope)
    upgrade = _upgrade(headers, level, scope, maps, where)
    if isinstance(upgrade, Unknown) or upgrade.value != "forwarded":
        return upgrade
    connection = _connection(headers, level, scope, maps, where)
    if isinstance(connection, Unknown) or connection.value != "forwarded":
        return connection
    return _other_obstacles(scope, where) or _over_http(scope, version, where, connection)


def _upgrade(
    headers: Sequence[Directive], level: Level | None, scope: Scope, maps: Maps, where: Location
) -> Setting[Upgrade]:
    found = [one for one in headers if _header(one) == "upgrade"]
    if not found:
        return _absent("Upgrade", headers, level, scope, where)
    if doubt := _conditional(found, level):
        return doubt
    values = [_value(one, scope, maps) for one in found]
    for value in values:
        if isinstance(value, Unknown):
            return value
    sent = [
        (value.value, one) for value, one in zip(values, found, strict=True) if isinstance(value, Known) and value.value
    ]
    if len(sent) > 1:
        why = f"`{sent[0][1].written}` and `{sent[1][1].written}` both send the header, and backends refuse it twice"
        return Known("dropped", sent[1][1].where, NAME, written=sent[1][1].written, because=why)
    if any(text.lower() == "websocket" for text, _ in sent):
        return Known("forwarded", found[0].where, NAME, written=found[0].written)
    why = f"`{found[0].written}` does not pass on what the browser asks for; the value is $http_upgrade"
    return Known("dropped", found[0].where, NAME, written=found[0].written, because=why)


def _connection(
    headers: Sequence[Directive], level: Level | None, scope: Scope, maps: Maps, where: Location
) -> Setting[Upgrade]:
    found = [one for one in headers if _header(one) == "connection"]
    if not found:
        return _absent("Connection", headers, level, scope, where)
    if doubt := _conditional(found, level):
        return doubt
    values = [_value(one, scope, maps) for one in found]
    known = [value.value for value in values if isinstance(value, Known)]
    if any("upgrade" in re.split(r"[\s,]+", value.lower()) for value in known):
        return Known("forwarded", found[0].where, NAME, written=found[0].written)
    for value in values:
        if isinstance(value, Unknown):
            return value
    why = f"`{found[-1].written}` sends no `Connection: upgrade` to the backend"
    return Known("dropped", found[-1].where, NAME, written=found[-1].written, because=why)


def _conditional(found: Sequence[Directive], level: Level | None) -> Unknown | None:
    """A header that only some renderings of a template set."""
    for one in found if level else ():
        if level and (held := level.under_condition(one)):
            heading = one.source.prepared.headings[held[0][0]]
            return Unknown(one.where, NAME, f"`{one.written}` stands only under `{heading}`", "render the template")
    return None


def _absent(
    name: str, headers: Sequence[Directive], level: Level | None, scope: Scope, where: Location
) -> Setting[Upgrade]:
    """No such header rules here: lost by inheritance, hidden in an include, or never set."""
    if level is not None and level.opaque:
        return hidden(level.opaque[0], f"proxy_set_header {name}")
    if any(has_hole(one.args[0]) for one in headers if one.args):
        one = next(one for one in headers if one.args and has_hole(one.args[0]))
        return Unknown(one.where, NAME, f"`{one.written}` sets a header that is only known once the file is rendered")
    lost = _lost(name.lower(), level, scope)
    if lost is not None and headers:
        why = f"`{headers[0].written}` here cancels every inherited proxy_set_header, and so loses `{lost.written}`"
        related = (Related("set here, and not inherited", lost.where),)
        return Known("dropped", headers[0].where, NAME, written=headers[0].written, because=why, related=related)
    other = next((one for one in headers if _header(one) in ("upgrade", "connection")), None)
    if other is not None:
        why = f"`{other.written}` alone is half of it: `proxy_set_header {name}` is missing"
        return Known("dropped", other.where, NAME, written=other.written, because=why)
    return Known(
        "dropped",
        where,
        NAME,
        "default",
        because=f"nothing sets `proxy_set_header {name}`, and nginx does not pass it on by itself",
    )


def _lost(name: str, level: Level | None, scope: Scope) -> Directive | None:
    """A header of that name at an outer level than the one that rules."""
    outer = scope.levels[: scope.levels.index(level)] if level in scope.levels else ()
    for one in reversed(outer):
        for header in one.by_name.get("proxy_set_header", ()):
            if _header(header) == name:
                return header
    return None


def _header(one: Directive) -> str:
    return one.args[0].lower() if one.args else ""


def _value(one: Directive, scope: Scope, maps: Maps) -> Setting[str]:
    """What a header's value is for a WebSocket handshake."""
    text = one.args[1] if len(one.args) > 1 else ""
    if has_hole(text):
        return Unknown(one.where, NAME, f"`{one.written}` is only known once the file is rendered")
    filled = during_handshake(text, scope, maps, set())
    if filled is None:
        why = f"`{one.written}`: what sets the variable is not in the project"
        return Unknown(one.where, NAME, why, "let infralint see the file with its `map`")
    return Known(filled, one.where, NAME, written=one.written)


_VARIABLE = lazy(r"\$\{?(\w+)\}?")
_HANDSHAKE = {"http_upgrade": "websocket", "http_connection": "Upgrade"}
_HARMLESS = lazy(r"(?:host|http_\w+|remote_\w+|scheme|server_\w+|proxy_\w+|request\w*|uri|args?|arg_\w+|cookie_\w+)")


def during_handshake(text: str, scope: Scope, maps: Maps, seen: set[str]) -> str | None:
    """A text with variables as they are during a handshake; None where one can't be told."""
    result = text
    for name in _VARIABLE.findall(text):
        value = _variable(name, scope, maps, seen)
        if value is None:
            return None
        result = re.sub(rf"\$\{{?{name}\}}?(?!\w)", lambda _, value=value: value, result)  # type: ignore[misc]
    return result


def _variable(name: str, scope: Scope, maps: Maps, seen: set[str]) -> str | None:
    if name in _HANDSHAKE:
        return _HANDSHAKE[name]
    if name in seen:
        return None
    if name in maps:
        return _mapped(maps[name], scope, maps, {*seen, name})
    if _HARMLESS.fullmatch(name):
        return ""
    value: str | None = None
    for one in _assignments(scope, name):
        if one is None:
            return None
        value = one
    return None if value is None else during_handshake(value, scope, maps, {*seen, name})


def _assignments(scope: Scope, name: str) -> Iterator[str | None]:
    """What a variable is set to during a handshake, in nginx's order; None where a condition leaves it open."""
    for level in scope.levels:
        for one in level.directives:
            if _sets(one, name) and len(one.args) == 2:
                yield None if level.under_condition(one) else one.args[1]
            elif one.name == "if" and (inner := [each for each in one.block or () if _sets(each, name)]):
                fits = holds(one, "websocket")
                if fits is None:
                    yield None
                elif fits:
                    yield from (each.args[1] for each in inner if len(each.args) == 2)


def _sets(one: Directive, name: str) -> bool:
    return one.name == "set" and one.args[:1] == [f"${name}"]


def _mapped(blocks: Sequence[Directive], scope: Scope, maps: Maps, seen: set[str]) -> str | None:
    """What `map` gives for a handshake; several blocks must agree."""
    results = {_one_map(block, scope, maps, seen) for block in blocks}
    return results.pop() if len(results) == 1 else None


def _one_map(block: Directive, scope: Scope, maps: Maps, seen: set[str]) -> str | None:
    given = during_handshake(block.args[0], scope, maps, seen)
    if given is None or block.block is None:
        return None
    entries = [(entry.name, entry.args[0] if entry.args else "") for entry in block.block]
    if any(key in ("include", "hostnames") or has_hole(key) for key, _ in entries):
        return None
    # nginx looks strings up before it tries expressions, in their order.
    ordered = sorted(entries, key=lambda one: (one[0] == "default", one[0].startswith("~")))
    value = next((value for key, value in ordered if key == "default" or _entry_matches(key, given)), "")
    return during_handshake(value, scope, maps, seen)


def _entry_matches(key: str, given: str) -> bool:
    from infralint.sources.nginx.choose import matches

    if key.startswith("~"):
        return matches(key[2:] if key.startswith("~*") else key[1:], given, key.startswith("~*"))
    return key.lower() == given.lower()


def _other_obstacles(scope: Scope, where: Location) -> Setting[Upgrade] | None:
    passes = scope.setting("proxy_pass_request_headers", "on", where, word)
    if isinstance(passes, Known) and passes.value == "off":
        return Known(
            "dropped",
            passes.where,
            passes.name,
            written=passes.written,
            because=f"`{passes.written}` drops the Sec-WebSocket headers",
        )
    method = scope.setting("proxy_method", "", where, word)
    if isinstance(method, Known) and method.value not in ("", "get"):
        return Known(
            "dropped",
            method.where,
            method.name,
            written=method.written,
            because=f"`{method.written}` turns the handshake's GET into another method",
        )
    return None


def _over_http(scope: Scope, version: Version, where: Location, headers: Known[Upgrade]) -> Setting[Upgrade]:
    """The handshake needs HTTP/1.1 towards the backend."""
    http = scope.setting("proxy_http_version", "1.1" if version.speaks_http_1_1 else "1.0", where, word)
    if isinstance(http, Unknown):
        return http
    if http.value.startswith("2"):
        why = f"`{http.written}`: nginx opens no WebSocket over HTTP/2"
        return Known("dropped", http.where, http.name, http.origin, http.written, why)
    if http.value != "1.0":
        return headers
    if http.origin == "default":
        spoken = version.spoken
        why = f"nothing sets proxy_http_version, and {spoken} HTTP/1.0 to backends, in which there is no Upgrade"
        why += "; later ones speak HTTP/1.1" if version.floating else ""
        return Known("http/1.0", headers.where, "proxy_http_version", "default", headers.written, why)
    why = f"`{http.written}`: HTTP/1.0 knows no Upgrade"
    return Known("http/1.0", http.where, http.name, http.origin, http.written, why)
