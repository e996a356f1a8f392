"""infralint against terraform on random expressions and variables: what is wrong is printed.

python tests/bench/agree_terraform.py [--expressions 5000] [--variables 1000] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "terraform"))

from agreement import agreement, work_out, work_out_variables
from asking import ask, ask_variables
from generate import expressions, variables


def main() -> int:
    """Compare, and print what is wrong."""
    options = argparse.ArgumentParser()
    options.add_argument("--expressions", type=int, default=5000)
    options.add_argument("--variables", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    asked = expressions(chosen.expressions, chosen.seed)
    given = variables(chosen.variables, chosen.seed)
    with tempfile.TemporaryDirectory() as name:
        ours = list(work_out_variables(Path(name), given))
    wrong = 0
    for what, found in (
        ("expressions", agreement(asked, ask(asked), list(work_out(asked)))),
        ("variables", agreement(given, ask_variables(given), ours)),
    ):
        for question, answer, our in found.wrong:
            print(f"{question}\n  terraform: {answer}\n  infralint: {our}\n")
        print(f"{what}: {dict(found.counted)}, {len(found.wrong)} wrong, {found.lost:.2%} of the values not told")
        wrong += len(found.wrong)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
