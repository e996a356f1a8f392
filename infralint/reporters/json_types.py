"""The JSON report's types: its published schema is made of them, so what they say is what a reader can rely on.

A field that has a default is left out where it holds nothing else. New fields may come; what is there keeps its
name and meaning as long as `version` is 1.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from infralint.engine.report import Silence
from infralint.engine.verdicts import Status
from infralint.model import Basis, End, EvidenceKind, Expiry, Origin, Phase, Severity, StreamKind, Upgrade

VERSION: Literal[1] = 1
"""Of the report's format."""

Count = Annotated[int, Meta(ge=0)]


class JsonRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An object of the report."""


class JsonLocation(JsonRecord, frozen=True, kw_only=True):
    """A place. Lines and columns count from 1, the end is exclusive; 0: the whole file, or no end known."""

    path: Annotated[str, Meta(description="A file as seen from where infralint ran, or a resource of an account.")]
    line: Count
    column: Count
    end_line: Count
    end_column: Count


class JsonEntry(JsonRecord, frozen=True, kw_only=True):
    """A sentence, and the place that it is about."""

    message: str
    location: JsonLocation


class JsonUnknown(JsonEntry, frozen=True, kw_only=True):
    """Something that can't be told from what was read; it is judged neither good nor bad."""

    remedy: Annotated[str, Meta(description="What to do so that it can be told.")] = ""
    places: Annotated[Count, Meta(description="How many places share this cause.")] = 1


class JsonResource(JsonRecord, frozen=True, kw_only=True):
    """What a hop is in a live account."""

    identity: Annotated[str, Meta(description="Its full name there, such as an ARN.")]
    type: Annotated[str, Meta(description="The vendor's word for it, such as `application load balancer`.")]
    account: str = ""
    region: str = ""
    tags: dict[str, str] = {}
    owner: Annotated[str, Meta(description="What made it, if its tags tell.")] = ""
    console: Annotated[str, Meta(description="Its page in the vendor's console.")] = ""


class JsonHop(JsonRecord, frozen=True, kw_only=True):
    """One way through something that listens and answers: an nginx location, a load balancer, a function, a route."""

    platform: str
    kind: str
    name: str
    variant: Annotated[str, Meta(description="Which of its kind, such as `network` of load balancers.")] = ""
    hosts: list[str] = []
    environment: str = ""
    location: JsonLocation
    resource: Annotated[JsonResource | None, Meta(description="In audits: what it is in the account.")] = None


class JsonStream(JsonRecord, frozen=True, kw_only=True):
    """A route that streams, and why infralint believes so."""

    kind: StreamKind
    path: str
    host: str = ""
    evidence: EvidenceKind
    because: Annotated[str, Meta(description="Completes the sentence: a stream goes here because …")]
    location: Annotated[JsonLocation | None, Meta(description="Where the evidence stands.")] = None
    silence: Annotated[float, Meta(description="Seconds that it may be silent.")]
    duration: Annotated[float, Meta(description="Seconds that it may last.")]
    heartbeat: Annotated[float | None, Meta(description="Seconds between its pings, where it sends some.")] = None


class JsonSetting(JsonRecord, frozen=True, kw_only=True):
    """A setting: its value, or null with the reason why it can't be told."""

    value: Any
    name: Annotated[str, Meta(description="What its platform calls it; absent where it has no such setting.")] = ""
    origin: Annotated[Origin | None, Meta(description="Who decided it.")] = None
    reason: Annotated[str, Meta(description="Why the value can't be told.")] = ""
    location: JsonLocation | None = None


class JsonClock(JsonRecord, frozen=True, kw_only=True):
    """A timeout of a hop for this kind of stream."""

    phase: Phase
    seconds: Annotated[float | None, Meta(description="null: no limit, or (with `reason`) not known.")]
    expiry: Annotated[Expiry, Meta(description="What the client gets when it runs out.")]
    name: str = ""
    origin: Origin | None = None
    reason: str = ""
    location: JsonLocation | None = None


