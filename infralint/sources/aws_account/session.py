"""Credentials, accounts and regions: all that comes before the first load balancer is read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from infralint.sources.aws_account.client import (
    Account,
    Caller,
    Control,
    Failed,
    NoClient,
    Paging,
    TokenBucket,
    only_client,
    read_only_client,
)
from infralint.sources.aws_account.demand import Questions
from infralint.sources.aws_account.evidence import EvidenceReader
from infralint.sources.aws_account.fetch import Scan
from infralint.sources.aws_account.kinds import CLOUDWATCH, KINDS, ORGANIZATIONS
from infralint.sources.aws_account.snapshot import Failure, Region
from infralint.text.wording import listing

SESSION_NAME = "infralint-audit"
ACTIONS = (
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""Classic load balancers share these names. None of them can be granted for single resources.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html"""


GLOBAL = "global"
"""What the region of a snapshot is called that holds what is the same in every region."""
GLOBAL_HOMES = {"aws": "us-east-1", "aws-cn": "cn-northwest-1"}
"""Partition -> the region in which CloudFront is asked; there is none in the others.

https://docs.aws.amazon.com/general/latest/gr/cf_region.html
"""


_MEMBER_PAGES = Paging("NextToken", "NextToken", {"MaxResults": 20})


class CantStart(Exception):
    """Nothing can be read at all; says why and what to do, in one sentence."""


def iam_policy(
    all_regions: bool,
    roles: Sequence[str],
    kinds: Sequence[str] = (),
    evidence: bool = False,
    organization: str = "",
) -> str:
    """The least policy for an audit with these options, as JSON. kinds: what is read beside load balancers. evidence:
    whether CloudWatch is asked; organization: the role that is taken on in each account of it."""
    statements: list[dict[str, Any]] = [_allow("ReadLoadBalancers", ACTIONS, "*")]
    for kind in (KINDS[name] for name in KINDS if name in kinds):
        resources: str | list[str] = list(kind.resources) if kind.resources != ("*",) else "*"
        statements.append(_allow(kind.statement, kind.actions, resources))
    if all_regions:
        statements.append(_allow("ListRegions", ["ec2:DescribeRegions"], "*"))
    if evidence:
        statements.append(_allow("ReadEvidence", ["cloudwatch:GetMetricData"], "*"))
    if organization:
        statements.append(_allow("ListAccounts", ["organizations:ListAccounts"], "*"))
        roles = [*roles, f"arn:aws:iam::*:role/{organization}"]
    if roles:
        statements.append(_allow("EnterAccounts", ["sts:AssumeRole"], list(roles)))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _allow(name: str, actions: Iterable[str], resources: str | list[str]) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": resources}


