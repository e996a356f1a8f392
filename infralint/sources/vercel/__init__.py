"""Vercel: functions and how long they may run; and Next.js applications that host themselves.

Only files of Vercel projects and Next.js applications are read, and of those a byte scan decides
which are parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralint.model import Reading
    from infralint.project import Project


def read(project: Project) -> Reading:
    """The functions of all Vercel projects, with what their vercel.json says."""
    from infralint.model import Reading
    from infralint.sources.vercel.applications import Finder
    from infralint.sources.vercel.build import BUNDLE, Builder
    from infralint.sources.vercel.javascript import Modules

    reading = Reading("vercel")
    modules = Modules(project)
    finder = Finder(project, modules, reading)
    builder = Builder(project, modules, reading)
    for application in project.work.steps("Vercel and Next.js applications", list(finder.applications())):
        if application.proven or not (application.hosted or finder.is_elsewhere(application)):
            builder.add_functions(application)
        if application.hosted:
            builder.add_server(application)
    reading.files = list(dict.fromkeys(reading.files))
    reading.skipped = [f"{project.show(path)}: {BUNDLE}" for path in modules.skipped]
    for kind, places in finder.seen_kinds():
        reading.see(kind, *places)
    return reading
