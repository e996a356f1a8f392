"""The ports that a command makes the programs it starts listen on."""

from __future__ import annotations

from infralint.text.lazy import lazy

DEFAULT_PORT = {
    "uvicorn": 8000,
    "gunicorn": 8000,
    "hypercorn": 8000,
    "daphne": 8000,
    "streamlit": 8501,
    "chainlit": 8000,
    "next": 3000,
}
"""What servers listen on unless they are told otherwise."""
PORT_VARIABLES = frozenset(
    "PORT UVICORN_PORT SERVER_PORT STREAMLIT_SERVER_PORT GRADIO_SERVER_PORT ASPNETCORE_HTTP_PORTS FLASK_RUN_PORT".split()
)
"""Variables from which servers take their port: by habit, or uvicorn, Spring, Streamlit, Gradio, ASP.NET and Flask."""

_FLAG = (
    r"(?:--port[ =]|--bind[ =]\S{0,200}:|-b\s+\S{0,200}:|(?<=\s)-p\s+|\b(?:PORT|port)=|--server\.port[ =]|0\.0\.0\.0:)"
)
_PORT_FLAG = lazy(_FLAG + r"[\"']?(\d{2,5})\b")
_UNREAD_PORT = lazy(_FLAG + r"[\"']?\$")
_TWO_DIGITS = lazy(r"\d\d")
_WITH_DEFAULT = lazy(r"\$\{\w+:?-(\d{2,5})\}")
_PROGRAM = lazy(r"\b(uvicorn|gunicorn|hypercorn|daphne|streamlit|chainlit|next)\s+(?:run|start|[\w.]+:\w+)")
_ELSEWHERE = lazy(
    r"^\s*(?:sudo\s+)?(?:docker|podman|nerdctl|kubectl|ssh|scp|psql|pg_\w+|mysql|redis-cli|nc|curl|wget)\b"
)
"""Commands whose ports are those of other programs."""


def ports_of_command(command: str) -> list[int]:
    """The ports that a command line names, else those its program listens on by default; none where a variable names it."""
    has_digits = _TWO_DIGITS.search(command) is not None
    if not (has_digits or _PROGRAM.search(command)) or _ELSEWHERE.match(command):
        return []
    command = _WITH_DEFAULT.sub(r"\1", command)
    ports = [int(port) for port in _PORT_FLAG.findall(command)]
    if ports or _UNREAD_PORT.search(command):
        return ports
    program = _PROGRAM.search(command)
    return [DEFAULT_PORT[program[1]]] if program else []
