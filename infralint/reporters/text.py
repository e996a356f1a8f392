from __future__ import annotations
from dataclasses import dataclass


@dataclass
class TextOptions:
    color: bool
    quiet: bool
    verbose: bool


def render(report, options):
    out = []
    for f in report.findings:
        out.append(
            f"{f.location}: {f.severity} [{f.check}] {f.message}  (because {f.stream and f.stream.evidence.because})"
        )
    for u in report.unknown:
        out.append(f"{u.where}: could not tell: {u.why}")
    for u in report.unreadable:
        out.append(f"{u.where}: unreadable: {u.message}")
    return "\n".join(out) + "\n"
