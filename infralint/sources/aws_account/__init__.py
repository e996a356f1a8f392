"""Load balancers of a live AWS account: `fetch` talks to AWS and nothing else, all the rest is pure.

A saved snapshot called `aws.json` that lies in a project is judged with it, each setting at its line.
"""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import CantRead, Project
from infralint.sources.aws_account.hops import PLATFORM, read_text
from infralint.sources.aws_account.snapshot import BadSnapshot


def read(project: Project) -> Reading:
    """The snapshots of a project. A file of that name that is about something else is left alone."""
    reading = Reading(PLATFORM)
    for path in project.files_named("aws.json"):
        try:
            text = project.text(path)
            if '"load_balancers"' in text and '"regions"' in text:
                found = read_text(text, project.show(path))
                reading.nodes += found.nodes
                reading.unreadable += found.unreadable
                reading.files.append(project.show(path))
        except (CantRead, BadSnapshot) as error:
            reading.unreadable.append(project.unreadable(path, error))
    return reading


__all__ = ["read"]
