"""Whether nginx's `if` holds for a request of a stream, as far as that is known beforehand.

https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if
"""

from __future__ import annotations

import re

from infralint.model import StreamKind
from infralint.sources.nginx.choose import matches
from infralint.sources.nginx.tree import Directive

_KNOWN: dict[StreamKind, dict[str, str]] = {
    "websocket": {"http_upgrade": "websocket", "http_connection": "Upgrade", "request_method": "GET"},
    "sse": {"http_upgrade": ""},
}
"""What these variables are in a handshake, or in a request for an SSE stream."""


def holds(condition: Directive, kind: StreamKind, path: str = "") -> bool | None:
    """Whether an `if` holds for a stream's request; None where that can't be told. path: of the request."""
    words = re.sub(r"^\(\s*|\s*\)$", "", " ".join(condition.args)).split(None, 2)
    found = re.fullmatch(r"\$\{?(\w+)\}?", words[0]) if words else None
    if found is None:
        return None
    name = found[1]
    value = _KNOWN[kind].get(name)
    if name in ("uri", "request_uri", "document_uri") and path:
        value = path
    if value is None:
        return False if name == "request_method" and words[1:] == ["=", "OPTIONS"] else None
    if len(words) == 1:
        return value not in ("", "0")
    return _compared(value, words[1], words[2].strip("\"'") if len(words) > 2 else "")


def _compared(value: str, operator: str, other: str) -> bool | None:
    if "$" in other and operator in ("=", "!="):
        return None
    match operator:
        case "=" | "!=":
            return (value == other) is (operator == "=")
        case "~" | "!~":
            return matches(other, value) is (operator == "~")
        case "~*" | "!~*":
            return matches(other, value, True) is (operator == "~*")
    return None
