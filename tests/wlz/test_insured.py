"""Handbook 3.3: people insured on 1 July, by sex and by younger than 65 or older."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from tests.wlz import support
from tests.wlz.support import ORGANISATIONS, people, rows, statement
from zorgstat.wlz import insured, known
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.insured import sex_class, sex_place

# The columns of a tally, under names that fit beside each other.
SHORT = {
    "organisation": "organisation",
    "man_under_65": "m",
    "woman_under_65": "w",
    "man_65_plus": "m65",
    "woman_65_plus": "w65",
    "sex_unknown": "unknown",
    "rows_differ": "differ",
    "at_several_organisations": "several",
}
TALLY = "organisation string, " + ", ".join(f"{name} bigint" for name in list(SHORT.values())[1:])


UNKNOWN = "9999"  # every other code in a test is that of an organisation


def assert_tally(spark: SparkSession, given: str, expected: str, year: int = 2023) -> None:
    assert_counts(people(rows(spark, "wlz_insured", given)), expected, statement(year=year))


def assert_counts(given: DataFrame, expected: str, asked: Statement) -> None:
    spark, codes = given.sparkSession, given.select("organisation").distinct().where(F.col("organisation") != UNKNOWN)
    named = [(row[0], "zorgkantoor") for row in codes.collect()]
    organisations = known.organisations(spark.createDataFrame(named, "code string, kind string"))
    tallied = insured.tally(given, organisations, asked, keep=lambda kept: kept)
    assert tallied.columns == list(SHORT)
    assert_rows(tallied.toDF(*SHORT.values()), frame(spark, TALLY, expected), key=["organisation"])


@pytest.fixture(autouse=True, params=["hashed apart", "all of one hash"])
def hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No figure may hang on whether two people share a hash."""
    if request.param == "all of one hash":
        monkeypatch.setattr(support, "person_hash", lambda: F.lit(1).cast("bigint"))


def test_sex_and_age_on_1_july(spark: SparkSession) -> None:
    assert_tally(
        spark,
        """
        bsn | organisation | birth_date | sex | country | case
        1   | 5505         | 1958-07-01 | M   | NL      | 65 today
        2   | 5505         | 1958-07-02 | M   | NL      | 65 tomorrow
        3   | 5505         | 1920-01-01 | V   | DE      | abroad counts
        4   | 5505         | 2023-07-01 | V   | NL      | born today
        5   | 5505         | 1990-01-01 | 1   | NL      |
        6   | 5505         | 1990-01-01 | 2   | NL      |
        7   | 0201         | 1950-01-01 | 1   | NL      |
        8   | 0201         | 1950-01-01 | 2   | NL      |
        9   | 0201         | 1950-01-01 | 9   | NL      | in no line
        10  | 0201         | 1990-01-01 |     | NL      | in no line
        11  | 0201         | 1990-01-01 | m   | NL      | in no line
        12  | 0201         | 1990-01-01 | 01  | NL      | in no line
        13  | 0201         | 1990-01-01 | ''  | NL      | in no line
        """,
        """
        organisation | m | w | m65 | w65 | unknown | differ | several
        5505         | 2 | 2 | 1   | 1   | 0       | 0      | 0
        0201         | 0 | 0 | 1   | 1   | 5       | 0      | 0
        """,
    )


def test_who_is_registered_on_1_july(spark: SparkSession) -> None:
    assert_tally(
        spark,
        """
        bsn | organisation | birth_date | sex | registered_from | registered_to | case
        1   | 5505         | 1990-01-01 | M   | 2023-07-01      |               | from that day
        2   | 5505         | 1990-01-01 | M   | 2020-01-01      | 2023-07-01    | until that day
        3   | 5505         | 1990-01-01 | M   | 2023-07-01      | 2023-07-01    | that day alone
        4   | 5505         | 1990-01-01 | M   | 2023-07-02      |               | not yet
        5   | 5505         | 1990-01-01 | M   | 2020-01-01      | 2023-06-30    | no longer
        6   | 5505         | 1990-01-01 | M   | 2020-01-01      | 9999-12-31    | for ever
        7   | 9999         | 1990-01-01 | M   | 2020-01-01      | 2023-06-30    | nobody's, but not that day
        """,
        """
        organisation | m | w | m65 | w65 | unknown | differ | several
        5505         | 4 | 0 | 0   | 0   | 0       | 0      | 0
        """,
    )


