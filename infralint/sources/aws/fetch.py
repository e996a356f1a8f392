"""Reading an account: lists once, then what the checks ask about, region by region side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TypeVar

from infralint.sources.aws.client import Caller, Control, Failed
from infralint.sources.aws.demand import Demand, Questions, Reported
from infralint.sources.aws.hops import TCP_PROTOCOLS, classic_arn
from infralint.sources.aws.snapshot import Item, Region, Snapshot, cut

CALLS_AT_ONCE = 4
"""In one region: at 10 calls a second there is no use for more."""
REGIONS_AT_ONCE = 64
TAGS_AT_ONCE = 20
"""DescribeTags takes so many resources."""
GRACE = 2.0
"""Seconds that calls under way get to come back once the user stops the audit."""

BALANCER = ("LoadBalancerArn", "LoadBalancerName", "DNSName", "Scheme", "Type")
GROUP = ("TargetGroupArn", "TargetGroupName", "Protocol", "ProtocolVersion", "TargetType", "TargetControlPort")
LISTENER = ("ListenerArn", "LoadBalancerArn", "Port", "Protocol", "DefaultActions")
RULE = ("RuleArn", "Priority", "Conditions", "Actions", "IsDefault")
ACTION = ("Type", "TargetGroupArn", "ForwardConfig", "Order")
CLASSIC = ("LoadBalancerName", "DNSName", "Scheme", "ListenerDescriptions", "Policies", "Instances")
"""What is kept of each item, its identity first; an action's other members name identity providers."""

T = TypeVar("T")


