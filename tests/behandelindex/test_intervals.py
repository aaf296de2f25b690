"""Spread, correction factor and interval: method 1.5 and its table 5."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.support import assert_rows, frame
from zorgstat.behandelindex import intervals
from zorgstat.behandelindex.settings import Settings
from zorgstat.behandelindex.tables import CORRECTION_FACTORS

PUBLISHED_FOR_2018 = """
    lower | upper | sd    | factor
    10    | 12    | 15.82 | 8
    12    | 15    | 15.82 | 7
    15    | 25    | 15.82 | 6
    25    | 30    | 15.82 | 5
    30    | 60    | 15.82 | 4
    60    | 150   | 15.82 | 3
    150   | 500   | 15.82 | 2
    500   |       | 15.82 | 1
"""


@pytest.mark.parametrize("method", ["computed", "table"])
def test_factors_published_for_2018(spark: SparkSession, method: str) -> None:
    expected = frame(spark, CORRECTION_FACTORS, PUBLISHED_FOR_2018)
    spread = expected.select("sd").distinct()
    assert_rows(intervals.correction_factors(spread, Settings(correction_method=method)), expected, key=["lower"])


def test_a_factor_that_is_exactly_a_whole_number_is_that_number(spark: SparkSession) -> None:
    """Three practices of 16 combinations with 37, 47 and 57 treatments: sd is 1000/47, and 1.645 * sd / 5 is 7.

    Sums of trillionths make 21.276595744681256 of it, and 7.0000000000001 of the factor.
    """
    indices = [(16, 100 * round(16 * treatments / 47, 12) / 16) for treatments in (37, 47, 57)]
    spread = intervals.spread(spark.createDataFrame(indices, "combinations bigint, index double"))
    factors = {row["upper"]: row["factor"] for row in intervals.correction_factors(spread, Settings()).collect()}
    assert (factors[25], factors[30]) == (7, 7)


def test_the_factor_is_made_with_1_645(spark: SparkSession) -> None:
    """Not with 1.6449 or more places: 1.645 * 21.277 / 5 is 7.0001, and so 8."""
    factors = intervals.correction_factors(frame(spark, "sd double", "sd\n21.277"), Settings()).collect()
    assert {row["upper"]: row["factor"] for row in factors}[25] == 8


def test_without_spread_every_factor_is_one(spark: SparkSession) -> None:
    factors = intervals.correction_factors(frame(spark, "sd double", "sd\n0"), Settings()).collect()
    assert [row["factor"] for row in factors] == [1] * 8


def test_interval_of_the_methods_example(spark: SparkSession) -> None:
    # 24 combinations with index 102 give 96 to 108; 10 combinations have no interval, 11 do.
    expected = frame(
        spark,
        "practice_agb string, combinations bigint, index_rounded int, correction_factor int, "
        "ci_lower int, ci_upper int",
        """
        practice_agb | combinations | index_rounded | correction_factor | ci_lower | ci_upper
        04000001     | 24           | 102           | 6                 | 96       | 108
        04000002     | 10           | 102           |                   |          |
        04000003     | 11           | 102           | 8                 | 94       | 110
        04000004     | 12           | 102           | 8                 | 94       | 110
        04000005     | 13           | 102           | 7                 | 95       | 109
        04000006     | 500          | 102           | 2                 | 100      | 104
        04000007     | 501          | 3             | 1                 | 2        | 4
        """,
    )
    factors = frame(spark, CORRECTION_FACTORS, PUBLISHED_FOR_2018)
    actual = intervals.add_intervals(expected.select("practice_agb", "combinations", "index_rounded"), factors)
    assert_rows(actual, expected, key=["practice_agb"])


@pytest.mark.parametrize(
    ("indices", "sd"),
    [
        ("11 | 90 ; 12 | 110", 200**0.5),  # mean 100, squares 100 + 100, over n - 1 = 1
        ("11 | 90 ; 12 | 110 ; 10 | 900", 200**0.5),  # 10 combinations take no part
        ("11 | 90", 0.0),
        ("10 | 90", 0.0),
    ],
)
def test_spread_is_that_of_practices_with_more_than_ten(spark: SparkSession, indices: str, sd: float) -> None:
    rows = "combinations | index\n" + indices.replace(";", "\n")
    spread = intervals.spread(frame(spark, "combinations bigint, index double", rows)).collect()
    assert [row["sd"] for row in spread] == pytest.approx([sd], abs=1e-11)
