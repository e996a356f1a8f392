"""Scripts that a server of their own runs (`streamlit run dashboard.py`): beside another server they are another program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from infralint.project.starting import DEFAULT_PORT, ports_of_command
from infralint.sources.application.facts import Application
from infralint.sources.application.manifests import Package, commands
from infralint.sources.application.routes import Found

_SERVERS = {"Streamlit": "streamlit", "Chainlit": "chainlit"}
"""Frameworks whose scripts their served program serves, with its name.

https://docs.streamlit.io/develop/api-reference/cli/run, https://docs.chainlit.io/backend/command-line
"""
_OTHERS = frozenset("fastapi flask django starlette aiohttp sanic litestar quart tornado".split())


class PageServer(msgspec.Struct):
    """The scripts of one such framework in a package: their project paths, and the routes that their server has."""

    program: str
    files: list[str]
    routes: list[Found]

    def application_of(self, whole: Application, starters: Sequence[str], text: Callable[[str], bytes]) -> Application:
        """The program that serves them, where `whole` is all that its package holds. starters: files with commands."""
        named = (command for path in starters for command, _ in commands(path, text(path)) if self.program in command)
        ports = tuple(dict.fromkeys(port for command in named for port in ports_of_command(command)))
        first = min(self.files, key=lambda path: (path.count("/"), path))
        return Application(
            first,
            first,
            routes=tuple(found.route for found in self.routes),
            ports=ports or (DEFAULT_PORT[self.program],),
            read=whole.read,
            reasons=whole.reasons,
            missing=whole.missing,
            files=frozenset(self.files),
        )


def page_servers(package: Package, routes: Sequence[Found], text: Callable[[str], bytes]) -> Iterator[PageServer]:
    """The servers of pages in a package that has, or may have, another server."""
    for framework, program in _SERVERS.items():
        served = [found for found in routes if found.route.framework == framework and found.home.endswith("/")]
        words = (f"import {program}".encode(), f"from {program}".encode())
        if served and (len(served) < len(routes) or package.needs & _OTHERS):
            files = [
                path for path in package.files if path.endswith(".py") and any(word in text(path) for word in words)
            ]
            yield PageServer(program, files, served)


def without_ports(application: Application, others: Sequence[Application]) -> Application:
    """An application without the ports on which other programs of its package listen."""
    taken = {port for other in others for port in other.ports}
    return replace(application, ports=tuple(port for port in application.ports if port not in taken))
