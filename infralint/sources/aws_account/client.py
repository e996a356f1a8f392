"""Calls to AWS: read-only by force, paced, retried, and honest about what failed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from infralint import __version__
from infralint.sources.aws_account.kinds import CLOUDWATCH, KINDS, ORGANIZATIONS
from infralint.sources.aws_account.snapshot import Failure, Item, Trouble

BURST = 40
RATE = 10.0
"""Elastic Load Balancing allows this many calls at once, then so many a second, per account and region."""

PAGE = 400
"""The largest page of every list that is asked for."""


class Paging(msgspec.Struct, frozen=True):
    """How a list goes on. asked, answered: the members that hold where the next page begins, of the call and of its
    answer. most: how much is asked for at once. inside: the member of the answer that holds all this."""

    asked: str
    answered: str
    most: Mapping[str, Any] = {}
    inside: str = ""


BALANCER_PAGES = Paging("Marker", "NextMarker", {"PageSize": PAGE})
READ_ONLY = ("Describe", "List")
THROTTLED = frozenset(
    "Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException RequestLimitExceeded"
    " TooManyRequestsException BandwidthLimitExceeded SlowDown PriorRequestNotComplete DependencyThrottle".split()
)
DENIED = frozenset("AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError".split())
EXPIRED = frozenset("ExpiredToken ExpiredTokenException RequestExpired".split())
NOT_VALID = EXPIRED | frozenset(
    "InvalidClientTokenId UnrecognizedClientException AuthFailure SignatureDoesNotMatch InvalidAccessKeyId InvalidToken"
    " MissingAuthenticationToken IncompleteSignature OptInRequired".split()
)
"""Only expiry holds everywhere: a region that is not enabled says of good credentials that they are not valid."""
CONNECT_SECONDS = 5
READ_SECONDS = 20
TRIES: dict[Trouble, int] = {"throttled": 10, "failed": 3}
LONGEST_WAIT = 20.0
"""Seconds between two tries, at most."""


class Failed(Exception):
    """A call that brought nothing, after all that could be tried."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class MutatingCall(Exception):
    """A call that could change something: it was not sent."""


class NoClient(Exception):
    """AWS can't be asked in this region, at this endpoint or with this configuration; says why."""


def read_only_client(session: Any, service: str, region: str, endpoint: str | None) -> Any:
    """A boto3 client that can't send anything but Describe and List calls, and leaves retries to `Caller`."""
    return only_client(session, service, region, endpoint, READ_ONLY)


def only_client(session: Any, service: str, region: str, endpoint: str | None, allowed: tuple[str, ...]) -> Any:
    """A boto3 client that sends operations whose names begin with one of `allowed`; all others raise MutatingCall.

    Raises NoClient where the region, the endpoint or the AWS configuration allow none.
    """

    def refuse(model: Any, **_: Any) -> None:
        if not model.name.startswith(allowed):
            raise MutatingCall(f"infralint only reads: {service}:{model.name} was not sent")

    from botocore.exceptions import BotoCoreError

    try:
        client = session.client(service, region_name=region, endpoint_url=endpoint, config=client_config())
    except (BotoCoreError, ValueError) as error:  # botocore raises ValueError for an endpoint that is no URL
        raise NoClient(f"AWS can't be asked: {' '.join(str(error).split())[:300]}") from error
    client.meta.events.register_first("before-call.*.*", refuse)
    return client


def client_config() -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
        user_agent_extra=f"infralint/{__version__}",
    )


class TokenBucket(msgspec.Struct):
    """Spares the account's own limit: `BURST` calls at once, then `RATE` a second."""

    clock: Callable[[], float] = time.monotonic
    burst: float = BURST
    rate: float = RATE
    tokens: float = 0.0
    since: float = 0.0
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.tokens, self.since = self.burst, self.clock()

    def reserve(self) -> float:
        """Take a token; seconds to wait until it is there."""
        with self.lock:
            now = self.clock()
            self.tokens = min(self.burst, self.tokens + (now - self.since) * self.rate)
            self.since = now
            self.tokens -= 1
            return max(0.0, -self.tokens / self.rate)

    def drain(self) -> None:
        """AWS says that there are none left: others use the same limit."""
        with self.lock:
            self.tokens = min(self.tokens, 0.0)

    def seconds_for(self, calls: int) -> float:
        """How long that many calls take from now."""
        return max(0.0, (calls - max(0.0, self.tokens)) / self.rate)


class Control(msgspec.Struct):
    """What all calls of an audit share: how to wait, whether to stop, and how far it is."""

    stopped: threading.Event = msgspec.field(default_factory=threading.Event)
    sleep: Callable[[float], object] | None = None
    done: int = 0
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)

    def wait(self, seconds: float) -> None:
        """Wait, or return at once when the user stops the audit."""
        if seconds > 0:
            (self.sleep or self.stopped.wait)(seconds)


