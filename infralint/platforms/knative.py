"""Knative Serving: what its proxy beside each container (queue-proxy) allows an answer.

https://knative.dev/docs/serving/configuration/config-defaults/. Before 1.4 `timeoutSeconds` measured the first byte alone
(https://github.com/knative/serving/issues/10851). It is the documentation that speaks here: nothing of it is run.
"""

from __future__ import annotations

from typing import ClassVar

from infralint.model import SSE, UNLIMITED, Clock, Known, Location, Setting, StreamKind, Unknown
from infralint.platforms.routing import RoutedHop

REQUEST_TIMEOUT = 300.0
"""Seconds for a whole answer: `timeoutSeconds`."""
MOST_REQUEST_TIMEOUT = 600.0
"""Seconds that can be set, unless `max-revision-timeout-seconds` of the cluster says more."""
CLOUD_RUN_MOST = 3600.0
"""Seconds that can be set where Google runs it: https://docs.cloud.google.com/run/docs/configuring/request-timeout"""


def revision_clocks(
    whole: Setting[float],
    start: Setting[float] | None,
    idle: Setting[float] | None,
    ends: frozenset[StreamKind] = SSE,
) -> tuple[Clock, ...]:
    """The timeouts of a revision: of a whole answer, of its first byte, of silence (0: without limit). ends: what the first
    of them ends; what Knative's own does to a WebSocket once that is open is not documented, and is left out.
    """
    clocks = [Clock("whole-response", whole, ends, "truncated")]
    if start is not None:
        clocks.append(Clock("first-byte", start, SSE, "504"))
    if idle is not None:
        limit = idle if isinstance(idle, Unknown) or idle.value else idle.with_value(UNLIMITED)
        clocks.append(Clock("between-bytes", limit, SSE, "truncated"))
    return tuple(clocks)


def default_timeout(where: Location) -> Known[float]:
    return Known(REQUEST_TIMEOUT, where, "timeoutSeconds", "default")


class KnativeRevision(RoutedHop, frozen=True, kw_only=True):
    """The way to the containers of a Knative Service. run_by: who runs it; most: seconds that can be set at most."""

    platform: ClassVar[str] = "knative"
    kind: ClassVar[str] = "Service"

    run_by: str = "Knative"
    most: float = MOST_REQUEST_TIMEOUT

    @property
    def product(self) -> str:
        return self.run_by

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "max_duration":
            line = f"timeoutSeconds: {min(max(seconds, 300), self.most):g}  # under spec.template.spec"
            return line if seconds <= self.most else f"{line}; the most there is unless the cluster is told otherwise"
        if setting == "idle_timeout":
            return "idleTimeoutSeconds: 0  # under spec.template.spec, and responseStartTimeoutSeconds as long as an answer takes"
        return ""
