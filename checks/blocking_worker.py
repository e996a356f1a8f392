from __future__ import annotations

from collections.abc import Iterator

from infralint import ApplicationRoute, Crossing, Finding, check, plural


@check
def blocking_worker(crossing: Crossing[ApplicationRoute]) -> Iterator[Finding]:
    """A stream occupies a whole worker process of its server until it ends, so that few answers block the application."""
    # https://docs.gunicorn.org/en/stable/design.html#choosing-a-worker-type
    workers = crossing.hop.workers
    if workers is None:
        return
    count = f"its {plural(workers.value, 'worker')}" if workers.value else "its workers"
    message = (
        f"gunicorn's sync workers serve one request at a time: each answer of {crossing.hop.name} occupies one of {count}"
        " until it ends, and everybody else waits"
    )
    yield Finding("warning", workers, message, "gunicorn --worker-class gthread --threads 16 …")
