"""Whole euros and quarters of a year: half away from zero, once, from whole numbers."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat.wlz.rounding import divide, euros


def test_half_goes_away_from_zero(spark: SparkSession) -> None:
    cases = frame(
        spark,
        "number bigint, by_4 bigint, by_100 bigint, by_400 bigint",
        """
        number              | by_4                | by_100            | by_400
        0                   | 0                   | 0                 | 0
        1                   | 0                   | 0                 | 0
        2                   | 1                   | 0                 | 0
        -1                  | 0                   | 0                 | 0
        -2                  | -1                  | 0                 | 0
        -3                  | -1                  | 0                 | 0
        49                  | 12                  | 0                 | 0
        50                  | 13                  | 1                 | 0
        -49                 | -12                 | 0                 | 0
        -50                 | -13                 | -1                | 0
        149                 | 37                  | 1                 | 0
        150                 | 38                  | 2                 | 0
        -150                | -38                 | -2                | 0
        199                 | 50                  | 2                 | 0
        200                 | 50                  | 2                 | 1
        -199                | -50                 | -2                | 0
        -200                | -50                 | -2                | -1
        600                 | 150                 | 6                 | 2
        9007199254740993    | 2251799813685248    | 90071992547410    | 22517998136852
        9007199254740950    | 2251799813685238    | 90071992547410    | 22517998136852
        9223372036854775450 | 2305843009213693863 | 92233720368547755 | 23058430092136939
                            |                     |                   |
        """,
    )
    number = F.col("number")
    actual = cases.select(
        "number", divide(number, 4).alias("by_4"), euros(number).alias("by_100"), divide(number, 400).alias("by_400")
    )
    assert_rows(actual, cases, key=["number"])


@pytest.mark.parametrize("by", [0, 3, -4])
def test_only_an_even_number_has_a_half(by: int) -> None:
    with pytest.raises(ValueError, match="half"):
        divide(None, by)  # type: ignore[arg-type]
