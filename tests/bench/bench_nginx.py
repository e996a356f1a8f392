"""infralint against gixy-ng and gixy-next: whole processes on the same files, in one run.

    python tests/bench/bench_nginx.py [--sites 500] [--rounds 5]

Each competitor is installed in an environment of its own. Prints a Markdown table with ratios.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

MAIN = """\
worker_processes auto;
events { worker_connections 1024; }
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    include conf.d/*.conf;
}
"""
SITE = """\
upstream app%(n)d {
    server 10.0.%(m)d.1:8000;
    server 10.0.%(m)d.2:8000;
}
server {
    listen 80;
    server_name app%(n)d.example.com;
    location / {
        proxy_pass http://app%(n)d;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
    }
    location /api/chat {
        proxy_pass http://app%(n)d;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_read_timeout 300s;
    }
    location /ws {
        proxy_pass http://app%(n)d;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 3600s;
    }
    location /static/ {
        alias /srv/static/%(n)d/;
        expires 30d;
    }
}
"""


def tree(folder: Path, sites: int) -> Path:
    """A main file that includes so many sites."""
    (folder / "conf.d").mkdir(parents=True)
    (folder / "nginx.conf").write_text(MAIN)
    for number in range(sites):
        (folder / "conf.d" / f"site{number}.conf").write_text(SITE % {"n": number, "m": number % 250})
    return folder


def environment(folder: Path, *packages: str) -> Path:
    """The programs of a fresh environment."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "-q", *packages], check=True)
    return folder / "bin"


def seconds(command: list[str], cwd: Path, rounds: int) -> float:
    """Median wall time of a whole process."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - start)
    return median(times[1:])


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--sites", type=int, default=500)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = Path(__file__).parent.parent.parent
        ours = environment(folder / "infralint", str(root))
        rivals = {one: environment(folder / one, one) for one in ("gixy-ng", "gixy-next")}
        places = {f"{chosen.sites} sites": tree(folder / "many", chosen.sites), "one site": tree(folder / "one", 1)}
        print("| | infralint | gixy-ng | gixy-next |\n|---|---|---|---|")
        for label, place in places.items():
            own = seconds([str(ours / "infralint"), "check", "."], place, chosen.rounds)
            others = [seconds([str(one / "gixy"), "nginx.conf"], place, chosen.rounds) for one in rivals.values()]
            cells = [f"{other:.2f} s ({other / own:.1f} times as long)" for other in others]
            print(f"| {label} | {own:.2f} s | {' | '.join(cells)} |")
        bare = seconds([str(ours / "python"), "-c", "pass"], folder, chosen.rounds)
        version = seconds([str(ours / "infralint"), "--version"], folder, chosen.rounds)
        print(f"\n`infralint --version` takes {version / bare:.1f} times as long as `python -c pass`.")


if __name__ == "__main__":
    main()
