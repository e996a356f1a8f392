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
    line: Annotated[Count, Meta(description="The first line; 0: the whole file, or no file.")]
    column: Annotated[Count, Meta(description="Its first column; 0: the whole line.")]
    end_line: Annotated[Count, Meta(description="The last line; 0: no end is known.")]
    end_column: Annotated[Count, Meta(description="The column behind the last; 0: no end is known.")]


class JsonEntry(JsonRecord, frozen=True, kw_only=True):
    """A sentence, and the place that it is about."""

    message: Annotated[str, Meta(description="The sentence.")]
    location: Annotated[JsonLocation, Meta(description="The place.")]


class JsonUnknown(JsonEntry, frozen=True, kw_only=True):
    """Something that can't be told from what was read; it is judged neither good nor bad."""

    remedy: Annotated[str, Meta(description="What to do so that it can be told.")] = ""
    places: Annotated[Count, Meta(description="How many places share this cause.")] = 1


class JsonResource(JsonRecord, frozen=True, kw_only=True):
    """What a hop is in a live account."""

    identity: Annotated[str, Meta(description="Its full name there, such as an ARN.")]
    type: Annotated[str, Meta(description="The vendor's word for it, such as `application load balancer`.")]
    account: Annotated[str, Meta(description="The account that it belongs to.")] = ""
    region: Annotated[str, Meta(description="The region that it stands in.")] = ""
    tags: Annotated[dict[str, str], Meta(description="Its tags, by key.")] = {}
    owner: Annotated[str, Meta(description="What made it, if its tags tell.")] = ""
    console: Annotated[str, Meta(description="Its page in the vendor's console.")] = ""


class JsonHop(JsonRecord, frozen=True, kw_only=True):
    """One way through something that listens and answers: an nginx location, a load balancer, a function, a route."""

    platform: Annotated[str, Meta(description="Whose rules hold there: `nginx`, `aws`, `vercel` and the like.")]
    kind: Annotated[
        str, Meta(description="What it is there: `location`, `load balancer`, `function`, `route` and the like.")
    ]
    name: Annotated[str, Meta(description="What messages, `hops:` and `accept:` call it, such as `location /api/`.")]
    variant: Annotated[str, Meta(description="Which of its kind, such as `network` of load balancers.")] = ""
    hosts: Annotated[list[str], Meta(description="The host names that it answers to; left out: any.")] = []
    environment: Annotated[str, Meta(description="Which of several deployments it belongs to.")] = ""
    location: Annotated[JsonLocation, Meta(description="Where it is written.")]
    resource: Annotated[JsonResource | None, Meta(description="In audits: what it is in the account.")] = None


class JsonStream(JsonRecord, frozen=True, kw_only=True):
    """A route that streams, and why infralint believes so."""

    kind: Annotated[
        StreamKind, Meta(description="`sse`: any response that is streamed over HTTP; `websocket`: a connection.")
    ]
    path: Annotated[str, Meta(description="As browsers ask for it; `*` stands for anything.")]
    host: Annotated[str, Meta(description="The host that browsers ask; left out: any.")] = ""
    evidence: Annotated[
        EvidenceKind, Meta(description="Why it is believed in, from `declared`, the strongest, to `assumed`.")
    ]
    because: Annotated[str, Meta(description="Completes the sentence: a stream goes here because …")]
    location: Annotated[JsonLocation | None, Meta(description="Where the evidence stands.")] = None
    silence: Annotated[float, Meta(description="Seconds that it may be silent.")]
    duration: Annotated[float, Meta(description="Seconds that it may last.")]
    heartbeat: Annotated[float | None, Meta(description="Seconds between its pings, where it sends some.")] = None


class JsonSetting(JsonRecord, frozen=True, kw_only=True):
    """A setting: its value, or null with the reason why it can't be told."""

    value: Annotated[Any, Meta(description="Its value; null: it can't be told.")]
    name: Annotated[str, Meta(description="What its platform calls it; absent where it has no such setting.")] = ""
    origin: Annotated[Origin | None, Meta(description="Who decided it.")] = None
    reason: Annotated[str, Meta(description="Why the value can't be told.")] = ""
    location: Annotated[
        JsonLocation | None, Meta(description="Where it is written, or the hop that leaves it out.")
    ] = None


class JsonClock(JsonRecord, frozen=True, kw_only=True):
    """A timeout of a hop for this kind of stream."""

    phase: Annotated[Phase, Meta(description="What it measures.")]
    seconds: Annotated[float | None, Meta(description="null: no limit, or (with `reason`) not known.")]
    expiry: Annotated[Expiry, Meta(description="What the client gets when it runs out.")]
    name: Annotated[str, Meta(description="What its platform calls it.")] = ""
    origin: Annotated[Origin | None, Meta(description="Who decided it.")] = None
    reason: Annotated[str, Meta(description="Why it can't be told.")] = ""
    location: Annotated[
        JsonLocation | None, Meta(description="Where it is written, or the hop that leaves it out.")
    ] = None


class JsonRequest(JsonRecord, frozen=True, kw_only=True):
    """A request as it arrives at a hop."""

    host: Annotated[str | None, Meta(description="The host that it asks for; null: any, or not known.")]
    path: Annotated[str, Meta(description="The path that it asks for, as the hops in front have rewritten it.")]
    to: Annotated[str, Meta(description="The address that is dialled, where that is known.")] = ""
    http: Annotated[str | None, Meta(description="The version that is spoken; null where it is not known.")]
    upgrade: Annotated[
        Upgrade | None, Meta(description="What is left of the handshake of a WebSocket, where it is known.")
    ] = None


