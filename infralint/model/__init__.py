"""The words that everything else is said in: settings, clocks, requests and responses, streams, hops, traces, findings.

Imports nothing of the rest. Sources reduce every platform to nodes with hops; evidence says which
streams exist; a trace is one stream's whole way; a check is asked about one leg of it, a crossing.
"""

from __future__ import annotations

from infralint.model.clock import LENGTH, SILENCE, Clock, Expiry, Phase, silence_clocks
from infralint.model.finding import SEVERITIES, Finding, Provenance, Severity
from infralint.model.node import AccountResource, Affinity, CantFix, Edit, Forward, Hop, Match, Node, Pool, Service
from infralint.model.reading import Reading
from infralint.model.setting import (
    UNLIMITED,
    Known,
    Location,
    Origin,
    Related,
    Setting,
    Unknown,
    Unreadable,
    not_applicable,
)
from infralint.model.stream import (
    CERTAIN_EVIDENCE,
    STREAM_KINDS,
    STRENGTH,
    Evidence,
    EvidenceKind,
    Hint,
    Need,
    Stream,
    StreamKind,
)
from infralint.model.trace import STRONG, Basis, Crossing, End, Leg, Trace
from infralint.model.wire import (
    NOWHERE,
    SAME_PATH,
    UNKNOWN_RESPONSE,
    Address,
    Buffering,
    Framing,
    PathMap,
    PrefixMap,
    Request,
    Response,
    Upgrade,
)

__all__ = [
    "CERTAIN_EVIDENCE",
    "LENGTH",
    "NOWHERE",
    "SAME_PATH",
    "SEVERITIES",
    "SILENCE",
    "STREAM_KINDS",
    "STRENGTH",
    "STRONG",
    "UNKNOWN_RESPONSE",
    "UNLIMITED",
    "AccountResource",
    "Address",
    "Affinity",
    "Basis",
    "Buffering",
    "CantFix",
    "Clock",
    "Crossing",
    "Edit",
    "End",
    "Evidence",
    "EvidenceKind",
    "Expiry",
    "Finding",
    "Forward",
    "Framing",
    "Hint",
    "Hop",
    "Known",
    "Leg",
    "Location",
    "Match",
    "Need",
    "Node",
    "Origin",
    "PathMap",
    "Phase",
    "Pool",
    "PrefixMap",
    "Provenance",
    "Reading",
    "Related",
    "Request",
    "Response",
    "Service",
    "Setting",
    "Severity",
    "Stream",
    "StreamKind",
    "Trace",
    "Unknown",
    "Unreadable",
    "Upgrade",
    "not_applicable",
    "silence_clocks",
]