class Entrance:
    """The way into AWS: a profile, roles to take on from there, regions. kinds: what is read beside load balancers.
    evidence_days: for how many days CloudWatch is asked, 0 for not. failures: what did not let us in."""

    def __init__(
        self,
        profile: str | None,
        regions: Sequence[str],
        endpoint: str | None,
        control: Control,
        kinds: Sequence[str] = (),
        evidence_days: int = 0,
    ) -> None:
        self.evidence_days = evidence_days
        self.kinds = [KINDS[name] for name in KINDS if name in kinds]
        self.session = _session(profile)
        self.endpoint = endpoint
        self.control = control
        self.regions = list(dict.fromkeys(regions))
        self.home = self.regions[0] if regions else os.environ.get("AWS_REGION") or self.session.region_name
        self.failures: list[Failure] = []

    def scans(
        self, roles: Sequence[str], all_regions: bool, questions: Questions, organization: str = ""
    ) -> list[Scan]:
        """One for each region of each account. organization: the role to take on in each account of the organization; ""
        for none. Raises CantStart."""
        try:
            return self._scans(roles, all_regions, questions, organization)
        except NoClient as error:
            raise CantStart(str(error)) from error

    def _scans(self, roles: Sequence[str], all_regions: bool, questions: Questions, organization: str) -> list[Scan]:
        accounts = self._members(organization) if organization else self._accounts(roles)
        found: list[Scan] = []
        for account in accounts:
            names = self._regions_of(account, all_regions)
            found += [self._scan(account, name, questions) for name in names]
            found += self._global_scan(account, names, questions)
        if not found:
            raise CantStart(cant_start(self.failures[0]))
        return found

    def _accounts(self, roles: Sequence[str]) -> list[Account]:
        if not roles:
            return [Account(self.session)]
        entered = [self._enter(role) for role in dict.fromkeys(roles)]
        return [account for account in entered if account]

    def _members(self, role: str) -> list[Account]:
        """The accounts of the organization that let us in; the one that asks needs no role. Raises CantStart."""
        region = self.home or _default_region("aws")
        client = only_client(self.session, ORGANIZATIONS.name, region, self.endpoint, ORGANIZATIONS.operations)
        bucket = TokenBucket(burst=ORGANIZATIONS.burst, rate=ORGANIZATIONS.rate)
        caller = Caller({ORGANIZATIONS.name: client}, bucket, self.control, Account(self.session))
        try:
            members = [
                member
                for member in caller.pages(ORGANIZATIONS.name, "ListAccounts", "Accounts", paging=_MEMBER_PAGES)
                if member.get("Status") == "ACTIVE"
            ]
        except Failed as error:
            raise CantStart(cant_start(error.failure)) from error
        asking = self._own_number(region)
        found: list[Account] = []
        for member in members:
            number, partition = member["Id"], member.get("Arn", "arn:aws").split(":")[1]
            is_own = number == asking
            account = (
                Account(self.session, number) if is_own else self._enter(f"arn:{partition}:iam::{number}:role/{role}")
            )
            found += [account] if account is not None else []
        return found

    def _own_number(self, region: str) -> str:
        """The number of the account that the credentials belong to; "" where it is not told. No permission is needed.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        """
        client = only_client(self.session, "sts", region, self.endpoint, ("GetCallerIdentity",))
        caller = Caller({"sts": client}, TokenBucket(), self.control, Account(self.session))
        try:
            return str(caller.call("sts", "GetCallerIdentity").get("Account", ""))
        except Failed:
            return ""

    def _enter(self, role: str) -> Account | None:
        import boto3

        region = self.home or _default_region(role.split(":")[1] if role.count(":") >= 5 else "aws")
        client = only_client(self.session, "sts", region, self.endpoint, ("AssumeRole",))
        caller = Caller({"sts": client}, TokenBucket(), self.control, Account(self.session))
        try:
            answer = caller.call("sts", "AssumeRole", role, RoleArn=role, RoleSessionName=SESSION_NAME)
        except Failed as error:
            self.failures.append(error.failure)
            return None
        given = answer["Credentials"]
        session = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self.home,
        )
        return Account(session, role.split(":")[4])

    def _regions_of(self, account: Account, all_regions: bool) -> list[str]:
        if not all_regions:
            if not self.home:
                raise CantStart("no region is set: give --region (repeat it for more), or --all-regions")
            return self.regions or [self.home]
        client = read_only_client(account.session, "ec2", self.home or _default_region("aws"), self.endpoint)
        try:
            answer = Caller({"ec2": client}, TokenBucket(), self.control, account).call("ec2", "DescribeRegions")
        except Failed as error:
            self.failures.append(error.failure)
            return []
        return sorted(region["RegionName"] for region in answer.get("Regions", ()))

    def _scan(self, account: Account, name: str, questions: Questions) -> Scan:
        clients = {
            service: read_only_client(account.session, service, name, self.endpoint) for service in ("elbv2", "elb")
        }
        region = Region(account=account.label, name=name, partition=clients["elbv2"].meta.partition)
        caller = Caller(clients, TokenBucket(), self.control, account)
        edges = self._edge_callers(account, name, is_global=False)
        return Scan(caller, region, questions, edges, self._evidence_reader(account, name))

    def _evidence_reader(self, account: Account, name: str) -> EvidenceReader | None:
        """Who asks CloudWatch in a region, where that is wanted."""
        if not self.evidence_days:
            return None
        client = only_client(account.session, CLOUDWATCH.name, name, self.endpoint, CLOUDWATCH.operations)
        bucket = TokenBucket(burst=CLOUDWATCH.burst, rate=CLOUDWATCH.rate)
        return EvidenceReader(Caller({CLOUDWATCH.name: client}, bucket, self.control, account), self.evidence_days)

    def _global_scan(self, account: Account, names: Sequence[str], questions: Questions) -> list[Scan]:
        """What is the same in every region, read once an account."""
        if not names or not any(kind.is_global for kind in self.kinds):
            return []
        partition = self.session.get_partition_for_region(names[0])
        home = GLOBAL_HOMES.get(partition)
        if home is None:
            return []
        region = Region(account=account.label, name=GLOBAL, partition=partition)
        return [Scan(None, region, questions, self._edge_callers(account, home, is_global=True))]

    def _edge_callers(self, account: Account, name: str, is_global: bool) -> dict[str, Caller]:
        """A caller for each service, with a pace of its own."""
        services = [service for kind in self.kinds if kind.is_global == is_global for service in kind.services]
        return {
            service.name: Caller(
                {service.name: only_client(account.session, service.name, name, self.endpoint, service.operations)},
                TokenBucket(burst=service.burst, rate=service.rate),
                self.control,
                account,
            )
            for service in services
        }


