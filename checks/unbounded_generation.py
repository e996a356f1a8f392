from __future__ import annotations

from collections.abc import Iterator

from infralint import Finding, LanguageModelUse, check


@check(group="application")
def unbounded_generation(use: LanguageModelUse) -> Iterator[Finding]:
    """A model is asked for an answer without a limit on its length."""
    if use.has_token_limit is False:
        message = (
            f"{use.written} sets no limit on the answer's length: one prompt that makes the model ramble keeps a stream"
            " open, and is paid for, until the model's own limit, which may be tens of thousands of tokens"
        )
        yield Finding("warning", use.where, message, use.limit)
