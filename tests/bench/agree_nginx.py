"""infralint against nginx on random servers, as long as one likes: what is wrong is printed, and kept.

python tests/bench/agree_nginx.py [--streams 10000] [--seed 1] [--keep folder]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.lab.harness import binaries
from tests.lab.trouble import compare, troubles

BATCH = 60


def main() -> int:
    """Compare, and print what is wrong."""
    options = argparse.ArgumentParser()
    options.add_argument("--streams", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path)
    chosen = options.parse_args()
    wrong = tried = flowing = unknown = late = 0
    cases = troubles(chosen.seed, chosen.streams)
    for start in range(0, len(cases), BATCH):
        for binary in binaries():
            with tempfile.TemporaryDirectory() as name:
                agreement = compare(cases[start : start + BATCH], binary, Path(name) / "all")
                repeated = [one for one in agreement.wrong if compare([one.case], binary, Path(name) / "again").wrong]
            late += len(agreement.wrong) - len(repeated)
            for disagreement in repeated:
                print(f"{disagreement}\n")
                if chosen.keep:
                    chosen.keep.mkdir(parents=True, exist_ok=True)
                    (chosen.keep / f"{chosen.seed}-{wrong}.txt").write_text(str(disagreement))
                wrong += 1
            tried, flowing = tried + agreement.tried, flowing + agreement.flowing
            unknown += agreement.unknown
    print(f"{tried} streams, {flowing} flow, of {unknown} of these infralint can't tell; {wrong} disagreements")
    print(f"{late} others agree when they are asked alone: their backend was late, on a machine that others use")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
