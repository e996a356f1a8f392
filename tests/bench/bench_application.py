"""Processor time and memory on a generated repository of 20,000 source files, against `git grep -lE` for the same words.

python tests/bench/bench_application.py [FILES]
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from infralint.sources.application import applications
from infralint.sources.application.clients import CLIENT_WORDS
from infralint.sources.application.rulebook import all_rules

APPLICATIONS = 20
MOST_SECONDS = 5
"""As many times as long as git grep."""
MOST_MEMORY = 150
"""Megabytes."""

PLAIN_PYTHON = '''from fastapi import APIRouter, Depends

from app.db import session
from app.models import Item

router = APIRouter(prefix="/items{number}")


@router.get("/{{item_id}}")
async def read_item(item_id: int, rows=Depends(session)):
    """One item by its number."""
    item = await rows.get(Item, item_id)
    return {{"id": item.id, "name": item.name, "kind": {number}}}
'''
STREAMING_PYTHON = """from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.model import tokens

router = APIRouter(prefix="/chat{number}")


@router.post("/{{room}}/events")
async def events(room: str):
    return StreamingResponse(tokens(room), media_type="text/event-stream", headers={{"X-Accel-Buffering": "no"}})
"""
PLAIN_TYPESCRIPT = """import {{ useState }} from "react";
import {{ Button }} from "@/components/button";
import {{ format }} from "@/lib/format";

export function Panel{number}({{ items }}: {{ items: Item[] }}) {{
  const [open, setOpen] = useState(false);
  return (
    <section>
      <Button onClick={{() => setOpen(!open)}}>{{format(items.length)}}</Button>
      {{open && items.map((item) => <p key={{item.id}}>{{item.name}}</p>)}}
    </section>
  );
}}
"""
FILLER = "# values that the program needs\n" + "".join(
    f"value_{number} = {number} * 3  # as measured\n" for number in range(60)
)


def generate(root: Path, files: int) -> int:
    """Half of the files are Python, of which one in fifty streams; the other half are React components."""
    routes = 0
    for number in range(files // 2):
        folder = root / f"services/s{number % APPLICATIONS}"
        streams = number % 50 == 7
        routes += streams
        text = (STREAMING_PYTHON if streams else PLAIN_PYTHON).format(number=number)
        _write(folder / f"app/routes/route{number}.py", text + FILLER)
        text = PLAIN_TYPESCRIPT.format(number=number)
        _write(root / f"web/w{number % APPLICATIONS}/src/panels/panel{number}.tsx", text + FILLER.replace("#", "//"))
    for service in range(APPLICATIONS):
        _write(root / f"services/s{service}/requirements.txt", "fastapi\nuvicorn\n")
        _write(root / f"web/w{service}/package.json", '{"dependencies": {"react": "19"}}\n')
        numbers = range(service, files // 2, APPLICATIONS)
        names = [f"route{number}" for number in numbers]
        lines = [f"from app.routes import {name}" for name in names] + [
            "from fastapi import FastAPI",
            "app = FastAPI()",
        ]
        lines += [f'app.include_router({name}.router, prefix="/api")' for name in names]
        _write(root / f"services/s{service}/app/main.py", "\n".join(lines) + "\n")
    return routes


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        routes = generate(Path(folder), files)
        plain = {word for rules in all_rules() for word in rules.words} | set(CLIENT_WORDS)
        words = "|".join(sorted(re.sub(r"([.()\[\]])", r"\\\1", word) for word in plain))
        command = ["git", "grep", "--no-index", "--threads=1", "-lE", words]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        grep = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        paths = sorted(
            os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names
        )
        start = time.process_time()
        found = _routes(folder, paths)
        taken = time.process_time() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{len(paths)} files, {routes} routes: {taken:.2f} s, git grep {grep:.2f} s ({taken / grep:.1f} times), {memory} MB"
        )
        assert len(found) == routes, f"{len(found)} routes found"
        assert all(path.startswith("/api/chat") for path in found), found[:5]
        assert taken <= MOST_SECONDS * grep, "slower than it may be"
        assert memory <= MOST_MEMORY, "larger than it may be"


def _routes(folder: str, paths: list[str]) -> list[str]:
    def text(path: str) -> bytes:
        with open(f"{folder}/{path}", "rb") as file:
            return file.read()

    return [route.path for application in applications(paths, text) for route in application.routes]


if __name__ == "__main__":
    main()