class Scan:
    """The audit of one region of one account: `region` grows while it runs, so that it can be cut short."""

    def __init__(self, caller: Caller, region: Region, questions: Questions) -> None:
        self.caller = caller
        self.region = region
        self.questions = questions
        self.lock = threading.Lock()
        self.closed = False

    def read(self) -> None:
        """Everything that checks may ask about here."""
        self._lists()
        if self.questions.by_tag:
            self._each(self._tags_of, self._tag_batches(self._arns()))
        self._choose()
        if self.region.load_balancers and self.questions.any:
            self._target_groups()
            self._routes()
        if self.questions.any:
            self._attributes(self.questions.asked_of(self.region))

    def read_more(self, reported: Reported) -> None:
        """What is only worth a call once something is to be reported: owners, and how many targets there are."""
        own = {group["TargetGroupArn"] for group in self.region.target_groups}
        self._each(self._health_of, sorted(own & reported.groups))
        self._each(
            self._tags_of, self._tag_batches(sorted(set(self._arns()) & reported.balancers - set(self.region.tags)))
        )

    def close(self) -> None:
        """Take no more answers: the snapshot is being read."""
        with self.lock:
            self.closed = True

    def _lists(self) -> None:
        self.caller.plan(2)
        self._list(self.region.load_balancers, "elbv2", "LoadBalancers", BALANCER)
        self._list(self.region.classic_load_balancers, "elb", "LoadBalancerDescriptions", CLASSIC)

    def _list(self, into: list[Item], service: str, key: str, members: Sequence[str]) -> None:
        try:
            for item in self.caller.pages(service, "DescribeLoadBalancers", key):
                self.region.account = self.region.account or _account_of(item)
                if members[0] in item:
                    self._add(into, cut(item, members))
        except Failed as error:
            self._failed(error)

    def _choose(self) -> None:
        """Leave out the load balancers that the user did not ask about."""
        region = self.region
        region.load_balancers = [one for one in region.load_balancers if self._chosen(one, one["LoadBalancerArn"])]
        region.classic_load_balancers = [
            one for one in region.classic_load_balancers if self._chosen(one, self._classic_arn(one))
        ]

    def _chosen(self, item: Item, arn: str) -> bool:
        return self.questions.chooses(item, self.region.tags.get(arn, {}), arn)

    def _target_groups(self) -> None:
        """The attached ones: what no load balancer leads to carries nothing."""
        wanted = {one["LoadBalancerArn"] for one in self.region.load_balancers}
        self.caller.plan(1)
        try:
            for item in self.caller.pages("elbv2", "DescribeTargetGroups", "TargetGroups"):
                attached = wanted.intersection(item.get("LoadBalancerArns", ()))
                if attached and "TargetGroupArn" in item:
                    kept = cut(item, GROUP) | {"LoadBalancerArns": sorted(attached)}
                    self._add(self.region.target_groups, kept)
        except Failed as error:
            self._failed(error)

    def _routes(self) -> None:
        """Listeners and rules of the application load balancers that a declared stream may cross."""
        if not self.questions.routed:
            return
        balancers = [arn for arn in self._of_type("application") if self._may_be_crossed(arn)]
        self._each(self._listeners_of, balancers)
        listeners = [one["ListenerArn"] for arn in balancers for one in self.region.listeners.get(arn, ())]
        self._each(self._rules_of, listeners)

    def _may_be_crossed(self, arn: str) -> bool:
        item = next(one for one in self.region.load_balancers if one["LoadBalancerArn"] == arn)
        return self.questions.may_cross(item, self.region.tags.get(arn, {}), arn)

    def _attributes(self, demand: Demand) -> None:
        balancers = [arn for arn in self._of_type("application") if arn in demand.balancers]
        layer4 = [arn for arn in self._of_type("network", "gateway") if arn in demand.balancers]
        self._each(self._listeners_of, layer4)
        tcp = [
            one["ListenerArn"]
            for arn in layer4
            for one in self.region.listeners.get(arn, ())
            if one.get("Protocol", "") in TCP_PROTOCOLS - {"TLS"}
        ]
        classic = [arn for arn in map(self._classic_arn, self.region.classic_load_balancers) if arn in demand.balancers]
        self._each(self._attributes_of, [*balancers, *tcp, *classic, *sorted(demand.groups)])

    def _of_type(self, *types: str) -> list[str]:
        found = (one for one in self.region.load_balancers if one.get("Type", "application") in types)
        return [one["LoadBalancerArn"] for one in found]

    def _attributes_of(self, arn: str) -> None:
        match arn.rpartition(":")[2].split("/"):
            case ["listener", *_]:
                self._described("DescribeListenerAttributes", "ListenerArn", arn, self.region.listener_attributes)
            case ["targetgroup", *_]:
                into = self.region.target_group_attributes
                self._described("DescribeTargetGroupAttributes", "TargetGroupArn", arn, into)
            case ["loadbalancer", name]:
                self._classic_attributes_of(arn, name)
            case _:
                into = self.region.load_balancer_attributes
                self._described("DescribeLoadBalancerAttributes", "LoadBalancerArn", arn, into)

    def _described(self, operation: str, parameter: str, arn: str, into: dict[str, dict[str, str]]) -> None:
        answer = self.caller.call("elbv2", operation, arn, **{parameter: arn})
        pairs = {one["Key"]: one.get("Value", "") for one in answer.get("Attributes", ()) if "Key" in one}
        self._put(into, arn, pairs)

    def _classic_attributes_of(self, arn: str, name: str) -> None:
        answer = self.caller.call("elb", "DescribeLoadBalancerAttributes", arn, LoadBalancerName=name)
        kept = cut(answer.get("LoadBalancerAttributes", {}), ("ConnectionSettings", "ConnectionDraining"))
        self._put(self.region.classic_attributes, name, kept)

    def _listeners_of(self, arn: str) -> None:
        pages = self.caller.pages("elbv2", "DescribeListeners", "Listeners", arn, LoadBalancerArn=arn)
        kept = [_with_actions(one, LISTENER, "DefaultActions") for one in pages if "ListenerArn" in one]
        self._put(self.region.listeners, arn, kept)

    def _rules_of(self, arn: str) -> None:
        pages = self.caller.pages("elbv2", "DescribeRules", "Rules", arn, ListenerArn=arn)
        kept = [_with_actions(one, RULE, "Actions") for one in pages]
        self._put(self.region.rules, arn, kept)

    def _health_of(self, arn: str) -> None:
        answer = self.caller.call("elbv2", "DescribeTargetHealth", arn, TargetGroupArn=arn)
        kept = [
            {"Target": cut(one.get("Target", {}), ("Id", "Port")), "TargetHealth": one.get("TargetHealth", {})}
            for one in answer.get("TargetHealthDescriptions", ())
        ]
        self._put(self.region.target_health, arn, kept)

    def _tag_batches(self, arns: Sequence[str]) -> list[tuple[str, ...]]:
        """Classic load balancers apart, twenty at once."""
        classic = [arn for arn in arns if arn.rpartition(":")[2].count("/") == 1]
        modern = [arn for arn in arns if arn not in set(classic)]
        return [
            tuple(some[i : i + TAGS_AT_ONCE]) for some in (modern, classic) for i in range(0, len(some), TAGS_AT_ONCE)
        ]

    def _tags_of(self, arns: tuple[str, ...]) -> None:
        try:
            self._tags_of_all(arns)
        except Failed as error:
            if error.failure.trouble != "gone" or len(arns) == 1:
                raise
            # One deleted load balancer makes AWS refuse the other nineteen.
            self._each(self._tags_of, [(arn,) for arn in arns])

    def _tags_of_all(self, arns: tuple[str, ...]) -> None:
        is_classic = arns[0].rpartition(":")[2].count("/") == 1
        named = arns[0] if len(arns) == 1 else ""
        if is_classic:
            names = [arn.rpartition("/")[2] for arn in arns]
            answer = self.caller.call("elb", "DescribeTags", named, LoadBalancerNames=names)
        else:
            answer = self.caller.call("elbv2", "DescribeTags", named, ResourceArns=list(arns))
        for one in answer.get("TagDescriptions", ()):
            arn = one.get("ResourceArn") or classic_arn(self.region, one.get("LoadBalancerName", ""))
            tags = {tag["Key"]: tag.get("Value", "") for tag in one.get("Tags", ())}
            self._put(self.region.tags, arn, tags)

    def _each(self, work: Callable[[T], None], jobs: Sequence[T]) -> None:
        """Do jobs side by side; what fails is noted, and the others go on."""
        self.caller.plan(len(jobs))

        def guarded(job: T) -> None:
            try:
                work(job)
            except Failed as error:
                self._failed(error)

        together(guarded, jobs, CALLS_AT_ONCE)

    def _failed(self, error: Failed) -> None:
        self._add(self.region.failures, error.failure)

    def _add(self, into: list[T], item: T) -> None:
        with self.lock:
            if not self.closed:
                into.append(item)

    def _put(self, into: dict[str, T], key: str, value: T) -> None:
        with self.lock:
            if not self.closed:
                into[key] = value

    def _arns(self) -> list[str]:
        modern = [one["LoadBalancerArn"] for one in self.region.load_balancers]
        return modern + [self._classic_arn(one) for one in self.region.classic_load_balancers]

    def _classic_arn(self, item: Item) -> str:
        return classic_arn(self.region, item["LoadBalancerName"])


