"""The quick look at files of Terraform: which of many words stand in them."""

from __future__ import annotations

from itertools import product

from infralint.sources.terraform.folders import BALANCERS, HELPERS, find_present

WORDS = (*BALANCERS, *HELPERS)


def test_words_are_found_behind_each_other_and_cut_off() -> None:
    for first, second in product(WORDS, repeat=2):
        for text in (first[:-1] + second, b"_" + first + second, b"x" + first + b"x\n" + second[1:]):
            assert find_present(text) == {word for word in WORDS if word in text}
