"""Sums, spread and rounding that do not depend on the layout of the data."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from operator import add
from statistics import stdev

import pyarrow as pa
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat import exact

# Twenty terms: large ones that cancel out, parts that no double holds, and one that is nearly nothing.
NASTY = [1e15, -1e15, 2.0**52 + 1, -(2.0**52), 1e9 / 7, -1e9 / 7, 1 / 3, 1 / 3, 1 / 3, 2 / 3]
NASTY += [0.1, 0.2, 0.3, -0.1, -2 / 3, 1e-13, -1e-13, 12345.678901234567, -1e-6, 5e-324]
PARTITIONS = (1, 2, 3, 5, 8)


def doubles(spark: SparkSession, values: list[float]) -> DataFrame:
    return spark.createDataFrame(pa.table({"value": pa.array(values, pa.float64())}))


def orders(values: list[float]) -> list[list[float]]:
    return [random.Random(seed).sample(values, len(values)) for seed in range(len(PARTITIONS))]


def test_total_has_the_same_bits_in_any_layout(spark: SparkSession) -> None:
    assert len({reduce(add, order) for order in orders(NASTY)}) > 1  # added as doubles, the order shows
    total = exact.total(F.col("value")).alias("total")
    totals = {
        doubles(spark, order).repartition(partitions).agg(total).collect()[0]["total"].hex()
        for order, partitions in zip(orders(NASTY), PARTITIONS, strict=True)
    }
    assert len(totals) == 1
    true_total = sum(map(Fraction, NASTY))
    assert abs(Fraction(float.fromhex(totals.pop())) - true_total) <= Fraction(1, 10**11)


def test_whole_parts_may_come_to_more_than_a_double_holds(spark: SparkSession) -> None:
    values = [2.0**53 - 1, 2.0**53 - 1, 3.0, 1 - 2.0**53, 1 - 2.0**53]
    assert reduce(add, values) == 1.0  # added as doubles
    [row] = doubles(spark, values).agg(exact.total(F.col("value")).alias("total")).collect()
    assert row["total"] == 3.0


def test_a_term_counts_to_the_nearest_trillionth(spark: SparkSession) -> None:
    [row] = doubles(spark, [0.6e-12] * 4 + [0.4e-12] * 9).agg(exact.total(F.col("value")).alias("total")).collect()
    assert row["total"] == 4e-12


def test_total_leaves_nulls_out_and_is_null_of_nothing(spark: SparkSession) -> None:
    terms = frame(
        spark,
        "of string, term double",
        """
        of        | term
        positive  | 0.5
        positive  | 0.25
        negative  | -0.5
        negative  | -1.75
        both      | 2.5
        both      | -3.75
        minus 0   | -0.0
        one null  | 1.5
        one null  |
        all nulls |
        """,
    )
    expected = frame(
        spark,
        "of string, total double",
        """
        of        | total
        positive  | 0.75
        negative  | -2.25
        both      | -1.25
        minus 0   | 0
        one null  | 1.5
        all nulls |
        """,
    )
    total = exact.total(F.col("term")).alias("total")
    assert_rows(terms.groupBy("of").agg(total), expected, key=["of"])
    assert terms.limit(0).agg(total).collect()[0]["total"] is None


def test_spread_has_the_same_bits_in_any_layout(spark: SparkSession) -> None:
    indices = [1e6 / 7, 92.5, 100 / 3, 0.1, 115.83, -0.7, 1e6 / 7 + 1e-6]
    spreads = {
        exact.sample_standard_deviation(doubles(spark, order).repartition(partitions), "value").collect()[0]["sd"].hex()
        for order, partitions in list(zip(orders(indices), PARTITIONS, strict=True))[:3]
    }
    assert len(spreads) == 1
    assert float.fromhex(spreads.pop()) == pytest.approx(stdev(indices), rel=1e-12)


@pytest.mark.parametrize(
    ("values", "sd"),
    [
        ("2 4 4 4 5 5 7 9", (32 / 7) ** 0.5),  # mean 5, squares 9+1+1+1+0+0+4+16, over n - 1 = 7
        ("7", 0.0),
        ("", 0.0),
    ],
)
def test_spread_is_that_of_a_sample(spark: SparkSession, values: str, sd: float) -> None:
    spread = exact.sample_standard_deviation(doubles(spark, [float(value) for value in values.split()]), "value")
    assert [row["sd"] for row in spread.collect()] == pytest.approx([sd], abs=1e-12)


HALVES = """
    value             | whole
    92.5              | 93
    93.5              | 94
    92.49999999999999 | 93
    92.4999999992     | 93
    92.4999999989     | 92
    92.49             | 92
    100               | 100
    99.99999999999999 | 100
    0.5               | 1
    0                 | 0
    -0.5              | 0
    -1.5              | -1
    -1.51             | -2
                      |
"""
CEILINGS = """
    value             | whole
    7                 | 7
    7.000000000000134 | 7
    6.999999999999998 | 7
    7.0000000009      | 7
    7.0000000011      | 8
    7.01              | 8
    0                 | 0
    0.0001            | 1
    -1.5              | -1
"""


@pytest.mark.parametrize(("rule", "cases"), [(exact.half_up, HALVES), (exact.ceiling, CEILINGS)])
def test_what_is_exactly_on_a_border_stays_there(
    spark: SparkSession, rule: Callable[[Column], Column], cases: str
) -> None:
    """Also when its double lies a hair beside it: an exact half goes up, and a whole number is its own ceiling."""
    expected = frame(spark, "value double, whole int", cases)
    assert_rows(expected.select("value", rule(F.col("value")).alias("whole")), expected, key=["value"])
