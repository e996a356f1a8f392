"""What an audit costs: calls, seconds, processor and memory. Run it: `python tests/bench/bench_aws.py`.

The account is one of our own on a loopback socket, which answers at once; so the seconds are those
that AWS's limit makes us wait, and the processor is the client's alone (a process of its own).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from aws.world import Server, World, forward, when

ROOT = Path(__file__).parent.parent.parent
CHILD = """
import json, resource, sys, time
from functools import partial
from infralint.sources.aws_account import session
from infralint.sources.aws_account.client import TokenBucket
if sys.argv.pop(1) == "unlimited":
    session.TokenBucket = partial(TokenBucket, burst=1e9, rate=1e9)
from infralint.cli import cli
import infralint.engine.run, infralint.reporters.json, boto3
before = resource.getrusage(resource.RUSAGE_SELF)
since = time.monotonic()
try:
    cli(sys.argv[1:])
finally:
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([time.monotonic() - since, cpu, before.ru_maxrss / 1024, after.ru_maxrss / 1024]), file=sys.stderr)
"""
"""Arguments: unlimited or limited, then those of infralint."""


def account(balancers: int, groups: int, regions: Sequence[str] = ("eu-west-1",)) -> World:
    """So many load balancers, with so many target groups among them, in every region; the first takes what no rule does."""
    world = World()
    for region in regions:
        arns = [world.balancer(f"lb-{number:05}", region=region) for number in range(balancers)]
        behind: dict[str, list[str]] = {arn: [] for arn in arns}
        for number in range(groups):
            balancer = arns[number % balancers]
            behind[balancer].append(world.group(f"group-{number:05}", balancer))
        for arn, own in behind.items():
            rules = [(when(path=f"/{position}/*"), forward(group)) for position, group in enumerate(own[1:], 1)]
            world.listener(arn, *own[:1], rules=rules)
    return world


def measured(
    world: World, limit: str, *options: str, settings: str = "assume: warning\n"
) -> tuple[int, float, float, float, float]:
    """Calls, seconds, seconds of processor, and megabytes before and at most."""
    server = Server(world)
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "PYTHONPATH": str(ROOT)}
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "infralint.yaml").write_text(settings)
            command = [
                sys.executable,
                "-c",
                CHILD,
                limit,
                "audit",
                "aws",
                "--endpoint-url",
                server.url,
                "--format",
                "json",
            ]
            ran = subprocess.run(
                [*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
    finally:
        server.stop()
    assert ran.returncode == 1, ran.stderr
    seconds, cpu, before, most = json.loads(ran.stderr.splitlines()[-1])
    return len(world.calls), seconds, cpu, before, most


def main() -> None:
    """Print the figures."""
    since = time.monotonic()
    calls, seconds, cpu, _, _ = measured(account(200, 400), "limited", "--region", "eu-west-1")
    print(f"200 load balancers, 400 target groups, nothing declared: {calls} calls, {seconds:.1f} s "
          f"(the limit: {(calls - 40) / 10:.1f} s), {cpu:.2f} s of processor")  # fmt: skip
    world = account(200, 400)
    calls, seconds, cpu, _, _ = measured(world, "limited", "--region", "eu-west-1", settings="require_sticky: true\n")
    print(f"the same, with stickiness: {calls} calls, {seconds:.1f} s (the limit: {(calls - 40) / 10:.1f} s), "
          f"{cpu:.2f} s of processor")  # fmt: skip
    regions = [f"eu-test-{number}" for number in range(1, 51)]
    options = [word for region in regions for word in ("--region", region)]
    calls, seconds, cpu, _, _ = measured(account(60, 60, regions), "limited", *options)
    print(f"50 regions with 60 load balancers each: {calls} calls, {seconds:.1f} s "
          f"(the limit of one region: {(calls / 50 - 40) / 10:.1f} s), {cpu:.1f} s of processor")  # fmt: skip
    calls, seconds, cpu, before, most = measured(account(10_000, 10_000), "unlimited", "--region", "eu-west-1")
    print(f"10,000 load balancers without a limit: {calls} calls, {seconds:.0f} s, {cpu:.0f} s of processor, "
          f"{most - before:.0f} MB more than an idle infralint with boto3 ({before:.0f} MB)")  # fmt: skip
    print(
        f"measured in {time.monotonic() - since:.0f} s on {os.cpu_count()} processors, Python {sys.version.split()[0]}"
    )


if __name__ == "__main__":
    main()
