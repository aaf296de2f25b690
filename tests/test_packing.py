"""Numbers side by side in one bigint: what goes in comes out, in the order of the first, then the second."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat.io.publication import Run
from zorgstat.packing import DAY, Packing, day_number, day_of, literal

NUMBERS = Packing({"first": 22, "second": 18, "third": 23})


def test_what_is_packed_comes_out_again(spark: SparkSession) -> None:
    numbers = frame(
        spark,
        "case int, first int, second int, third int",
        """
        case | first   | second | third
        1    |         |        |
        2    | 0       |        | 0
        3    | 1       | 2      | 3
        4    | 4194302 | 262142 | 8388606
        5    |         | 262142 |
        6    | 4194302 |        | 0
        """,
    )
    packed = numbers.select("case", NUMBERS.pack(**{name: F.col(name) for name in NUMBERS.bits}).alias("packed"))
    assert packed.select("packed").distinct().count() == 6
    assert packed.where("packed < 0").count() == 0
    unpacked = [NUMBERS.unpack(F.col("packed"), name).alias(name) for name in NUMBERS.bits]
    assert_rows(packed.select("case", *unpacked), numbers, key=["case"])


def test_the_order_is_that_of_the_parts(spark: SparkSession) -> None:
    in_order = frame(
        spark,
        "place int, first int, second int, third int",
        """
        place | first | second | third
        1     |       | 5      | 5
        2     | 0     |        | 9
        3     | 0     | 0      |
        4     | 0     | 0      | 0
        5     | 0     | 1      |
        6     | 7     |        |
        """,
    )
    packed = in_order.select("place", NUMBERS.pack(**{name: F.col(name) for name in NUMBERS.bits}).alias("packed"))
    assert [row["place"] for row in packed.orderBy("packed").collect()] == [1, 2, 3, 4, 5, 6]


def test_more_bits_than_a_bigint_has() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        Packing({"first": 32, "second": 32})


def test_days_are_numbers_in_their_order_and_back(spark: SparkSession) -> None:
    days = frame(
        spark,
        "day date, number int",
        """
        day        | number
        0001-01-01 | 0
        0001-01-02 | 1
        1582-10-15 | 577735
        2024-02-29 | 738944
        2024-03-01 | 738945
        9999-12-31 | 3652058
                   |
        """,
    )
    assert 3652058 < 2**DAY - 1
    assert_rows(days.select("day", day_number(F.col("day")).cast("int").alias("number")), days, key=["number"])
    assert_rows(days.select(day_of(F.col("number")).alias("day"), "number"), days, key=["number"])


@pytest.mark.parametrize("day", ["0001-01-01", "0999-12-31", "1582-10-04", "1582-10-10", "1582-10-15", "9999-12-31"])
def test_any_day_is_itself(spark: SparkSession, day: str) -> None:
    """Also in what every row of a run carries: pyspark would give Spark a day of the calendar before 1582."""
    known_at = date.fromisoformat(day)
    rows = Run("run", "wlz", 2023, 2, 1, {"known_at": known_at}).stamp(spark.range(1))
    kept = rows.select(
        (F.col("known_at") == literal(known_at)).alias("same"), F.col("known_at").cast("string"), "run_id"
    )
    assert [tuple(row) for row in kept.collect()] == [(True, day, "run")]


def test_days_without_room_are_the_first_or_the_last(spark: SparkSession) -> None:
    days = spark.sql("SELECT date '2023-01-01' - 1000000 AS before, date '2023-01-01' + 9000000 AS after")
    row = days.select(*[day_number(F.col(name)) for name in ("before", "after")]).first()
    assert tuple(row) == (0, 3652058)  # type: ignore[arg-type]
