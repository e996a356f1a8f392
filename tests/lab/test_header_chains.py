"""Random chains of servers that go by request headers: wherever infralint is certain, nginx answers just so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from infralint.model import Address, Request
from infralint.sources.nginx.build import Nginx

from .client import Probe
from .harness import Binary, observe
from .header_chains import HeaderChain, HeaderChainWriter
from .judged import tier_of

SEED = 20261126
CHAINS = 120
TOGETHER = 30
"""Chains of one nginx, which has not connections enough for all of them."""
CLIENTS = (
    (),
    (("X-Plan", "pro"), ("X-Tier", "edge"), ("Cookie", "tier=gold"), ("X-Forwarded-Proto", "https"), ("Via", "a")),
)
"""Headers of clients: what nobody sets on the way is theirs."""


def test_where_headers_surely_lead_nginx_answers_so(binary: Binary, tmp_path: Path) -> None:
    writer = HeaderChainWriter(SEED)
    chains = [writer.chain(number) for number in range(CHAINS)]
    statuses = [status for first in range(0, CHAINS, TOGETHER) for status in _met(binary, chains[first:][:TOGETHER])]
    certain = 0
    for chain, met in zip(chains, statuses, strict=True):
        node = tier_of(f"events {{}} http {{ {chain.text} }}", tmp_path, binary)
        told = list(_answers(node, Request("sse", "/api/chat", "c.test", Address("127.0.0.1", chain.port))))
        sure = {answer for answer, is_sure in told if is_sure}
        certain += bool(sure)
        assert not sure or met == sure, (chain.text, met, told)
        assert {"?"} <= {answer for answer, _ in told} or met <= {answer for answer, _ in told}, (chain.text, met, told)
    assert certain > CHAINS / 4


def _met(binary: Binary, chains: Sequence[HeaderChain]) -> Iterator[set[str]]:
    """The statuses that the clients get of each chain."""
    probes = [Probe("/api/chat", "c.test", headers=headers, port=chain.port) for chain in chains for headers in CLIENTS]
    text = "\n".join(chain.text for chain in chains)
    outcomes = iter(observe(binary, f"variables_hash_max_size 8192;\n{text}", probes))
    for _ in chains:
        yield {str(next(outcomes).status) for _ in CLIENTS}


def _answers(node: Nginx, request: Request) -> Iterator[tuple[str, bool]]:
    """The statuses with which a chain may answer, and whether it surely does."""
    for match in node.route(request):
        if match.hop is None:
            yield match.answer.value[:3] if match.answer else "?", match.certain and match.answer is not None
            continue
        for forward in match.hop.request_out(request):
            to = next(iter(forward.pool.targets), None)
            behind = replace(forward.request, to=to, dialled=True, relayed=True, secure=None)
            for answer, is_sure in _answers(node, behind):
                yield answer, is_sure and match.certain and forward.certain