class JsonLeg(JsonRecord, frozen=True, kw_only=True):
    """One hop of a stream's way."""

    node: Annotated[str, Meta(description="What listens there: a server, a load balancer, an application.")]
    hop: Annotated[JsonHop, Meta(description="The way through it that the stream takes.")]
    link: Annotated[Basis | None, Meta(description="How it was found behind the hop in front; null for the first.")]
    request: Annotated[JsonRequest, Meta(description="The request as it arrives there.")]
    clocks: Annotated[list[JsonClock], Meta(description="Its timeouts.")]
    buffering: Annotated[
        JsonSetting, Meta(description="Whether it holds the answer back: `never`, `unless-chunked` or `always`.")
    ]
    upgrade: Annotated[
        JsonSetting, Meta(description="What a handshake becomes there: `forwarded`, `half`, `dropped` or `http/1.0`.")
    ]
    affinity: Annotated[JsonSetting, Meta(description="What keeps a client on one replica.")]
    certain: Annotated[bool, Meta(description="Whether the stream surely passes here.")]
    reasons: Annotated[list[str], Meta(description="Why that is not certain.")]


class JsonTrace(JsonRecord, frozen=True, kw_only=True):
    """A stream's whole way, the browser's side first."""

    environment: Annotated[str, Meta(description="Which of several deployments it is in.")] = ""
    position: Annotated[Count, Meta(description="The leg that the finding is about, from 0.")]
    certain: Annotated[bool, Meta(description="Whether the stream surely takes this way.")]
    reasons: Annotated[list[str], Meta(description="Why that is not certain.")]
    doubt: Annotated[str, Meta(description="What speaks against there being a stream at all.")] = ""
    legs: Annotated[list[JsonLeg], Meta(description="Its hops, the browser's side first.")]
    command: Annotated[str, Meta(description="What shows this way in a terminal.")] = ""
    end: Annotated[End, Meta(description="How the way ends.")]
    end_reason: Annotated[str, Meta(description="What answers, or why the way ends there.")]


class JsonSuppression(JsonRecord, frozen=True, kw_only=True):
    """Why a finding is not among those that count."""

    kind: Annotated[
        Silence,
        Meta(description="`comment`: beside it; `accept`: an entry of infralint.yaml; `baseline`: known before."),
    ]
    reason: Annotated[str, Meta(description="What the comment or the entry says.")] = ""
    location: Annotated[JsonLocation | None, Meta(description="Where the comment stands.")] = None


class JsonLimit(JsonRecord, frozen=True, kw_only=True):
    """What one hop of a way allows."""

    position: Annotated[Count, Meta(description="The leg of the trace.")]
    seconds: Annotated[float | None, Meta(description="null: no limit, or (with `reason`) not known.")]
    name: Annotated[str, Meta(description="What its platform calls it.")] = ""
    origin: Annotated[Origin | None, Meta(description="Who decided it.")] = None
    reason: Annotated[str, Meta(description="Why it can't be told.")] = ""
    location: Annotated[
        JsonLocation | None, Meta(description="Where it is written, or the hop that leaves it out.")
    ] = None


class JsonFinding(JsonRecord, frozen=True, kw_only=True):
    """One problem at one hop."""

    check: Annotated[str, Meta(description="The name of the check.")]
    url: Annotated[str, Meta(description="The check's manual page; absent for checks of your own.")] = ""
    severity: Annotated[Severity, Meta(description="How loud it is.")]
    message: Annotated[str, Meta(description="What happens to the stream, and why.")]
    fix: Annotated[str, Meta(description="What to write, as text to paste; empty where there is nothing to write.")]
    location: Annotated[JsonLocation, Meta(description="Where the cause is written.")]
    hop: Annotated[JsonHop | None, Meta(description="Where it happens; null: at no hop of its own.")]
    stream: Annotated[JsonStream | None, Meta(description="The stream that decides.")]
    streams: Annotated[list[JsonStream], Meta(description="Other streams with the same problem here.")] = []
    trace: Annotated[JsonTrace | None, Meta(description="The stream's way through this hop.")]
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

    error: Annotated[Count, Meta(description="Errors.")]
    warning: Annotated[Count, Meta(description="Warnings.")]
    note: Annotated[Count, Meta(description="Notes.")]


class JsonVerdict(JsonRecord, frozen=True, kw_only=True):
    """In audits: what one check says of one resource."""

    check: Annotated[str, Meta(description="The name of the check.")]
    status: Annotated[
        Status,
        Meta(description="`fail`, `suppressed`: see the findings with these fingerprints; `unknown`: see `reason`."),
    ]
    hop: Annotated[str, Meta(description="The name of the resource.")]
    resource: Annotated[JsonResource | None, Meta(description="What it is in the account.")]
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

    version: Annotated[Literal[1], Meta(description="Of the format of the report.")]
    infralint: Annotated[str, Meta(description="The program's version.")]
    time: Annotated[str, Meta(description="When the report was made, in UTC (RFC 3339).")]
    taken: Annotated[str, Meta(description="In audits: when the account was read, in UTC.")] = ""
    projects: Annotated[list[JsonProject], Meta(description="What was judged.")]
    checks: Annotated[list[str], Meta(description="The checks that ran.")]
    summary: Annotated[JsonSummary, Meta(description="Counts of the findings below.")]
    findings: Annotated[list[JsonFinding], Meta(description="What is wrong, as the text prints it.")]
    suppressed: Annotated[list[JsonFinding], Meta(description="Findings that are ignored, or in the baseline.")] = []
    fixed: Annotated[list[JsonFinding], Meta(description="With --fix: what was put right.")] = []
    unknown: Annotated[list[JsonUnknown], Meta(description="What could not be told.")]
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
    since: Annotated[JsonSince | None, Meta(description="With --against-snapshot: what has changed.")] = None


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
