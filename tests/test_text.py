"""Lines of text for a person."""

from __future__ import annotations

import pytest

from zorgstat.text import LONGEST, on_one_line, side_by_side


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (100, 150, "costs 100 150 +50 +50.0%"),
        (-100, -50, "costs -100 -50 +50 +50.0%"),  # it rose
        (-100, -150, "costs -100 -150 -50 -50.0%"),
        (100, -50, "costs 100 -50 -150 -150.0%"),
        (0, 7, "costs 0 7 +7"),
        (7, 7, "costs 7 7 0 0.0%"),
        (None, 7, "costs - 7"),
        (7, None, "costs 7 -"),
        (2**53 + 1, None, "costs 9,007,199,254,740,993 -"),
        (1.5, 1.25, "costs 1.50 1.25 -0.25 -16.7%"),
        (1, 1.25, "costs 1.00 1.25 +0.25 +25.0%"),
        (1.501, 1.5, "costs 1.50 1.50 0.00 -0.1%"),  # no minus before nothing
    ],
)
def test_a_figure_beside_its_change(before: float | None, after: float | None, told: str) -> None:
    assert " ".join(side_by_side("costs", before, after).split()) == told


def test_what_somebody_typed_is_cut_where_it_is_too_long() -> None:
    longest = "é" * LONGEST
    assert on_one_line(longest) == longest
    assert on_one_line(f"{longest}x") == f"{longest}..."
    assert on_one_line("a\x1b[31m\nb\u2028") == r"a\x1b[31m\nb\u2028"
