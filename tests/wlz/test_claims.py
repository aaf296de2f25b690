"""Handbook 2: production and costs from claims, credits and their debits, references that occur twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from tests.wlz.support import rows, statement
from zorgstat.wlz import claims
from zorgstat.wlz.tables import WLZ_PRODUCTION


def test_production_of_a_quarter(spark: SparkSession) -> None:
    given = rows(
        spark,
        "wlz_claims",
        """
        zorgkantoor | performance_code | start_date | debit_credit | quantity | amount_cents | case
        5505        | Z001             | 2023-04-01 | D            | 10       | 10050        | first day
        5505        | Z001             | 2023-06-30 | D            | 5        | 5000         | last day
        5505        | Z001             | 2023-05-01 | C            | 3        | 3000         |
        5505        | Z001             | 2023-03-31 | D            | 1        | 999          | before it
        5505        | Z001             | 2023-07-01 | D            | 1        | 999          | after it
        5505        | Z001             | 2022-05-01 | C            | 1        | 999          | correction
        5505        | Z002             | 2023-04-01 | D            | 2        | 200          |
        5505        | Z002             | 2023-04-01 | C            | 2        | 200          | keeps its row
        5505        | Z003             | 2023-04-01 | C            | 1        | 50           | -0.50
        5505        | Z004             | 2023-04-01 | D            | 1        | 50           | 0.50
        5505        | Z005             | 2023-04-01 | D            | 1        | 100          | of two lines
        5505        | Z005             | 2023-04-01 | D            | 1        | 100          | both count
        5506        | Z001             | 2023-04-01 | D            | 1        | 49           |
        0201        | Z001             | 2023-04-01 | D            | 1        | 100          | not a zorgkantoor
        9999        | Z001             | 2023-04-01 | D            | 1        | 100          | unknown
        """,
    )
    expected = frame(
        spark,
        WLZ_PRODUCTION,
        """
        zorgkantoor | performance_code | quantity | amount_cents | amount_euro
        5505        | Z001             | 12       | 12050        | 121
        5505        | Z002             | 0        | 0            | 0
        5505        | Z003             | -1       | -50          | -1
        5505        | Z004             | 1        | 50           | 1
        5505        | Z005             | 2        | 200          | 2
        5506        | Z001             | 1        | 49           | 0
        """,
    )
    zorgkantoren = spark.createDataFrame([("5505",), ("5506",)], "code string")
    production = claims.produce(claims.add_up(given, statement()))
    actual = claims.of_zorgkantoren(production, zorgkantoren)
    assert_rows(actual, expected, key=["zorgkantoor", "performance_code"])
    assert set(actual.columns) == set(expected.columns)
    lines = claims.count_lines(production)
    assert sorted(map(tuple, lines.collect())) == [("0201", 1), ("5505", 9), ("5506", 1), ("9999", 1)]


def test_a_performance_is_one_row_whoever_claimed_it(spark: SparkSession) -> None:
    """Codes are told apart as written."""
    given = rows(
        spark,
        "wlz_claims",
        """
        agb | code | n | cents
        1   | Z001 | 1 | 149
        2   | Z001 | 2 | 149
        1   | z001 | 4 | 100
        """,
    )
    produced = claims.produce(claims.add_up(given, statement())).select("performance_code", "quantity", "amount_euro")
    assert sorted(map(tuple, produced.collect())) == [("Z001", 3, 3), ("z001", 4, 1)]


@pytest.mark.parametrize(
    ("quarter", "prior_year", "last_quarters"),
    [
        (1, ("2022-01-01", "2022-12-31"), ("2022-01-01", "2022-12-31")),
        (2, ("2022-01-01", "2022-12-31"), ("2022-04-01", "2023-03-31")),
        (3, ("2022-01-01", "2022-12-31"), ("2022-07-01", "2023-06-30")),
        (4, ("2022-01-01", "2022-12-31"), ("2022-10-01", "2023-09-30")),
    ],
)
def test_periods_that_rules_ask_for(
    spark: SparkSession, quarter: int, prior_year: tuple[str, str], last_quarters: tuple[str, str]
) -> None:
    """One line a day, of as many cents as the day's place in the two years: which add up to which?"""
    days = [date(2021, 12, 31) + timedelta(days=place) for place in range(2 * 366)]
    lines = "\n".join(f"{day} | {place + 1} | {place + 7}" for place, day in enumerate(days))
    asked = statement(quarter)
    claimed = claims.add_up(rows(spark, "wlz_claims", f"start_date | amount_cents | quantity\n{lines}"), asked)
    periods = {
        claims.PRIOR_YEAR: prior_year,
        claims.LAST_QUARTERS: last_quarters,
        claims.QUARTER: (asked.first_day.isoformat(), asked.last_day.isoformat()),
    }
    for period, (first, last) in periods.items():
        of_period = [place + 1 for place, day in enumerate(days) if first <= day.isoformat() <= last]
        n = len(of_period)
        expected = {"amount_cents": sum(of_period), "quantity": sum(of_period) + 6 * n, "lines": n}
        if period == claims.PRIOR_YEAR:
            del expected["lines"]  # no rule asks for them
        [sums] = claimed.agg(*[F.sum(f"{name}_{period}").alias(name) for name in expected]).collect()
        assert sums.asDict() == expected


