"""infralint against chains of real nginx, as many as one likes: what is wrong is printed, and kept.

python tests/bench/agree_chains.py [--chains 10000] [--seed 1] [--keep folder] [--fix] [--applications]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.lab.chain_agreement import BATCH, Agreement, compare, fixed
from tests.lab.chains import chains, chains_with_applications
from tests.lab.harness import binaries


def main() -> int:
    """Compare, and print what is wrong."""
    options = argparse.ArgumentParser()
    options.add_argument("--chains", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path)
    options.add_argument("--fix", action="store_true", help="also run what was broken again after --fix")
    options.add_argument("--applications", action="store_true", help="with applications of Python and Node behind them")
    chosen = options.parse_args()
    write = chains_with_applications if chosen.applications else chains
    written = write(chosen.seed, chosen.chains, binaries())
    agreements: list[Agreement] = []
    again: list[Agreement] = []
    for start in range(0, len(written), BATCH):
        with tempfile.TemporaryDirectory() as name:
            agreements.append(compare(written[start : start + BATCH], Path(name)))
            show(agreements[-1], chosen.keep, chosen.seed)
            if chosen.fix:
                mended, files = fixed(agreements[-1].broken, Path(name))
                again.append(compare(mended, Path(name), files))
                show(again[-1], chosen.keep, chosen.seed)
    print(summary("as written", agreements))
    if again:
        print(summary("after --fix", again))
    return int(any(agreement.wrong for agreement in (*agreements, *again)))


def show(agreement: Agreement, folder: Path | None, seed: int) -> None:
    """Print what is wrong, and keep it in a folder."""
    for disagreement in agreement.wrong:
        print(f"{disagreement}\n")
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{seed}-{disagreement.said.chain.number}.txt").write_text(str(disagreement))


def summary(when: str, agreements: list[Agreement]) -> str:
    """How many flow, of how many of these infralint can't tell, and how many it is wrong about."""
    tried, flowing = (sum(getattr(one, name) for one in agreements) for name in ("tried", "flowing"))
    unknown, wrong = sum(one.unknown for one in agreements), sum(len(one.wrong) for one in agreements)
    return f"{when}: {tried} chains, {flowing} flow, of {unknown} of these infralint can't tell; {wrong} disagreements"


if __name__ == "__main__":
    sys.exit(main())
