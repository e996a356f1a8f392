"""What another program fills in before a vendor reads a text."""

from __future__ import annotations

import pytest

from infralint.text.placeholders import has_placeholder


@pytest.mark.parametrize(
    "text",
    "$HOST ${HOST} <host> %HOST% @HOST@ #HOST# #{Host} {host} __host__ [[host]] HOST chat.HOST YOUR_HOST.com a-YOUR_HOST".split(),
)
def test_placeholders(text: str) -> None:
    assert has_placeholder(text)


@pytest.mark.parametrize(
    "text",
    ["", "chat", "Chat.a.com", "My_Service", "my_service", "300S", "A", "https://a.com:80/x-y", "a AND b", "[::1]"],
)
def test_other_texts(text: str) -> None:
    assert not has_placeholder(text)