class JsonRequest(JsonRecord, frozen=True, kw_only=True):
    """A request as it arrives at a hop."""

    host: str | None
    path: str
    to: Annotated[str, Meta(description="The address that is dialled, where that is known.")] = ""
    http: Annotated[str | None, Meta(description="The version that is spoken; null where it is not known.")]
    upgrade: Annotated[
        Upgrade | None, Meta(description="What is left of the handshake of a WebSocket, where it is known.")
    ] = None


class JsonLeg(JsonRecord, frozen=True, kw_only=True):
    """One hop of a stream's way."""

    node: str
    hop: JsonHop
    link: Annotated[Basis | None, Meta(description="How it was found behind the hop in front; null for the first.")]
    request: JsonRequest
    clocks: list[JsonClock]
    buffering: JsonSetting
    upgrade: JsonSetting
    affinity: JsonSetting
    certain: Annotated[bool, Meta(description="Whether the stream surely passes here.")]
    reasons: Annotated[list[str], Meta(description="Why that is not certain.")]


class JsonTrace(JsonRecord, frozen=True, kw_only=True):
    """A stream's whole way, the browser's side first."""

    environment: str = ""
    position: Annotated[Count, Meta(description="The leg that the finding is about, from 0.")]
    certain: bool
    reasons: list[str]
    doubt: Annotated[str, Meta(description="What speaks against there being a stream at all.")] = ""
    legs: list[JsonLeg]
    command: Annotated[str, Meta(description="What shows this way in a terminal.")] = ""
    end: Annotated[End, Meta(description="How the way ends.")]
    end_reason: str


class JsonSuppression(JsonRecord, frozen=True, kw_only=True):
    """Why a finding is not among those that count."""

    kind: Annotated[
        Silence,
        Meta(description="`comment`: beside it; `accept`: an entry of infralint.yaml; `baseline`: known before."),
    ]
    reason: str = ""
    location: JsonLocation | None = None


class JsonLimit(JsonRecord, frozen=True, kw_only=True):
    """What one hop of a way allows."""

    position: Annotated[Count, Meta(description="The leg of the trace.")]
    seconds: Annotated[float | None, Meta(description="null: no limit, or (with `reason`) not known.")]
    name: str = ""
    origin: Origin | None = None
    reason: str = ""
    location: JsonLocation | None = None


class JsonFinding(JsonRecord, frozen=True, kw_only=True):
    """One problem at one hop."""

    check: str
    url: Annotated[str, Meta(description="The check's manual page; absent for checks of your own.")] = ""
    severity: Severity
    message: str
    fix: Annotated[str, Meta(description="What to write, as text to paste; empty where there is nothing to write.")]
    location: JsonLocation
    hop: JsonHop | None
    stream: Annotated[JsonStream | None, Meta(description="The stream that decides.")]
    streams: Annotated[list[JsonStream], Meta(description="Other streams with the same problem here.")] = []
    trace: JsonTrace | None
    clocks: Annotated[
        list[JsonLimit],
        Meta(description="Of a finding about a timeout: what every hop of the way allows, the shortest first."),
    ] = []
    related: Annotated[list[JsonEntry], Meta(description="Other places that it is about.")]
    fingerprint: Annotated[str, Meta(description="Stays the same while lines move.")]
    fixable: Annotated[bool, Meta(description="Whether `--fix` has an edit for it.")]
    not_fixed: Annotated[str, Meta(description="Why `--fix` leaves it.")] = ""
    suppression: Annotated[JsonSuppression | None, Meta(description="In `suppressed` only.")] = None


class JsonProject(JsonRecord, frozen=True, kw_only=True):
    """A project that was judged."""

    root: Annotated[str, Meta(description="Its folder, as seen from where infralint ran.")]
    config: Annotated[str, Meta(description="The file that holds its settings.")] = ""
    settings: Annotated[
        dict[str, Any],
        Meta(
            description="Those in force, options of the command line included, as in infralint.yaml; values of"
            " Terraform's variables are left out."
        ),
    ]