def fetch(scans: Sequence[Scan], control: Control, watch: Callable[[], None]) -> Snapshot:
    """Read all regions side by side; on Ctrl-C, what has come in so far."""
    _run(Scan.read, scans, control, watch)
    return Snapshot(taken=datetime.now(UTC).isoformat(timespec="seconds"), regions=[scan.region for scan in scans])


def fetch_more(scans: Sequence[Scan], reported: Reported, control: Control, watch: Callable[[], None]) -> None:
    """Add to the snapshot what is only asked for things about to be reported."""
    if not control.stopped.is_set():
        _run(lambda scan: scan.read_more(reported), scans, control, watch)


def _run(work: Callable[[Scan], None], scans: Sequence[Scan], control: Control, watch: Callable[[], None]) -> None:
    broken: list[BaseException] = []
    threads = _started(work, scans, REGIONS_AT_ONCE, broken)
    try:
        while any(thread.is_alive() for thread in threads) and not broken:
            watch()
            _join(threads, 0.1)
    except KeyboardInterrupt:
        control.stopped.set()
        _join(threads, GRACE)
        for scan in scans:
            scan.close()
    if broken:
        control.stopped.set()
        raise broken[0]


def together(work: Callable[[T], None], jobs: Sequence[T], most: int) -> None:
    """Do jobs in up to `most` threads and wait; the first exception is raised here."""
    broken: list[BaseException] = []
    for thread in _started(work, jobs, most, broken):
        thread.join()
    if broken:
        raise broken[0]


def _started(
    work: Callable[[T], None], jobs: Sequence[T], most: int, broken: list[BaseException]
) -> list[threading.Thread]:
    """Daemon threads: a call that hangs must not hold up the report of an audit that was stopped."""
    queue: SimpleQueue[T] = SimpleQueue()
    for job in jobs:
        queue.put(job)

    def run() -> None:
        try:
            while not broken:
                work(queue.get_nowait())
        except Empty:
            return
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(most, len(jobs)))]
    for thread in threads:
        thread.start()
    return threads


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _with_actions(item: Item, members: Iterable[str], key: str) -> Item:
    return cut(item, members) | {key: [cut(action, ACTION) for action in item.get(key, ())]}


def _account_of(item: Item) -> str:
    """The account's number as a load balancer tells it: in its ARN, or as the owner of a classic one's group."""
    arn = item.get("LoadBalancerArn", "")
    owner = str((item.get("SourceSecurityGroup") or {}).get("OwnerAlias", ""))
    return arn.split(":")[4] if arn.count(":") >= 5 else owner if owner.isdigit() else ""
