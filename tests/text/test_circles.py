"""Names that are made of each other."""

from __future__ import annotations

from infralint.text.circles import MOST, find_circles


def test_circles_within_each_other_are_named_by_their_first_names_and_no_more_than_a_few() -> None:
    names = [f"s{number:04}" for number in range(3_000)]
    back = {name: [*names[: min(number, 50)], *names[number + 1 : number + 2]] for number, name in enumerate(names)}
    found = list(find_circles(back))
    assert len({circle[0] for circle in found}) == len(found) == MOST
    to_first = {name: [names[0], *names[number + 1 : number + 2]] for number, name in enumerate(names)}
    assert list(find_circles(to_first)) == [names[:1]]