def _session(profile: str | None) -> Any:
    try:
        import boto3
    except ImportError as error:
        raise CantStart("auditing AWS needs boto3: pip install 'infralint[aws]'") from error
    from botocore.exceptions import BotoCoreError, ProfileNotFound

    try:
        session = boto3.Session(profile_name=profile)
    except ProfileNotFound as error:
        raise CantStart(f"no AWS profile is called {error.kwargs['profile']}; {_profiles()}") from error
    except BotoCoreError as error:
        raise CantStart(f"{error}") from error
    _stop_slow_processes(session)
    try:
        session.get_credentials()
    except Exception as error:  # a credential_process may fail in any way
        raise CantStart(f"AWS credentials can't be had: {_failed_process(error)}") from error
    return session


PROCESS_SECONDS = 300
"""How long a `credential_process` may take: somebody may have to log in meanwhile."""


def _stop_slow_processes(session: Any) -> None:
    """Have the program that `credential_process` names stopped where it does not end: botocore would wait for ever.

    The profile that another names as its `source_profile` has a program of its own, found while a role is assumed.
    https://github.com/boto/botocore/blob/develop/botocore/credentials.py (ProcessProvider, ProfileProviderBuilder)
    """
    import subprocess

    from botocore.exceptions import UnknownCredentialError

    class TimedProcess(subprocess.Popen[bytes]):
        def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[bytes, bytes]:
            try:
                return super().communicate(input, PROCESS_SECONDS if timeout is None else timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                self.wait()
                for pipe in (self.stdout, self.stderr):  # not read to its end: what it has started may keep it open
                    if pipe is not None:
                        pipe.close()
                raise

    providers = session._session.get_component("credential_provider")
    with suppress(UnknownCredentialError):
        providers.get_provider("custom-process")._popen = TimedProcess
    with suppress(UnknownCredentialError):
        sources = providers.get_provider("assume-role")._profile_provider_builder
        create = sources._create_process_provider

        def create_timed(profile_name: str) -> Any:
            provider = create(profile_name)
            provider._popen = TimedProcess
            return provider

        sources._create_process_provider = create_timed


def _profiles() -> str:
    """The profiles that there are, in words."""
    from botocore.session import Session

    found = Session().available_profiles
    return f"the profiles here: {listing(found, most=9)}" if found else "none is configured here"


_RETRIEVED = "Error when retrieving credentials from custom-process:"


def _failed_process(error: Exception) -> str:
    """What went wrong with the program that `credential_process` names.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html
    """
    from subprocess import TimeoutExpired

    words = " ".join(str(error).split())
    match error:
        case TimeoutExpired():
            return f"`credential_process` has not ended after {PROCESS_SECONDS:g} s, and was stopped"
        case OSError():
            return f"`credential_process` can't be run: {error.filename}: {error.strerror}"
        case json.JSONDecodeError() | UnicodeDecodeError():
            return "what `credential_process` prints is not JSON"
        case ValueError():
            return f"`credential_process` can't be used: {words[:200]}"
        case AttributeError() | TypeError():
            return "what `credential_process` prints is not a JSON object"
        case _ if words.startswith(_RETRIEVED):
            return f"`credential_process` failed: {words.removeprefix(_RETRIEVED).strip()[:200] or 'it says nothing'}"
        case _:
            return words[:200]


def _default_region(partition: str) -> str:
    return {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}.get(partition, "us-east-1")


def cant_start(failure: Failure) -> str:
    """Why nothing could be read, and what to do."""
    match failure.trouble:
        case "denied":
            whom = f" {failure.resource}" if failure.resource else ""
            needed = (
                "" if "sts:" in failure.action else "; `infralint audit aws --iam-policy` prints the policy it needs"
            )
            return f"AWS denies {failure.action}{whom} to these credentials{needed}"
        case "credentials" if "expired" in failure.message.lower():
            return "the AWS credentials have expired: log in again (`aws sso login`, or however you got them)"
        case "credentials" if "locate credentials" in failure.message:
            return "no AWS credentials found: log in with `aws configure` or `aws sso login`, or set AWS_PROFILE"
        case "credentials":
            return f"AWS does not accept the credentials: {failure.message}"
        case "stopped":
            return "stopped before anything was read"
        case _:
            hint = "; is that the region's name?" if "connect to the endpoint" in failure.message else ""
            return f"{failure.action} failed: {failure.message}{hint}"
