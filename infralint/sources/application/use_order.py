"""Which routes a middleware of JavaScript sees: those of its own router, below its path, that are bound after it."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.sources.application.joining import Joiner
from infralint.sources.application.routes import Found
from infralint.sources.application.syntax import Call


class UseOrder:
    """The order in which an application's middleware and routes are put to use."""

    def __init__(self, joiner: Joiner) -> None:
        self._joiner = joiner

    def sees(self, call: Call | None, found: Found) -> bool:
        """Whether what a call puts to use sees the answers of a route: it is used for all of them, or stands before it."""
        registration = found.registration
        if call is None or registration is None or found.route.framework == "NestJS":
            return True
        if not _is_meant(call, found.route.path):
            return False
        owner = call.receiver.text() if call.receiver is not None else ""
        router = self._joiner.resolver.meaning(call.module, call.receiver) if call.receiver is not None else None
        if isinstance(router, Call) and router.name.lower().endswith("router"):
            at = self._joiner.resolver.meaning(registration.call.module, registration.call.receiver)
            return isinstance(at, Call) and at.span == router.span and at.module is router.module
        if isinstance(router, Call) and found.home != router.module.path:
            return False
        return self._comes_before(call, owner, found)

    def _comes_before(self, call: Call, owner: str, found: Found) -> bool:
        """Whether a route is bound after the middleware, where both can be seen on one object."""
        registration = found.registration
        assert registration is not None
        place = call.module.function_at(call.span)
        bound = registration.call
        is_here = bound.module is call.module and bound.receiver is not None and bound.receiver.text() == owner
        leading = [bound] if is_here else list(self._mounting(call, owner, found))
        here = [other for other in leading if other.module.function_at(other.span) is place]
        return not here or any(other.span.start > call.span.start for other in here)

    def _mounting(self, call: Call, owner: str, found: Found) -> Iterator[Call]:
        """The calls beside a middleware's that may lead to a route: mounts of routers, functions that are handed the application."""
        path, known = found.route.path, self._joiner.rulebook.known.get("javascript", frozenset())
        for _, shape, mount in self._joiner.mounts.of(call.module):
            if mount.span == call.span or mount.receiver is None or mount.receiver.text() != owner:
                continue
            prefix = self._joiner.resolver.text(call.module, mount.argument(0)) if shape.prefix == 0 else None
            if prefix is not None:
                if path.startswith((prefix.rstrip("/") + "/", "**")) or path == prefix:
                    yield mount
                continue
            for node in mount.positional:
                meaning = self._joiner.resolver.meaning(call.module, node)
                if not isinstance(meaning, Call) or meaning.name in known:
                    yield mount


def _is_meant(call: Call, path: str) -> bool:
    """Whether a middleware that is used for some paths is used for this one: `app.use("/static", compression())`."""
    first = call.argument(0)
    text = first.text().strip("\"'`") if first is not None and first.kind() == "string" else "/"
    return text in ("/", "*") or path.startswith((text.rstrip("/*") + "/", "**")) or path == text
