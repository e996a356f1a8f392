"""Chains of one to three nginx: the hop that infralint blames is the one that holds, cuts or refuses, and what it passes
flows; each request on the way is as the hop's access log shows it; and so it is again after `--fix`. All of that holds
of `check`, and of `trace` where the stream's path is asked about.

Thousands more: `python tests/bench/agree_chains.py --chains 10000`.
"""

from __future__ import annotations

from pathlib import Path

from .chain_agreement import compare, fixed
from .chains import chains, chains_with_applications
from .harness import binaries

CHAINS = 500
SEED = 4
"""Of these chains twice as many end in each way as must; with some seeds it is barely enough, and a busy machine decides."""
TOLD = 0.95
"""Of the streams that flow, the share of which infralint can tell so at least."""
FIXED = 60
"""Broken chains that are fixed and run again."""
MENDED = 0.8
"""The share of these that flows at least; the others have a fault that no edit of a setting puts right."""


def test_the_hop_that_is_blamed_is_the_one_that_was_seen_at_it_and_after_a_fix_it_flows(tmp_path: Path) -> None:
    agreement = compare(chains(SEED, CHAINS, binaries()), tmp_path)
    assert not agreement.wrong, str(agreement.wrong[0])
    assert 0.3 < agreement.flowing / agreement.tried < 0.7
    assert agreement.unknown < agreement.flowing * (1 - TOLD)
    for kind in ("sse held", "sse cut", "sse refused", "websocket refused", "websocket cut"):
        assert agreement.kinds[kind] > CHAINS / 50, agreement.kinds
    mended, files = fixed(agreement.broken[:FIXED], tmp_path)
    again = compare(mended, tmp_path, files)
    assert not again.wrong, str(again.wrong[0])
    assert again.flowing > len(mended) * MENDED
    assert len(mended) > FIXED / 2


WITH_APPLICATIONS = 80


def test_streams_of_code_are_found_and_blamed_through_the_same_chains(tmp_path: Path) -> None:
    agreement = compare(chains_with_applications(1, WITH_APPLICATIONS, binaries()), tmp_path)
    assert not agreement.wrong, str(agreement.wrong[0])
    assert 0.3 < agreement.flowing / agreement.tried < 0.8
    assert agreement.unknown < agreement.flowing * (1 - TOLD)
    mended, files = fixed(agreement.broken, tmp_path)
    again = compare(mended, tmp_path, files)
    assert not again.wrong, str(again.wrong[0])
    assert again.flowing > len(mended) * MENDED
    assert len(mended) > len(agreement.broken) / 2
