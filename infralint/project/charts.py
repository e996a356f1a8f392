"""Where the Helm charts of a project lie."""

from __future__ import annotations

import posixpath

from infralint.project import Project


def chart_folders(project: Project) -> frozenset[str]:
    """The folders of Helm charts."""
    return project.remember(
        "chart folders",
        lambda: frozenset(posixpath.dirname(path) for path in project.files_named("Chart.yaml", "Chart.yml")),
    )


def chart_of(path: str, charts: frozenset[str]) -> str | None:
    """The chart whose template a file is; None for any other file."""
    parts = path.split("/")
    for at in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[: at - 1])
        if parts[at - 1] == "templates" and folder in charts:
            return folder
    return None


def outermost_chart(path: str, charts: frozenset[str]) -> str:
    """The chart that a file belongs to, subcharts to the one around them; empty where it belongs to none."""
    parts = path.split("/")
    return next((folder for count in range(1, len(parts)) if (folder := "/".join(parts[:count])) in charts), "")
