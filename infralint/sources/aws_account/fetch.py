"""Reading an account: lists once, then what the checks ask about, region by region side by side."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from infralint.platforms.aws_elb import carries_tcp
from infralint.sources.aws_account.client import Caller, Control, Failed
from infralint.sources.aws_account.demand import Demand, Questions, Reported
from infralint.sources.aws_account.edge_fetch import EdgeReader
from infralint.sources.aws_account.evidence import EvidenceReader
from infralint.sources.aws_account.keeper import Errand, Keeper
from infralint.sources.aws_account.kinds import LAMBDA
from infralint.sources.aws_account.names import classic_arn, is_classic
from infralint.sources.aws_account.snapshot import Item, Region, Snapshot, cut
from infralint.sources.aws_account.threads import start_threads, together

SERVICE = "elasticloadbalancing"
CALLS_AT_ONCE = 4
"""In one region: at 10 calls a second there is no use for more."""
REGIONS_AT_ONCE = 64
TAGS_AT_ONCE = 20
"""DescribeTags takes so many resources."""
MOST_UNASKED = 100
"""Load balancers of a region whose rules are read though no stream is declared: two or more calls each, at 10 a second."""
GRACE = 2.0
"""Seconds that calls under way get to come back once the user stops the audit."""

BALANCER = ("LoadBalancerArn", "LoadBalancerName", "DNSName", "Scheme", "Type")
GROUP = ("TargetGroupArn", "TargetGroupName", "Protocol", "ProtocolVersion", "TargetType", "TargetControlPort")
LISTENER = ("ListenerArn", "Port", "Protocol", "DefaultActions")
RULE = ("RuleArn", "Priority", "Conditions", "Actions", "Transforms", "IsDefault")
ACTION = ("Type", "TargetGroupArn", "ForwardConfig", "RedirectConfig", "Order")
CLASSIC = ("LoadBalancerName", "DNSName", "Scheme", "ListenerDescriptions", "Policies", "Instances")
"""What is kept of each item, its identity first; an action's other members name identity providers."""

Job = tuple[str, tuple[str, ...]]
"""An operation and the ARNs it is asked about."""


