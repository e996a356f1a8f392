"""Rack::ETag, which Rails puts before every action: from Rack 2.2 to Rack 3 it reads a whole answer to work out its ETag.

https://github.com/rack/rack/issues/1619
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import cached_property

from infralint.model import Location
from infralint.sources.application.facts import AnswerHolder
from infralint.sources.application.manifests import Package
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.routes import Found
from infralint.text.lazy import lazy

READS_ALL_SINCE = (2, 2)
"""Before it, an answer with `Cache-Control: no-cache` is left alone, which ActionController::Live sends by itself."""
READS_ALL_UNTIL = (3,)
"""From there on, answers that are no arrays are."""
_LOCKED = lazy(rb"(?m)^ {4}rack \((\d{1,4})\.(\d{1,4})(?!\d)[^)\n]*+\)")
_SPARED = lazy(rb"(?i)last[-_]modified|[\"']etag[\"']|\bfresh_when\b|\bstale\?")
"""What gives an answer a validator of its own."""
_DELETED = lazy(rb"middleware\.(?:delete|swap)[ (]+[\"']?(?:::)?Rack::ETag")
_SETTINGS = ("config/application.rb", "config/environments/production.rb")
_PART = lazy(rb"(?m)^[ \t]*(?:include|prepend|extend)[ (]+([\w:, ]+)|^[ \t]*class[ \t]+[\w:]+[ \t]*<[ \t]*([\w:]+)")
"""What a controller is made of: concerns, and the controller above it."""
_CAPITAL = lazy(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class AnswerHolders:
    """Tells what holds the answers of one application's routes of Rails back until they are complete, by the version of Rack
    that is locked."""

    def __init__(self, package: Package, program: ProjectModules, shown: Callable[[str], str]) -> None:
        self._package, self._program, self._shown = package, program, shown

    def of_route(self, found: Found) -> AnswerHolder | None:
        if found.route.framework != "Rails" or found.route.kind != "sse" or self._holder is None:
            return None
        is_spared = any(_SPARED.search(self._content(path)) for path in self._parts_of(found.files))
        return None if is_spared else self._holder

    @cached_property
    def _holder(self) -> AnswerHolder | None:
        """What holds all answers but those that have a validator of their own."""
        lock = posixpath.join(self._package.folder, "Gemfile.lock")
        locked = _LOCKED.search(self._content(lock))
        if locked is None or not READS_ALL_SINCE <= (int(locked[1]), int(locked[2])) < READS_ALL_UNTIL:
            return None
        settings = [posixpath.join(self._package.folder, path) for path in _SETTINGS]
        settings += [path for path in self._package.files if "/initializers/" in f"/{path}"]
        if any(_DELETED.search(self._content(path)) for path in settings):
            return None
        line = self._content(lock).count(b"\n", 0, locked.start()) + 1
        version = f"{int(locked[1])}.{int(locked[2])}"
        return AnswerHolder(
            f"Rack::ETag of Rack {version} reads all of an answer that has neither Last-Modified nor ETag before it passes any on",
            Location(self._shown(lock), line),
            "the version of Rack",
            'response.headers["Last-Modified"] = Time.now.httpdate',
        )

    def _parts_of(self, files: Iterable[str]) -> list[str]:
        """Files with those of the concerns that they include, and of the controllers above, by what Rails calls them.

        https://guides.rubyonrails.org/autoloading_and_reloading_constants.html#file-system-conventions
        """
        found = list(dict.fromkeys(files))
        for path in found:
            for included, above in _PART.findall(self._content(path)):
                for name in (included or above).decode().split(","):
                    file = _CAPITAL.sub("_", name.strip().rpartition(":")[2]).lower()
                    found += [other for other in self._by_name.get(file, ()) if other not in found]
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._package.files:
            if path.endswith(".rb"):
                found.setdefault(posixpath.basename(path)[:-3], []).append(path)
        return found

    def _content(self, path: str) -> bytes:
        return self._program.content(path) if self._program.files.is_there(path) else b""
