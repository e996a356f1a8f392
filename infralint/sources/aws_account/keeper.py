"""What comes in of one region, from several threads, until the snapshot is judged."""

from __future__ import annotations

import threading
from typing import TypeVar

from infralint.sources.aws_account.client import Failed
from infralint.sources.aws_account.snapshot import Failure, Region

T = TypeVar("T")
Errand = tuple[str, tuple[str, ...]]
"""An action of IAM's and the resources that it is asked about."""


class Keeper:
    """A region that grows while it is read. pending: the errands of which nothing has come in yet."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.lock = threading.Lock()
        self.closed = False
        self.pending: set[Errand] = set()

    def begin(self, *errands: Errand) -> None:
        with self.lock:
            self.pending.update(errands)

    def end(self, errand: Errand) -> None:
        with self.lock:
            self.pending.discard(errand)

    def add(self, into: list[T], item: T) -> None:
        with self.lock:
            if not self.closed:
                into.append(item)

    def put(self, into: dict[str, T], key: str, value: T) -> None:
        with self.lock:
            if not self.closed:
                into[key] = value

    def fail(self, error: Failed) -> None:
        self.add(self.region.failures, error.failure)

    def close(self) -> None:
        """Take no more answers, for the snapshot is being judged, and note what did not come in."""
        with self.lock:
            self.closed = True
            for action, resources in sorted(self.pending):
                for resource in resources or ("",):
                    self.region.failures.append(Failure(action=action, trouble="stopped", resource=resource))
