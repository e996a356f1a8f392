"""Rack::ETag, which Rails puts before every action: from Rack 2.2 to Rack 3 it reads a whole answer to work out its ETag.

https://github.com/rack/rack/issues/1619
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

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
_AROUND = ("app/controllers/application_controller.rb", "config/application.rb", "config/environments/production.rb")


def answer_holder(
    found: Found, package: Package, program: ProjectModules, shown: Callable[[str], str]
) -> AnswerHolder | None:
    """What holds the answer of a route of Rails back until it is complete, by the version of Rack that is locked."""
    if found.route.framework != "Rails" or found.route.kind != "sse":
        return None

    def content(path: str) -> bytes:
        return program.content(path) if program.files.is_there(path) else b""

    lock = posixpath.join(package.folder, "Gemfile.lock")
    locked = _LOCKED.search(content(lock))
    if locked is None or not READS_ALL_SINCE <= (int(locked[1]), int(locked[2])) < READS_ALL_UNTIL:
        return None
    around = [posixpath.join(package.folder, path) for path in _AROUND]
    settings = [path for path in package.files if "/initializers/" in f"/{path}"]
    if any(_SPARED.search(content(path)) for path in (*found.files, around[0])):
        return None
    if any(_DELETED.search(content(path)) for path in (*around[1:], *settings)):
        return None
    line = content(lock).count(b"\n", 0, locked.start()) + 1
    version = f"{int(locked[1])}.{int(locked[2])}"
    return AnswerHolder(
        f"Rack::ETag of Rack {version} reads all of an answer that has neither Last-Modified nor ETag before it passes any on",
        Location(shown(lock), line),
        "the version of Rack",
        'response.headers["Last-Modified"] = Time.now.httpdate',
    )