class Caller:
    """All calls to one region of one account.

    clients: one a service. planned: calls that are known to come. After a denial the same operation
    is not sent again; without valid credentials nothing is (Elastic Load Balancing's Describe
    permissions know no single resources).
    """

    def __init__(self, clients: dict[str, Any], bucket: TokenBucket, control: Control, account: Account) -> None:
        self.clients = clients
        self.bucket = bucket
        self.control = control
        self.account = account
        self.planned = 0
        self.denied: dict[str, Failure] = {}
        self.closed: Failure | None = None

    def plan(self, calls: int) -> None:
        """So many calls are going to be made: for the progress bar."""
        with self.control.lock:
            self.planned += calls

    def call(self, service: str, operation: str, resource: str = "", **params: Any) -> Item:
        """One answer. Raises Failed."""
        action = f"{PREFIXES[service]}:{operation}"
        tries = 0
        while True:
            self._check_open(action, resource)
            self.control.wait(self.bucket.reserve())
            self._check_open(action, resource)
            try:
                answer: Item = getattr(self.clients[service], _snake(operation))(**params)
            except MutatingCall:
                raise
            except Exception as error:
                tries += 1
                self._give_up_or_wait(error, action, resource, tries)
            else:
                self._finish()
                return answer

    def pages(
        self, service: str, operation: str, key: str, resource: str = "", paging: Paging | None = None, **params: Any
    ) -> Iterator[Any]:
        """Every item of a list, page by page. Raises Failed, once the pages before are out."""
        paging = paging or BALANCER_PAGES
        marker, seen = "", set[str]()
        while True:
            more = {paging.asked: marker} if marker else {}
            answer = self.call(service, operation, resource, **paging.most, **params, **more)
            answer = answer.get(paging.inside) or {} if paging.inside else answer
            yield from answer.get(key) or ()
            marker = answer.get(paging.answered) or ""
            if not marker:
                return
            if marker in seen:
                action = f"{PREFIXES[service]}:{operation}"
                raise Failed(Failure(action=action, trouble="failed", message="the list of AWS goes in circles"))
            seen.add(marker)
            self.plan(1)

    def _check_open(self, action: str, resource: str) -> None:
        known = self.account.closed or self.closed or self.denied.get(action)
        if known:
            self._finish()
            raise Failed(Failure(action=action, trouble=known.trouble, resource=resource, message=known.message))
        if self.control.stopped.is_set():
            self._finish()
            raise Failed(Failure(action=action, trouble="stopped", resource=resource))

    def _give_up_or_wait(self, error: Exception, action: str, resource: str, tries: int) -> None:
        trouble = trouble_of(error)
        if trouble == "throttled":
            self.bucket.drain()
        if tries < (1 if _is_final(error, trouble) else TRIES.get(trouble, 1)):
            self.control.wait(min(LONGEST_WAIT, 0.25 * 2**tries) * random.uniform(0.5, 1))  # noqa: S311
            return
        failure = Failure(action=action, trouble=trouble, resource=resource, message=_reword(error))
        if trouble == "denied":
            self.denied[action] = failure
        if trouble == "credentials":
            self.closed = failure
            self.account.closed = failure if _code(error) in ("", *EXPIRED) else self.account.closed
        self._finish()
        raise Failed(failure)

    def _finish(self) -> None:
        with self.control.lock:
            self.planned = max(0, self.planned - 1)
            self.control.done += 1


class Account(msgspec.Struct):
    """One set of credentials. label: the account's number, where that is known. closed: why it takes no more calls."""

    session: Any
    label: str = ""
    closed: Failure | None = None


PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "ec2": "ec2",
    "sts": "sts",
    **{service.name: service.prefix for service in (CLOUDWATCH, ORGANIZATIONS)},
    **{service.name: service.prefix for kind in KINDS.values() for service in kind.services},
}
"""Service as boto3 names it -> as IAM does."""


def trouble_of(error: Exception) -> Trouble:
    """What an exception of botocore means for the audit."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _trouble_of_code(_code(error), _status(error))
    no_credentials = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
        exceptions.NoAuthTokenError,
    )
    return "credentials" if isinstance(error, no_credentials) else "failed"


def _trouble_of_code(code: str, status: int) -> Trouble:
    if code in THROTTLED or status == 429:
        return "throttled"
    if code in DENIED:
        return "denied"
    if code in NOT_VALID:
        return "credentials"
    return "gone" if "NotFound" in code else "failed"


def _is_final(error: Exception, trouble: Trouble) -> bool:
    """Whether AWS understood the call and won't answer it differently."""
    return trouble == "failed" and 400 <= _status(error) < 500


def _response(error: Exception) -> dict[str, Any]:
    """What AWS answered; some exceptions of botocore carry a response of another kind, or None."""
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}


def _code(error: Exception) -> str:
    return str(_response(error).get("Error", {}).get("Code", ""))


def _status(error: Exception) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _reword(error: Exception) -> str:
    """AWS's own sentence, on one line."""
    return " ".join(str(_response(error).get("Error", {}).get("Message") or error).split())


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