def test_one_of_several_rows_counts(spark: SparkSession) -> None:
    """A code is a case."""
    assert_tally(
        spark,
        """
        organisation    | bsn | birth_date | sex | registered_from | case
        latest from     | a   | 1950-01-01 | M   | 2023-01-01      | counts
        latest from     | a   | 1990-01-01 | V   | 2022-12-31      | higher in all else
        highest birth   | b   | 1950-01-01 | V   | 2023-01-01      |
        highest birth   | b   | 1950-01-02 | M   | 2023-01-01      | counts, its sex too
        births alone    | j   | 1950-01-01 | M   | 2023-01-01      | the same sex
        births alone    | j   | 1990-01-01 | 1   | 2023-01-01      | counts
        highest sex     | c   | 1950-01-01 | M   | 2023-01-01      |
        highest sex     | c   | 1950-01-01 | V   | 2023-01-01      | counts
        digits first    | d   | 1950-01-01 | M   | 2023-01-01      | counts
        digits first    | d   | 1950-01-01 | 2   | 2023-01-01      |
        null is lowest  | e   | 1950-01-01 | 1   | 2023-01-01      | counts
        null is lowest  | e   | 1950-01-01 |     | 2023-01-01      |
        unknown wins    | f   | 1950-01-01 | V   | 2023-01-01      |
        unknown wins    | f   | 1950-01-01 | X   | 2023-01-01      | counts: in no line
        unknown loses   | g   | 1950-01-01 | 1   | 2023-01-01      |
        unknown loses   | g   | 1950-01-01 | 0   | 2023-01-01      |
        unknown loses   | g   | 1950-01-01 | 19  | 2023-01-01      |
        unknown loses   | g   | 1950-01-01 | M   | 2023-01-01      | counts
        unknown loses   | g   | 1950-01-01 | 9   | 2023-01-01      |
        no news         | h   | 1950-01-01 | 1   | 2023-01-01      | the same class
        no news         | h   | 1950-01-01 | M   | 2023-01-01      |
        no news         | h   | 1950-01-01 | M   | 2022-01-01      |
        unknown alike   | i   | 1950-01-01 |     | 2023-01-01      | one class: none and anything else
        unknown alike   | i   | 1950-01-01 | 9   | 2023-01-01      |
        unknown alike   | i   | 1950-01-01 | x   | 2023-01-01      |
        """,
        """
        organisation   | m | w | m65 | w65 | unknown | differ | several
        latest from    | 0 | 0 | 1   | 0   | 0       | 1      | 0
        highest birth  | 0 | 0 | 1   | 0   | 0       | 1      | 0
        births alone   | 1 | 0 | 0   | 0   | 0       | 1      | 0
        highest sex    | 0 | 0 | 0   | 1   | 0       | 1      | 0
        digits first   | 0 | 0 | 1   | 0   | 0       | 1      | 0
        null is lowest | 0 | 0 | 1   | 0   | 0       | 1      | 0
        unknown wins   | 0 | 0 | 0   | 0   | 1       | 1      | 0
        unknown loses  | 0 | 0 | 1   | 0   | 0       | 1      | 0
        no news        | 0 | 0 | 1   | 0   | 0       | 0      | 0
        unknown alike  | 0 | 0 | 0   | 0   | 1       | 0      | 0
        """,
    )


