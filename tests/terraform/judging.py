"""Judging Terraform text as a user would."""

from __future__ import annotations

from pathlib import Path

import msgspec

from infralint.engine.registry import built_in_folder, load_checks
from infralint.engine.report import Report
from infralint.engine.run import lint
from infralint.model import Finding, Known, Reading
from infralint.project import Project
from infralint.project.config import Settings, TerraformSettings, find_config, load_settings
from infralint.sources.terraform import read


def project(folder: Path, files: dict[str, str], **terraform: object) -> Project:
    """A project of these files."""
    for path, text in files.items():
        full = folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text, newline="")
    written = find_config(folder) if folder.is_dir() else None
    settings = load_settings(written, "infralint.yaml") if written else Settings()
    if terraform:
        settings = msgspec.structs.replace(settings, terraform=msgspec.convert(terraform, TerraformSettings))
    return Project(folder, settings, base=folder)


def reading(folder: Path, files: dict[str, str], **terraform: object) -> Reading:
    return read(project(folder, files, **terraform))


def judged(folder: Path, files: dict[str, str], **terraform: object) -> Report:
    """The whole report of the built-in pack."""
    return lint(project(folder, files, **terraform), load_checks(built_in_folder()))


def idle(found: Reading, but: str = ".other") -> list[float]:
    """The idle timeouts that are known."""
    settings = [hop.idle_timeout for hop in found.hops if not hop.name.endswith(but)]
    return [one.value for one in settings if isinstance(one, Known)]


def said(report: Report, check: str = "short-idle-timeout") -> list[Finding]:
    return [one for one in report.findings if one.check == check]


def places(report: Report, check: str = "short-idle-timeout") -> list[str]:
    return [f"{one.location.path}:{one.location.line}" for one in said(report, check)]


def doubts(report: Report) -> str:
    return "\n".join(f"{one.where.path}:{one.where.line} {one.name} {one.why} {one.remedy}" for one in report.unknown)
