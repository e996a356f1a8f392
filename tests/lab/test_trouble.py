"""Random servers that make it hard to tell where a request ends: infralint and nginx agree on what becomes of each stream.

Thousands more: `python tests/bench/agree_nginx.py --streams 10000`.
"""

from __future__ import annotations

from pathlib import Path

from .harness import Binary
from .trouble import compare, troubles

STREAMS = 150
TOLD = 0.9
"""Of the streams that flow, the share of which infralint can tell so at least."""


def test_nothing_broken_is_passed_in_silence_and_nothing_that_flows_is_an_error(binary: Binary, tmp_path: Path) -> None:
    agreement = compare(troubles(3, STREAMS), binary, tmp_path)
    assert not agreement.wrong, str(agreement.wrong[0])
    assert agreement.tried > STREAMS * 0.9
    assert 0.2 < agreement.flowing / agreement.tried < 0.8
    assert agreement.unknown < agreement.flowing * (1 - TOLD)