class Scan:
    """The audit of one region of one account: `region` grows while it runs, so that it can be cut short.

    caller: of its load balancers; None where those of another scan are read alone. edge_callers: of the other services,
    by their names. evidence: asks CloudWatch, where that is wanted.
    """

    def __init__(
        self,
        caller: Caller | None,
        region: Region,
        questions: Questions,
        edge_callers: Mapping[str, Caller] = MappingProxyType({}),
        evidence: EvidenceReader | None = None,
    ) -> None:
        self.balancer_caller = caller
        self.edge_callers = edge_callers
        self.evidence = evidence
        self.region = region
        self.questions = questions
        self.keeper = Keeper(region)
        self.work: dict[str, Callable[[str], None]] = {
            "DescribeLoadBalancerAttributes": self._attributes_of,
            "DescribeListeners": self._listeners_of,
            "DescribeListenerAttributes": self._listener_attributes_of,
            "DescribeRules": self._rules_of,
            "DescribeTargetGroupAttributes": self._group_attributes_of,
            "DescribeTargetHealth": self._health_of,
        }

    def read(self) -> None:
        """Everything that checks may ask about here."""
        if self.edge_callers and self.questions.any:
            EdgeReader(self.edge_callers, self.keeper).read()
        if self.balancer_caller is not None:
            self._read_balancers()

    @property
    def callers(self) -> tuple[Caller, ...]:
        """All that make calls here."""
        counting = self.evidence.caller if self.evidence is not None else None
        here = (caller for caller in (self.balancer_caller, counting) if caller is not None)
        return (*here, *self.edge_callers.values())

    @property
    def caller(self) -> Caller:
        """The one of load balancers, where they are read."""
        if self.balancer_caller is None:
            raise RuntimeError(f"no load balancers are read of {self.region}")
        return self.balancer_caller

    def _read_balancers(self) -> None:
        self._lists()
        if self.questions.by_tag:
            self._read_tags(self._arns())
        self._choose()
        if self.region.load_balancers and self.questions.any:
            self._target_groups()
            self._routes()
        if self.questions.any:
            self._attributes(self.questions.asked_of(self.region))

    def read_more(self, reported: Reported) -> None:
        """What is only worth a call once something is to be reported: owners, and how many targets there are."""
        if self.balancer_caller is None:
            return
        missing = {group["TargetGroupArn"] for group in self.region.target_groups} - set(self.region.target_health)
        self._each("DescribeTargetHealth", sorted(missing & reported.groups))
        self._read_tags(sorted(set(self._arns()) & reported.balancers - set(self.region.tags)))
        if self.evidence is not None:
            self.evidence.read(self.keeper, sorted(set(self._arns()) & reported.balancers))

    def close(self) -> None:
        """Take no more answers, for the snapshot is being judged, and note what did not come in."""
        self.keeper.close()

    def _lists(self) -> None:
        listing = _errand(("DescribeLoadBalancers", ()))
        self.keeper.begin(listing)
        self.caller.plan(2)
        self._list(self.region.load_balancers, "elbv2", "LoadBalancers", BALANCER)
        self._list(self.region.classic_load_balancers, "elb", "LoadBalancerDescriptions", CLASSIC)
        self.keeper.end(listing)

    def _list(self, into: list[Item], service: str, key: str, members: Sequence[str]) -> None:
        try:
            for item in self.caller.pages(service, "DescribeLoadBalancers", key):
                self.region.account = self.region.account or _account_of(item)
                if members[0] in item:
                    self.keeper.add(into, cut(item, members))
        except Failed as error:
            self.keeper.fail(error)

    def _choose(self) -> None:
        """Leave out the load balancers that the user did not ask about."""
        region = self.region
        region.load_balancers = [
            balancer for balancer in region.load_balancers if self._chosen(balancer, balancer["LoadBalancerArn"])
        ]
        region.classic_load_balancers = [
            balancer
            for balancer in region.classic_load_balancers
            if self._chosen(balancer, self._classic_arn(balancer))
        ]

    def _chosen(self, item: Item, arn: str) -> bool:
        return self.questions.chooses(item, self.region.tags.get(arn, {}), arn)

    def _target_groups(self) -> None:
        """The attached ones: what no load balancer leads to carries nothing."""
        wanted = {balancer["LoadBalancerArn"] for balancer in self.region.load_balancers}
        listing = _errand(("DescribeTargetGroups", ()))
        self.keeper.begin(listing)
        self.caller.plan(1)
        try:
            for item in self.caller.pages("elbv2", "DescribeTargetGroups", "TargetGroups"):
                attached = wanted.intersection(item.get("LoadBalancerArns", ()))
                if attached and "TargetGroupArn" in item:
                    kept = cut(item, GROUP) | {"LoadBalancerArns": sorted(attached)}
                    self.keeper.add(self.region.target_groups, kept)
        except Failed as error:
            self.keeper.fail(error)
        self.keeper.end(listing)

    def _routes(self) -> None:
        """Listeners and rules of the application load balancers that a declared stream may cross; without one, of those
        with several target groups, whose rules may name a stream."""
        items = {item["LoadBalancerArn"]: item for item in self.region.load_balancers}
        if self.questions.routed:
            balancers = [arn for arn in self._of_type("application") if self._may_be_crossed(items[arn], arn)]
        else:
            groups = Counter(arn for group in self.region.target_groups for arn in group["LoadBalancerArns"])
            balancers = [arn for arn in self._of_type("application") if groups[arn] > 1]
            balancers = balancers if len(balancers) <= MOST_UNASKED else []
        self._each("DescribeListeners", balancers)
        listeners = [listener["ListenerArn"] for arn in balancers for listener in self.region.listeners.get(arn, ())]
        self._each("DescribeRules", listeners)

    def _may_be_crossed(self, item: Item, arn: str) -> bool:
        return self.questions.may_cross(item, self.region.tags.get(arn, {}), arn)

    def _attributes(self, demand: Demand) -> None:
        balancers = [arn for arn in self._of_type("application") if arn in demand.balancers]
        layer4 = [arn for arn in self._of_type("network", "gateway") if arn in demand.balancers]
        self._each("DescribeListeners", layer4)
        tcp = [
            listener["ListenerArn"]
            for arn in layer4
            for listener in self.region.listeners.get(arn, ())
            if listener.get("Protocol") != "TLS" and carries_tcp(listener.get("Protocol", ""))
        ]
        classic = [arn for arn in map(self._classic_arn, self.region.classic_load_balancers) if arn in demand.balancers]
        self._each("DescribeLoadBalancerAttributes", [*balancers, *classic])
        self._each("DescribeListenerAttributes", tcp)
        self._each("DescribeTargetGroupAttributes", sorted(demand.groups))
        inner_types = ("alb", "lambda") if LAMBDA.name in self.edge_callers else ("alb",)
        inner = [
            group["TargetGroupArn"] for group in self.region.target_groups if group.get("TargetType") in inner_types
        ]
        self._each("DescribeTargetHealth", sorted(inner))

    def _of_type(self, *types: str) -> list[str]:
        found = (balancer for balancer in self.region.load_balancers if balancer.get("Type", "application") in types)
        return [balancer["LoadBalancerArn"] for balancer in found]

    def _attributes_of(self, arn: str) -> None:
        if is_classic(arn):
            self._classic_attributes_of(arn, arn.rpartition("/")[2])
        else:
            into = self.region.load_balancer_attributes
            self._describe("DescribeLoadBalancerAttributes", "LoadBalancerArn", arn, into)

    def _listener_attributes_of(self, arn: str) -> None:
        self._describe("DescribeListenerAttributes", "ListenerArn", arn, self.region.listener_attributes)

    def _group_attributes_of(self, arn: str) -> None:
        into = self.region.target_group_attributes
        self._describe("DescribeTargetGroupAttributes", "TargetGroupArn", arn, into)

    def _describe(self, operation: str, parameter: str, arn: str, into: dict[str, dict[str, str]]) -> None:
        answer = self.caller.call("elbv2", operation, arn, **{parameter: arn})
        pairs = {
            attribute["Key"]: attribute.get("Value", "")
            for attribute in answer.get("Attributes", ())
            if "Key" in attribute
        }
        self.keeper.put(into, arn, pairs)

    def _classic_attributes_of(self, arn: str, name: str) -> None:
        answer = self.caller.call("elb", "DescribeLoadBalancerAttributes", arn, LoadBalancerName=name)
        kept = cut(answer.get("LoadBalancerAttributes", {}), ("ConnectionSettings", "ConnectionDraining"))
        self.keeper.put(self.region.classic_attributes, name, kept)

    def _listeners_of(self, arn: str) -> None:
        pages = self.caller.pages("elbv2", "DescribeListeners", "Listeners", arn, LoadBalancerArn=arn)
        kept = [_with_actions(page, LISTENER, "DefaultActions") for page in pages if "ListenerArn" in page]
        self.keeper.put(self.region.listeners, arn, kept)

    def _rules_of(self, arn: str) -> None:
        pages = self.caller.pages("elbv2", "DescribeRules", "Rules", arn, ListenerArn=arn)
        kept = [_with_actions(page, RULE, "Actions") for page in pages]
        self.keeper.put(self.region.rules, arn, kept)

    def _health_of(self, arn: str) -> None:
        answer = self.caller.call("elbv2", "DescribeTargetHealth", arn, TargetGroupArn=arn)
        kept = [
            {"Target": cut(health.get("Target", {}), ("Id", "Port")), "TargetHealth": health.get("TargetHealth", {})}
            for health in answer.get("TargetHealthDescriptions", ())
        ]
        self.keeper.put(self.region.target_health, arn, kept)

    def _read_tags(self, arns: Sequence[str]) -> None:
        """Twenty resources a call, classic load balancers apart."""
        modern, classic = [arn for arn in arns if not is_classic(arn)], [arn for arn in arns if is_classic(arn)]
        self._do([("DescribeTags", batch) for some in (modern, classic) for batch in _batches(some)])

    def _tags_of(self, arns: tuple[str, ...]) -> None:
        try:
            answer = self._tags(arns, arns[0] if len(arns) == 1 else "")
        except Failed as error:
            if error.failure.trouble != "gone" or len(arns) == 1:
                raise
            # One deleted load balancer makes AWS refuse the other nineteen.
            self._do([("DescribeTags", (arn,)) for arn in arns])
            return
        for description in answer.get("TagDescriptions", ()):
            arn = description.get("ResourceArn") or classic_arn(self.region, description.get("LoadBalancerName", ""))
            self.keeper.put(
                self.region.tags, arn, {tag["Key"]: tag.get("Value", "") for tag in description.get("Tags", ())}
            )

    def _tags(self, arns: tuple[str, ...], resource: str) -> Item:
        if is_classic(arns[0]):
            names = [arn.rpartition("/")[2] for arn in arns]
            return self.caller.call("elb", "DescribeTags", resource, LoadBalancerNames=names)
        return self.caller.call("elbv2", "DescribeTags", resource, ResourceArns=list(arns))

    def _each(self, operation: str, arns: Sequence[str]) -> None:
        self._do([(operation, (arn,)) for arn in arns])

    def _do(self, jobs: Sequence[Job]) -> None:
        """Do jobs side by side; what fails is noted, and the others go on."""
        self.caller.plan(len(jobs))
        self.keeper.begin(*map(_errand, jobs))
        together(self._do_one, jobs, CALLS_AT_ONCE)

    def _do_one(self, job: Job) -> None:
        operation, arns = job
        try:
            if operation == "DescribeTags":
                self._tags_of(arns)
            else:
                self.work[operation](arns[0])
        except Failed as error:
            self.keeper.fail(error)
        self.keeper.end(_errand(job))

    def _arns(self) -> list[str]:
        modern = [balancer["LoadBalancerArn"] for balancer in self.region.load_balancers]
        return modern + [self._classic_arn(balancer) for balancer in self.region.classic_load_balancers]

    def _classic_arn(self, item: Item) -> str:
        return classic_arn(self.region, item["LoadBalancerName"])


def _errand(job: Job) -> Errand:
    return f"{SERVICE}:{job[0]}", job[1]


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
    threads = start_threads(work, scans, REGIONS_AT_ONCE, broken)
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


def _batches(arns: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(arns[start : start + TAGS_AT_ONCE]) for start in range(0, len(arns), TAGS_AT_ONCE)]


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _with_actions(item: Item, members: Iterable[str], key: str) -> Item:
    return cut(item, members) | {key: [_cut_action(action) for action in item.get(key, ())]}


def _cut_action(action: Item) -> Item:
    fixed = action.get("FixedResponseConfig")
    return cut(action, ACTION) | ({"FixedResponseConfig": cut(fixed, ("StatusCode",))} if fixed else {})


def _account_of(item: Item) -> str:
    """The account's number as a load balancer tells it: in its ARN, or as the owner of a classic one's group."""
    arn = item.get("LoadBalancerArn", "")
    owner = str((item.get("SourceSecurityGroup") or {}).get("OwnerAlias", ""))
    return arn.split(":")[4] if arn.count(":") >= 5 else owner if owner.isdigit() else ""
