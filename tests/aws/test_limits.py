"""Few calls, and never faster than AWS allows."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from aws.world import Answer, Server, World, forward, when
from infralint.cli.progress import Bar
from infralint.project.config import Settings
from infralint.sources.aws_account.client import BURST, RATE, Account, Caller, Control, TokenBucket, read_only_client
from infralint.sources.aws_account.demand import Questions
from infralint.sources.aws_account.fetch import Scan, fetch
from infralint.sources.aws_account.snapshot import Region
from infralint.trace.crossings import crossings

SPEED = 20
"""Simulated seconds in one real one."""
SLACK = 10
"""Calls that may arrive together because a busy machine held them up: 50 ms of it are one simulated second."""


def clock() -> float:
    return time.monotonic() * SPEED


class Gate:
    """AWS's own limit, per region, in simulated time: whoever is too fast is throttled."""

    def __init__(self) -> None:
        self.buckets: dict[str, TokenBucket] = {}
        self.lock = threading.Lock()
        self.throttled = 0

    def __call__(self, region: str, operation: str, sent: dict[str, str]) -> Answer | None:
        with self.lock:
            bucket = self.buckets.setdefault(region, TokenBucket(clock, burst=BURST + SLACK))
            if bucket.reserve() <= 0:
                return None
            self.throttled += 1
            return Answer("Throttling", 400, "Rate exceeded")


def scans(server: Server, regions: list[str], settings: Settings) -> tuple[list[Scan], Control]:
    control = Control(sleep=lambda seconds: time.sleep(seconds / SPEED))
    account = Account(boto3.Session(), "123456789012")
    found = []
    for name in regions:
        clients = {one: read_only_client(account.session, one, name, server.url) for one in ("elbv2", "elb")}
        caller = Caller(clients, TokenBucket(clock), control, account)
        found.append(Scan(caller, Region(account=account.label, name=name), Questions(settings, crossings)))
    return found, control


def test_no_faster_than_the_limit_and_hardly_slower(world: World, server: Server) -> None:
    for number in range(30):
        world.group(f"g-{number}", world.balancer(f"lb-{number}"))
    world.faults = gate = Gate()
    read, control = scans(server, ["eu-west-1"], Settings(require_sticky=True))
    since = clock()
    snapshot = fetch(read, control, lambda: None)
    took = clock() - since
    calls = len(world.calls)
    assert calls == 3 + 30 + 30
    assert gate.throttled == 0
    assert (calls - BURST) / RATE <= took + 0.2
    assert len(snapshot.regions[0].target_group_attributes) == 30


def test_regions_are_read_side_by_side(world: World, server: Server) -> None:
    regions = [f"eu-test-{number}" for number in range(1, 9)]
    for region in regions:
        world.balancer("chat", region=region)
    barrier = threading.Barrier(len(regions))

    def meet(region: str, operation: str, sent: dict[str, str]) -> None:
        if operation == "DescribeLoadBalancerAttributes":
            barrier.wait(10)

    world.faults = meet
    read, control = scans(server, regions, Settings())
    snapshot = fetch(read, control, lambda: None)
    assert [len(region.load_balancer_attributes) for region in snapshot.regions] == [1] * len(regions)


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        pytest.param("assume: warning\n", 3 + 60 + 1, id="nothing declared: lists, load balancers, rules, tags"),
        pytest.param(
            "require_sticky: true\n", 3 + 60 + 40 + 40 + 1, id="stickiness: target groups and their health, too"
        ),
        pytest.param("streams: []\n", 2, id="nothing streams: lists alone"),
    ],
)
def test_how_many_calls(
    settings: str, most: int, world: World, report: Callable[..., dict[str, Any]], home: Path
) -> None:
    (home / "infralint.yaml").write_text(settings)
    for number in range(20):
        balancer = world.balancer(f"lb-{number}")
        blue, green = (world.group(f"{color}-{number}", balancer) for color in ("blue", "green"))
        world.listener(balancer, blue, rules=[(when(path="/green/*"), forward(green))])
    report()
    assert len(world.calls) == most


def test_rules_that_nobody_asked_about_are_not_worth_an_hour(
    world: World, report: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infralint.sources.aws_account.fetch.MOST_UNASKED", 3)
    for number in range(4):
        balancer = world.balancer(f"lb-{number}")
        blue, green = (world.group(f"{color}-{number}", balancer) for color in ("blue", "green"))
        world.listener(balancer, blue, rules=[(when(path="/green/*"), forward(green))])
    report()
    assert len(world.calls) == 3 + 4 + 1


def test_a_load_balancer_with_one_target_group_is_one_call(world: World, report: Callable[..., dict[str, Any]]) -> None:
    for number in range(20):
        balancer = world.balancer(f"lb-{number}")
        world.listener(balancer, world.group(f"web-{number}", balancer))
    report()
    assert len(world.calls) == 3 + 20 + 1


def test_the_bucket_lets_the_burst_through_and_then_ten_a_second() -> None:
    bucket = TokenBucket(clock=lambda: 0.0)
    waits = [bucket.reserve() for _ in range(60)]
    assert waits[:40] == [0.0] * 40
    assert waits[40:43] == pytest.approx([0.1, 0.2, 0.3])
    assert waits[-1] == pytest.approx(2.0)


def test_a_throttled_bucket_starts_from_nothing() -> None:
    bucket = TokenBucket(clock=lambda: 0.0)
    bucket.drain()
    assert bucket.reserve() == pytest.approx(0.1)


def test_the_bar_shows_calls_and_time_left_and_goes_away() -> None:
    now = [0.0]
    screen = io.StringIO()
    bar = Bar(shown=True, stream=screen, clock=lambda: now[0])
    bar.draw("30 of 120 calls, 5 s left", 30, 120)
    bar.draw("31 of 120 calls, 5 s left", 31, 120)
    assert screen.getvalue() == "\r[######..................] 30 of 120 calls, 5 s left\x1b[K"
    bar.clear()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_no_bar_where_nobody_looks() -> None:
    screen = io.StringIO()
    bar = Bar(shown=False, stream=screen)
    bar.draw("30 of 120 calls, 5 s left", 30, 120)
    bar.clear()
    assert screen.getvalue() == ""