class JsonSummary(JsonRecord, frozen=True, kw_only=True):
    """How many findings there are of each severity."""

    error: Count
    warning: Count
    note: Count


class JsonVerdict(JsonRecord, frozen=True, kw_only=True):
    """In audits: what one check says of one resource."""

    check: str
    status: Annotated[
        Status,
        Meta(description="`fail`, `suppressed`: see the findings with these fingerprints; `unknown`: see `reason`."),
    ]
    hop: str
    resource: JsonResource | None
    findings: Annotated[list[str], Meta(description="Fingerprints.")] = []
    reason: Annotated[str, Meta(description="Why it can't be told, or why it is suppressed.")] = ""


class JsonSince(JsonRecord, frozen=True, kw_only=True):
    """In audits with --against-snapshot: what has changed since then."""

    earlier: Annotated[str, Meta(description="When the earlier snapshot was taken, in UTC.")]
    new: Annotated[list[str], Meta(description="Fingerprints of findings that were not there.")]
    changed: Annotated[list[str], Meta(description="Fingerprints of findings that said something else.")]
    gone: Annotated[list[JsonFinding], Meta(description="Findings of then that are no more.")]
    added: Annotated[list[str], Meta(description="Resources that were not there.")]
    removed: Annotated[list[str], Meta(description="Resources that are no more.")]


class JsonReport(JsonRecord, frozen=True, kw_only=True):
    """What one run of infralint has to say."""

    version: Literal[1]
    infralint: Annotated[str, Meta(description="The program's version.")]
    time: Annotated[str, Meta(description="When the report was made, in UTC (RFC 3339).")]
    taken: Annotated[str, Meta(description="In audits: when the account was read, in UTC.")] = ""
    projects: list[JsonProject]
    checks: Annotated[list[str], Meta(description="The checks that ran.")]
    summary: JsonSummary
    findings: list[JsonFinding]
    suppressed: Annotated[list[JsonFinding], Meta(description="Findings that are ignored, or in the baseline.")] = []
    fixed: Annotated[list[JsonFinding], Meta(description="With --fix: what was put right.")] = []
    unknown: list[JsonUnknown]
    unreadable: Annotated[list[JsonEntry], Meta(description="What could not be read: nothing is known of it.")]
    read: Annotated[dict[str, list[str]], Meta(description="What was read, by platform.")]
    unsupported: Annotated[list[str], Meta(description="What was seen here that infralint can't read yet.")] = []
    unfollowed: Annotated[
        list[str], Meta(description="What could not be followed, so that what streams there is not seen, and why.")
    ] = []
    skipped: Annotated[list[str], Meta(description="Files that were passed over, each with the reason.")] = []
    empty: Annotated[list[str], Meta(description="Given paths that hold nothing to read.")] = []
    gone: Annotated[list[str], Meta(description="Entries of the baseline whose findings are no more.")] = []
    verdicts: Annotated[list[JsonVerdict], Meta(description="In audits: each check on each resource.")] = []
    since: JsonSince | None = None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the report (draft 2020-12)."""
    found = msgspec.json.schema(JsonReport)
    renamed: dict[str, Any] = _without_prefix(found)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "infralint report",
        "description": JsonReport.__doc__,
    }
    return head | renamed


def _without_prefix(node: Any) -> Any:
    """The same schema with types called as people call them: `Finding`, not `JsonFinding`."""
    if isinstance(node, dict):
        return {
            key.removeprefix("Json"): value.replace("#/$defs/Json", "#/$defs/")
            if key == "$ref"
            else value.removeprefix("Json")
            if key == "title" and isinstance(value, str)
            else _without_prefix(value)
            for key, value in node.items()
        }
    return [_without_prefix(item) for item in node] if isinstance(node, list) else node