def test_people_at_several_organisations(spark: SparkSession) -> None:
    assert_tally(
        spark,
        """
        bsn            | organisation | birth_date | sex | registered_from | registered_to
        at two         | 5505         | 1990-01-01 | M   | 2020-01-01      |
        at two         | 0201         | 1990-01-01 | M   | 2020-01-01      |
        of no sex      | 5505         | 1990-01-01 |     | 2020-01-01      |
        of no sex      | 0201         | 1990-01-01 |     | 2020-01-01      |
        at one, twice  | 5505         | 1990-01-01 | M   | 2020-01-01      |
        at one, twice  | 5505         | 1990-01-01 | M   | 2021-01-01      |
        moved          | 5505         | 1990-01-01 | M   | 2020-01-01      | 2023-06-30
        moved          | 0201         | 1990-01-01 | M   | 2023-07-01      |
        other unknown  | 5505         | 1990-01-01 | M   | 2020-01-01      |
        other unknown  | 9999         | 1990-01-01 | M   | 2020-01-01      |
        at three       | 5505         | 1990-01-01 | M   | 2020-01-01      |
        at three       | 5506         | 1990-01-01 | V   | 2020-01-01      |
        at three       | 0201         | 1960-01-01 | M   | 2020-01-01      |
        """,
        """
        organisation | m | w | m65 | w65 | unknown | differ | several
        5505         | 4 | 0 | 0   | 0   | 1       | 0      | 3
        5506         | 0 | 1 | 0   | 0   | 0       | 0      | 1
        0201         | 3 | 0 | 0   | 0   | 1       | 0      | 3
        """,
    )


@pytest.mark.parametrize("year", [2024])
def test_65_in_a_leap_year(spark: SparkSession, year: int) -> None:
    assert_tally(
        spark,
        """
        bsn | organisation | birth_date | sex
        1   | 5505         | 1959-07-01 | M
        2   | 5505         | 1959-07-02 | M
        """,
        """
        organisation | m | w | m65 | w65 | unknown | differ | several
        5505         | 1 | 0 | 1   | 0   | 0       | 0      | 0
        """,
        year=year,
    )


def test_places_of_texts_are_in_the_order_of_texts(spark: SparkSession) -> None:
    texts = ["", " ", " M", "0", "1", "1 ", "10", "2", "20", "9", "L", "M", "M ", "N", "V", "V ", "W", "m", "v", "é"]
    sexes = spark.createDataFrame([(text,) for text in texts], "sex string").select(
        "sex", sex_place(F.col("sex")).alias("at")
    )
    places = [row["at"] for row in sexes.orderBy("sex").collect()]
    assert places == sorted(places)
    classes = sexes.select(sex_class(F.col("sex")), insured._sex(F.col("at"))).collect()
    assert [row[0] for row in classes] == [row[1] for row in classes]
    assert {row["sex"]: row["at"] for row in sexes.where("at % 2 = 1").collect()} == {"1": 1, "2": 3, "M": 5, "V": 7}


def test_rows_of_an_unknown_code_lie_between_the_others(spark: SparkSession, tmp_path: Path) -> None:
    """Many batches, everybody twice at one code; Sail 0.7 once counted half of them double (docs/engines.md)."""
    row, people = F.col("id"), 30_000
    spark.range(0, 2 * people, 1, 1).select(
        F.when(row % 20_000 < 3, "9999").otherwise((row % 3).cast("string")).alias("organisation"),
        (row % people).cast("string").alias("person"),
        F.lit(date(1990, 1, 1)).alias("birth_date"),
        F.lit("M").alias("sex"),
        F.lit(date(2020, 1, 1)).alias("registered_from"),
        F.lit(None).cast("date").alias("registered_to"),
    ).write.parquet(str(tmp_path / "insured"))
    expected = """
        organisation | m     | w | m65 | w65 | unknown | differ | several
        0            | 10000 | 0 | 0   | 0   | 0       | 0      | 0
        1            | 10000 | 0 | 0   | 0   | 0       | 0      | 0
        2            | 10000 | 0 | 0   | 0   | 0       | 0      | 0
    """
    given = spark.read.parquet(str(tmp_path / "insured")).withColumn("person_hash", support.person_hash())
    assert_counts(given, expected, statement())


def test_rows_of_codes_that_are_no_organisation(spark: SparkSession) -> None:
    given = rows(
        spark,
        "wlz_insured",
        """
        bsn | organisation | registered_from | registered_to | case
        1   | 9999         | 2020-01-01      |               |
        1   | 9999         | 2021-01-01      |               | rows, not people
        2   | 9998         | 2023-07-01      | 2023-07-01    |
        3   | 9998         | 2020-01-01      | 2023-06-30    | not on 1 July
        4   | 5505         | 2020-01-01      |               |
        """,
    )
    organisations = known.organisations(rows(spark, "wlz_organisations", ORGANISATIONS))
    found = insured.count_unknown(people(given), organisations, statement())
    assert sorted(map(tuple, found.collect())) == [("9998", 1), ("9999", 2)]
