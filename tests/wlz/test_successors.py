"""The provider at the end of every chain (handbook 2: per provider)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zorgstat.wlz.successors import follow


@pytest.mark.parametrize(
    ("links", "ends", "in_cycle"),
    [
        ("", "", ""),
        ("A>B", "A>B", ""),
        ("A>B B>C C>D", "A>D B>D C>D", ""),
        ("C>D B>C A>B", "A>D B>D C>D", ""),  # whatever the order of the register
        ("A>C B>C", "A>C B>C", ""),
        ("A>A", "A>A", "A"),
        ("B>C C>B", "B>B C>B", "BC"),
        ("C>D D>B B>C", "B>B C>B D>B", "BCD"),
        ("A>C C>D D>C", "A>C C>C D>C", "CD"),  # A leads into a cycle: not its own AGB, though that is lower
        ("C>D D>C A>B B>C", "A>C B>C C>C D>C", "CD"),
        ("A>B B>B C>D D>C E>F", "A>B B>B C>C D>C E>F", "BCD"),
    ],
)
def test_chains_cycles_and_ways_into_them(links: str, ends: str, in_cycle: str) -> None:
    followed = follow(dict(link.split(">") for link in links.split()))
    assert {agb: end for agb, end, _ in followed} == dict(end.split(">") for end in ends.split())
    assert {agb for agb, _, is_in_cycle in followed if is_in_cycle} == set(in_cycle)
    assert len(followed) == len(links.split())


def test_no_chain_is_too_long() -> None:
    chain = {f"{place:08d}": f"{place + 1:08d}" for place in range(100_000)}
    for replaced_by in (chain, dict(reversed(list(chain.items())))):
        assert set(end for _, end, _ in follow(replaced_by)) == {"00100000"}
    ring = chain | {"00100000": "00000000"}
    assert set(follow(ring)) == {(agb, "00000000", True) for agb in ring}


@given(st.dictionaries(st.sampled_from("ABCDEFGHIJ"), st.sampled_from("ABCDEFGHIJ")))
def test_a_walk_that_is_long_enough_comes_to_the_same_end(replaced_by: dict[str, str]) -> None:
    def walk(agb: str, steps: int) -> str:
        for _ in range(steps):
            agb = replaced_by.get(agb, agb)
        return agb

    for agb, end, is_in_cycle in follow(replaced_by):
        far = walk(agb, 100)
        round_trip = {walk(far, steps) for steps in range(10)}
        assert end == min(round_trip)
        assert is_in_cycle == any(walk(agb, steps) == agb and agb in replaced_by for steps in range(1, 11))
