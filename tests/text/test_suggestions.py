"""What a mistyped word may have meant."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import run, write
from yardstick import at_most

from infralint.text.suggestions import closest


def test_the_most_alike_of_many_is_named() -> None:
    names = [f"s{number}.example" for number in range(2000)]
    with at_most(200):
        found = [closest(f"s{number}.exampel", names) for number in range(300)]
    assert found == names[:300]


def test_of_words_that_are_as_much_alike_the_last_is_named() -> None:
    assert closest("abc", ["abd", "abe"]) == "abe"


def test_what_has_the_same_letters_is_not_what_is_most_alike() -> None:
    assert closest("listen", ["silent", "listened"]) == "listened"


def test_words_that_nobody_types_are_not_compared() -> None:
    with at_most(50):
        assert closest("ab" * 50_000, ["ab" * 49_999, "aba"]) == ""
        assert closest("", ["ab", ""]) == ""


def test_many_declared_hops_that_are_mistyped_are_each_named_beside_the_right_one(tmp_path: Path) -> None:
    servers = "".join(
        f"server {{ listen 80; server_name s{number}.example; location /sse {{ proxy_pass http://a; }} }}\n"
        for number in range(300)
    )
    streams = "".join(f"  - {{ path: /sse{number}, hops: [s{number}.exampel] }}\n" for number in range(300))
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{\n{servers}}}\n", "infralint.yaml": f"streams:\n{streams}"})
    with at_most(300):
        report = json.loads(run("check", "--no-cache", "--format", "json", str(tmp_path)).stdout)
    messages = [unknown["message"] for unknown in report["unknown"]]
    named = [message for message in messages if "did you mean" in message]
    assert len(named) == 300
    assert all(f"s{number}.exampel; did you mean s{number}.example?" in text for number, text in enumerate(named))
