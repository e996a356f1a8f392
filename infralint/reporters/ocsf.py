"""Compliance findings of the Open Cybersecurity Schema Framework, for Security Lake and its like.

https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from infralint import __version__
from infralint.engine.pages import HOME
from infralint.engine.report import Report
from infralint.model import AccountResource
from infralint.reporters import Shown
from infralint.reporters.records import Record, RecordStatus, records_of
from infralint.text.display import render_json, visible, visible_lines

VERSION = "1.5.0"
CATEGORY, CLASS, CREATE = 2, 2003, 1
"""Findings; compliance finding; created."""
_SEVERITIES = {"error": (4, "High"), "warning": (3, "Medium"), "note": (2, "Low"), None: (1, "Informational")}
_COMPLIANCE: dict[RecordStatus, tuple[int, str]] = {
    "pass": (1, "Pass"),
    "fail": (3, "Fail"),
    "suppressed": (3, "Fail"),
    "unknown": (0, "Unknown"),
    "unreadable": (0, "Unknown"),
    "gone": (1, "Pass"),
}
_STATUSES: dict[RecordStatus, tuple[int, str]] = {"suppressed": (3, "Suppressed"), "gone": (4, "Resolved")}


def render(report: Report, shown: Shown) -> str:
    """The report as a list of events; time is when it was read."""
    events = [_event(record) for record in records_of(report, shown)]
    return render_json(events) + "\n"


def _event(record: Record) -> dict[str, Any]:
    severity_id, severity = _SEVERITIES[record.severity]
    compliance_id, compliance = _COMPLIANCE[record.status]
    status_id, status = _STATUSES.get(record.status, (1, "New"))
    event: dict[str, Any] = {
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "activity_id": CREATE,
        "activity_name": "Create",
        "type_uid": 100 * CLASS + CREATE,
        "type_name": "Compliance Finding: Create",
        "time": _milliseconds(record.time),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": visible(record.message),
        "metadata": {
            "version": VERSION,
            "product": {"name": "infralint", "vendor_name": "infralint", "version": __version__, "url_string": HOME},
        },
        "finding_info": {
            "uid": _identity(record),
            "title": record.check or record.status,
            "desc": "\n".join(map(visible, _description(record))),
            "types": ["streaming"],
            "created_time": _milliseconds(record.time),
        },
        "compliance": {
            "standards": ["infralint"],
            "control": record.check or record.status,
            "status_id": compliance_id,
            "status": compliance,
            **({"status_details": [visible(record.reason)]} if record.reason else {}),
        },
        "resources": [_resource(record)],
    }
    if record.fix:
        references = [record.url] if record.url else []
        event["remediation"] = {"desc": visible_lines(record.fix), "references": references}
    if record.resource is not None:
        event["metadata"]["profiles"] = ["cloud"]
        event["cloud"] = _cloud(record.resource)
    return event


def _description(record: Record) -> Iterator[str]:
    yield record.message
    if record.stream:
        yield f"Stream: {record.stream}, because {record.because}"
    if record.way:
        yield f"Way: {record.way}"


def _milliseconds(time: str) -> int:
    """Of the epoch; 0 where a time is not known."""
    try:
        return int(datetime.fromisoformat(time).timestamp() * 1000)
    except ValueError:
        return 0


def _identity(record: Record) -> str:
    """The same as long as the finding is."""
    named = [record.check or record.status, _resource_name(record), record.fingerprint or record.message]
    return visible("/".join(named))


def _resource_name(record: Record) -> str:
    return record.resource.identity if record.resource else record.location.path


def _resource(record: Record) -> dict[str, Any]:
    resource = record.resource
    if resource is None:
        hop = record.hop
        kind = {"type": hop.kind, "name": visible(hop.name)} if hop else {"type": "file"}
        return {"uid": visible(str(record.location)), **kind}
    name = visible(record.hop.name) if record.hop else ""
    found: dict[str, Any] = {
        "uid": visible(resource.identity),
        "name": name,
        "type": resource.type,
        "region": resource.region,
    }
    if resource.tags:
        found["tags"] = [
            {"name": visible(key), "value": visible(value)} for key, value in sorted(resource.tags.items())
        ]
        found["labels"] = [f"{tag['name']}:{tag['value']}" for tag in found["tags"]]
    if resource.owner:
        found["owner"] = {"name": visible(resource.owner)}
    return found


def _cloud(resource: AccountResource) -> dict[str, Any]:
    account = {"uid": resource.account, "type_id": 10, "type": "AWS Account"}
    return {"provider": "AWS", "region": resource.region, "account": account}