@pytest.fixture(params=["hashed apart", "all of one hash"])
def hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No finding may hang on whether two references share a hash."""
    if request.param == "all of one hash":
        monkeypatch.setattr(claims, "_name_hash", lambda: F.lit(1).cast("bigint"))


def names_of(given: DataFrame) -> tuple[DataFrame, DataFrame]:
    credits = claims.credits_of(given, statement())
    asked_for = claims.ask_for(given, credits, statement())
    elsewhere = claims.find_elsewhere(given, asked_for, statement())
    return credits, claims.compare_references(given, asked_for, elsewhere, statement())


@pytest.mark.usefixtures("hashes")
def test_a_credit_and_the_debit_that_it_names(spark: SparkSession) -> None:
    """Every case is a zorgkantoor of its own: references do not meet across zorgkantoren."""
    given = rows(
        spark,
        "wlz_claims",
        """
        zorgkantoor     | provider_agb | debit_credit | claim_reference | prior_reference | start_date | received_on
        names it        | 1            | D            | a               |                 | 2023-04-01 | 2023-05-01
        names it        | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        on the same day | 1            | D            | a               |                 | 2023-04-01 | 2023-06-01
        on the same day | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        of long ago     | 1            | D            | a               |                 | 2019-04-01 | 2019-06-01
        of long ago     | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        one debit, two  | 1            | D            | a               |                 | 2023-04-01 | 2023-05-01
        one debit, two  | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        one debit, two  | 1            | C            | c               | a               | 2023-04-01 | 2023-06-02
        two debits      | 1            | D            | a               |                 | 2023-04-01 | 2023-05-01
        two debits      | 1            | D            | a               |                 | 2023-04-01 | 2023-07-01
        two debits      | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        before it: 1    | 1            | D            | a               |                 | 2023-04-01 | 2023-06-02
        before it: 1    | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        one of two: 1   | 1            | D            | a               |                 | 2023-04-01 | 2023-06-02
        one of two: 1   | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        one of two: 1   | 1            | C            | c               | a               | 2023-04-01 | 2023-06-03
        names none: 2   | 1            | C            | b               |                 | 2023-04-01 | 2023-06-01
        names none: 2   | 1            | C            | b               |                 | 2023-04-01 | 2023-06-01
        not there: 1    | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        a credit: 1     | 1            | C            | a               | b               | 2023-07-01 | 2023-05-01
        a credit: 1     | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        itself: 1       | 1            | C            | a               | a               | 2023-04-01 | 2023-06-01
        provider: 1     | 2            | D            | a               |                 | 2023-04-01 | 2023-05-01
        provider: 1     | 1            | C            | b               | a               | 2023-04-01 | 2023-06-01
        other quarter   | 1            | C            | b               | a               | 2023-03-31 | 2023-06-01
        office: 1       | 1            | C            | b               | z               | 2023-04-01 | 2023-06-01
        office          | 1            | D            | z               |                 | 2023-04-01 | 2023-05-01
        empty           | 1            | D            | ''              |                 | 2023-04-01 | 2023-05-01
        empty           | 1            | C            | b               | ''              | 2023-04-01 | 2023-06-01
        """,
    )
    credits, names = names_of(given)
    found = {row["zorgkantoor"]: row["lines"] for row in claims.count_unmatched(credits, names).collect()}
    offices = {row["zorgkantoor"] for row in given.select("zorgkantoor").distinct().collect()}
    told = {office: int(office.partition(": ")[2]) for office in offices if ": " in office}
    assert found == told


@pytest.mark.usefixtures("hashes")
def test_references_that_occur_on_another_line(spark: SparkSession) -> None:
    given = rows(
        spark,
        "wlz_claims",
        """
        zorgkantoor       | provider_agb | claim_reference | start_date | debit_credit | prior_reference
        twice: 2          | 1            | a               | 2023-04-01 | D            |
        twice: 2          | 1            | a               | 2023-06-30 | D            |
        other quarter: 1  | 1            | a               | 2023-04-01 | D            |
        other quarter: 1  | 1            | a               | 2019-04-01 | D            |
        other quarter: 1  | 1            | a               | 2023-07-01 | D            |
        not this quarter  | 1            | a               | 2023-03-31 | D            |
        not this quarter  | 1            | a               | 2023-07-01 | D            |
        credit, debit: 2  | 1            | a               | 2023-04-01 | D            |
        credit, debit: 2  | 1            | a               | 2023-04-01 | C            | a
        the prior one     | 1            | a               | 2023-04-01 | D            |
        the prior one     | 1            | b               | 2023-04-01 | C            | a
        other provider    | 1            | a               | 2023-04-01 | D            |
        other provider    | 2            | a               | 2023-04-01 | D            |
        shifted           | 1            | 2a              | 2023-04-01 | D            |
        shifted           | 12           | a               | 2023-04-01 | D            |
        case matters      | 1            | a               | 2023-04-01 | D            |
        case matters      | 1            | A               | 2023-04-01 | D            |
        three: 3          | 1            | a               | 2023-04-01 | D            |
        three: 3          | 1            | a               | 2023-04-01 | D            |
        three: 3          | 1            | a               | 2023-04-01 | D            |
        """,
    )
    _, names = names_of(given)
    counted = claims.count_duplicates(names).where("lines > 0").collect()
    found = {row["zorgkantoor"]: row["lines"] for row in counted}
    offices = {row["zorgkantoor"] for row in given.select("zorgkantoor").distinct().collect()}
    assert found == {office: int(office.partition(": ")[2]) for office in offices if ": " in office}
