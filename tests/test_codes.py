"""Code lists: which rows hold on a day, ranges written out, and looking up."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from zorgstat import codes


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "holds"),
    [
        ("2023-01-01", "", True),
        ("2023-06-30", "2023-06-30", True),  # both ends included
        ("2023-07-01", "", False),
        ("2006-01-01", "2023-06-29", False),
    ],
)
def test_a_row_holds_from_its_first_day_to_its_last(valid_from: str, valid_to: str, holds: bool) -> None:
    row = {"code": "1000", "valid_from": valid_from, "valid_to": valid_to}
    assert codes.holds(row, on=date(2023, 6, 30)) is holds


def test_rows_of_a_day_stand_in_the_order_of_the_file() -> None:
    everything = codes.rows("csi_groups")
    assert [row["csi_code"] for row in everything][:3] == ["001", "003", "004"]  # strings: leading zeros count
    assert codes.rows("csi_groups", on=date(2023, 12, 31)) == everything
    assert codes.rows("csi_groups", on=date(2005, 12, 31)) == []


def test_ranges_include_both_ends() -> None:
    pathology = codes.ranges("pathology_ranges", "pathology_class", on=date(2023, 12, 31))
    assert [number for number in range(100) if number not in pathology] == [29, 30, 49, 57, 58, 59]
    assert (pathology[0], pathology[9], pathology[10], pathology[99]) == (1, 1, 2, 10)


def test_what_is_not_listed_has_no_class(spark: SparkSession) -> None:
    expected = frame(
        spark,
        "number int, class int",
        """
        number | class
        1      | 10
        3      | 30
        2      |
        0      |
        4      |
        -1     |
        -2     |
               |
        """,
    )
    actual = expected.select("number", codes.look_up(F.col("number"), {1: 10, 3: 30}).alias("class"))
    assert_rows(actual, expected, key=["number"])
