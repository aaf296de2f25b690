"""Handbook 2: providers of more than a million euro without a line, and what they would have claimed."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.support import assert_rows, frame
from tests.wlz.support import rows, statement
from zorgstat.wlz import claims, missing_providers
from zorgstat.wlz.calendar import Statement
from zorgstat.wlz.tables import MISSING_ESTIMATES, MISSING_PROVIDERS

MILLION = 100_000_000  # euro cents


def look(spark: SparkSession, lines: str, asked: Statement, replaced: str = "") -> tuple[DataFrame, DataFrame]:
    """Missing providers and their estimates. In: replaced, as "A>B C>C": what a provider counts under."""
    links = [(*link.split(">"), False) for link in replaced.split()]
    successors = spark.createDataFrame(links, "provider_agb string, successor_agb string, in_cycle boolean")
    zorgkantoren = spark.createDataFrame([("5505",), ("5506",)], "code string")
    claimed = claims.add_up(rows(spark, "wlz_claims", lines), asked)
    claimed = missing_providers.count_under_successors(claimed, successors)
    missing = missing_providers.find_missing(claimed, zorgkantoren)
    return missing, missing_providers.estimate(missing, claimed)


def test_who_is_missing(spark: SparkSession) -> None:
    """Every case is a provider; `more` is what makes it missing or not."""
    missing, _ = look(
        spark,
        f"""
        provider_agb      | start_date | debit_credit | amount_cents  | zorgkantoor | case
        above             | 2022-01-01 | D            | {MILLION}     | 5505        | first day of T-1
        above             | 2022-12-31 | D            | 1             | 5505        | last day
        exactly           | 2022-06-01 | D            | {MILLION}     | 5505        | not more than a million
        net               | 2022-06-01 | D            | {MILLION + 9} | 5505        |
        net               | 2022-06-01 | C            | 9             | 5505        | exactly
        of other years    | 2021-12-31 | D            | {MILLION}     | 5505        |
        of other years    | 2022-06-01 | D            | {MILLION}     | 5505        |
        of other years    | 2023-01-01 | D            | {MILLION}     | 5505        |
        here              | 2022-06-01 | D            | {MILLION + 1} | 5505        |
        here              | 2023-04-01 | D            | 1             | 5505        | first day of the quarter
        credit only       | 2022-06-01 | D            | {MILLION + 1} | 5505        |
        credit only       | 2023-06-30 | C            | 1             | 5505        | a line too
        cancels out       | 2022-06-01 | D            | {MILLION + 1} | 5505        |
        cancels out       | 2023-04-01 | D            | 1             | 5505        | two lines,
        cancels out       | 2023-04-01 | C            | 1             | 5505        | of nothing together
        around            | 2022-06-01 | D            | {MILLION + 1} | 5505        |
        around            | 2023-03-31 | D            | 1             | 5505        | the day before the quarter
        around            | 2023-07-01 | D            | 1             | 5505        | the day after
        elsewhere         | 2022-06-01 | D            | {MILLION + 1} | 5505        | missing here
        elsewhere         | 2023-04-01 | D            | 1             | 5506        | though not there
        in two halves     | 2022-06-01 | D            | {MILLION}     | 5505        | not nationally:
        in two halves     | 2022-06-01 | D            | {MILLION}     | 5506        | exactly at each
        of a uitvoerder   | 2022-06-01 | D            | {MILLION + 1} | 0201        |
        """,
        statement(),
    )
    expected = frame(
        spark,
        MISSING_PROVIDERS,
        f"""
        zorgkantoor | provider_agb | prior_year_amount_cents
        5505        | above        | {MILLION + 1}
        5505        | around       | {MILLION + 1}
        5505        | elsewhere    | {MILLION + 1}
        """,
    )
    assert_rows(missing, expected, key=["provider_agb"])


def test_a_line_counts_under_the_end_of_its_chain(spark: SparkSession) -> None:
    missing, estimates = look(
        spark,
        f"""
        provider_agb | start_date | amount_cents
        old          | 2022-06-01 | {MILLION}
        new          | 2022-07-01 | 400
        gone         | 2022-06-01 | {MILLION + 1}
        heir         | 2023-04-01 | 1
        B            | 2022-06-01 | {MILLION + 1}
        """,
        statement(),
        replaced="old>new gone>heir B>A A>A",
    )
    expected = frame(
        spark,
        MISSING_PROVIDERS,
        f"""
        zorgkantoor | provider_agb | prior_year_amount_cents
        5505        | new          | {MILLION + 400}
        5505        | A            | {MILLION + 1}
        """,
    )
    assert_rows(missing, expected, key=["provider_agb"])
    told = {(row["provider_agb"], row["amount_euro"]) for row in estimates.collect()}
    assert told == {("new", 250_001), ("A", 250_000)}


@pytest.mark.parametrize(
    ("quarter", "first", "last"),
    [(1, "2022-01-01", "2022-12-31"), (2, "2022-04-01", "2023-03-31"), (4, "2022-10-01", "2023-09-30")],
)
def test_estimates_are_a_quarter_of_the_last_four(spark: SparkSession, quarter: int, first: str, last: str) -> None:
    """The million of T-1 lies outside the last four quarters, unless those are T-1."""
    lines = f"""
        performance_code | start_date | debit_credit | quantity | amount_cents
        Z001             | {first}    | D            | 10       | 40000
        Z001             | {last}     | D            | 4        | 20000
        Z001             | {last}     | C            | 2        | 10000
        Z002             | {last}     | D            | 1        | 199
        Z003             | {last}     | D            | 1        | 200
        Z004             | {last}     | C            | 2        | 100
        Z005             | {last}     | D            | 3        | 50
        Z005             | {last}     | C            | 3        | 50
        Z006             | 2022-01-01 | D            | 4        | {4 * MILLION}
    """
    missing, estimates = look(spark, lines, statement(quarter))
    assert missing.count() == 1
    expected = """
        zorgkantoor | provider_agb | performance_code | quantity | amount_euro
        5505        | 12000001     | Z001             | 3        | 125
        5505        | 12000001     | Z003             | 0        | 1
        5505        | 12000001     | Z004             | -1       | 0
    """
    if quarter == 1:
        expected += "5505 | 12000001 | Z006 | 1 | 1000000"
    assert_rows(estimates, frame(spark, MISSING_ESTIMATES, expected), key=["performance_code"])


def test_without_a_line_in_the_last_four_quarters_the_year_before_counts(spark: SparkSession) -> None:
    missing, estimates = look(
        spark,
        f"""
        provider_agb | performance_code | start_date | debit_credit | quantity | amount_cents
        falls back   | Z001             | 2022-01-01 | D            | 8        | {MILLION + 400}
        falls back   | Z001             | 2022-03-31 | D            | 2        | 0
        falls back   | Z002             | 2022-03-31 | D            | 1        | 199
        does not     | Z001             | 2022-01-01 | D            | 8        | {MILLION + 400}
        does not     | Z002             | 2023-03-31 | D            | 6        | 600
        cancels out  | Z001             | 2022-01-01 | D            | 8        | {MILLION + 400}
        cancels out  | Z001             | 2022-10-01 | D            | 6        | 600
        cancels out  | Z001             | 2022-10-01 | C            | 6        | 600
        """,
        statement(3),
    )
    assert missing.count() == 3
    expected = frame(
        spark,
        MISSING_ESTIMATES,
        """
        zorgkantoor | provider_agb | performance_code | quantity | amount_euro
        5505        | falls back   | Z001             | 3        | 250001
        5505        | does not     | Z002             | 2        | 2
        """,
    )
    assert_rows(estimates, expected, key=["provider_agb", "performance_code"])


def test_another_zorgkantoor_has_no_say_in_an_estimate(spark: SparkSession) -> None:
    """Its lines are in no sum, and that it has some of the last four quarters does not keep from falling back."""
    missing, estimates = look(
        spark,
        f"""
        zorgkantoor | provider_agb | performance_code | start_date | debit_credit | quantity | amount_cents
        5505        | large        | Z001             | 2022-01-01 | D            | 8        | {MILLION + 400}
        5506        | large        | Z001             | 2022-01-01 | D            | 400      | 40000
        5506        | large        | Z002             | 2022-10-01 | D            | 400      | 40000
        """,
        statement(3),
    )
    assert [tuple(row) for row in missing_providers.count_missing(missing).collect()] == [("5505", 1)]
    expected = frame(
        spark,
        MISSING_ESTIMATES,
        """
        zorgkantoor | provider_agb | performance_code | quantity | amount_euro
        5505        | large        | Z001             | 2        | 250001
        """,
    )
    assert_rows(estimates, expected, key=["performance_code"])


def test_the_million_is_net_of_all_performances_together(spark: SparkSession) -> None:
    missing, _ = look(
        spark,
        f"""
        provider_agb | performance_code | start_date | debit_credit | amount_cents
        net of all   | Z001             | 2022-06-01 | D            | {MILLION + 9}
        net of all   | Z002             | 2022-06-01 | C            | 9
        one          | Z001             | 2022-06-01 | D            | {MILLION}
        one          | Z002             | 2022-06-01 | D            | 1
        two          | Z001             | 2022-06-01 | D            | {MILLION + 1}
        """,
        statement(),
    )
    assert sorted(row["provider_agb"] for row in missing.collect()) == ["one", "two"]
    assert [tuple(row) for row in missing_providers.count_missing(missing).collect()] == [("5505", 2)]
