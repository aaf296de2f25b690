"""Handbook 3.1: who holds a budget on a day, home visits, conscious-choice talks.

A case is a person of its own; in the first tests `last_day` is what must come out.
"""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from tests.wlz.support import people, rows, statement
from zorgstat.wlz import known, pgb

CASES = "person string, start_date date, end_date date, admitted_on date, discharged_on date, died_on date, "
CASES += "last_day date, more string"


def budgets_of(cases: DataFrame) -> DataFrame:
    """Each case as a grant, and as an admission and a death where it tells of one."""
    days = ("end_date", "admitted_on", "discharged_on", "died_on")
    left_out = [F.lit(None).cast("date").alias(day) for day in days if day not in cases.columns]
    cases = cases.select("*", *left_out)
    grants = cases.select(F.lit("5505").alias("zorgkantoor"), "person", "start_date", "end_date").distinct()
    admissions = cases.where("admitted_on is not null").select("person", "admitted_on", "discharged_on")
    deaths = cases.where("died_on is not null").select("person", "died_on")
    return pgb.end_budgets(grants, deaths, admissions)


def assert_last_days(cases: DataFrame) -> None:
    expected = cases.select("person", "start_date", "last_day").distinct()
    assert_rows(budgets_of(cases), expected, key=["person", "start_date"])


def test_days_that_other_programs_call_infinity(spark: SparkSession) -> None:
    """Beyond all years; 2^31 - 1 days from 1970 in DuckDB. A grant from 2020; of each, is it held on 30 June 2023?"""
    cases = frame(
        spark,
        "person string, end int, died int, admitted int, discharged int, is_held boolean",
        """
        person             | end         | died        | admitted    | discharged  | is_held
        no end             | 2147483647  |             |             |             | true
        ended before       | -2147483647 |             |             |             | false
        will not die       |             | 2147483647  |             |             | true
        died before        |             | -2147483647 |             |             | false
        will not come      |             |             | 2147483647  |             | true
        came before        |             |             | -2147483647 |             | false
        will not leave     |             |             | 19358       | 2147483647  | false
        left before        |             |             | 19358       | -2147483647 | true
        """,
    ).select("*", F.lit(date(2023, 1, 1)).alias("recorded_on"), F.lit("5505").alias("zorgkantoor"))
    names = {"end": "end_date", "died": "died_on", "admitted": "admitted_on", "discharged": "discharged_on"}
    days = cases.withColumns({day: F.date_from_unix_date(number) for number, day in names.items()})
    budgets = pgb.end_budgets(
        known.grants(days.withColumn("start_date", F.lit(date(2020, 1, 1)))),
        known.deaths(days.where(F.col("died").isNotNull())),
        known.admissions(days.where(F.col("admitted").isNotNull())),
    )
    held = pgb.hold_on(budgets, statement())
    assert_rows(held.select("person"), cases.where("is_held").select("person"), key=["person"])


def test_the_examples_of_the_handbook(spark: SparkSession) -> None:
    cases = frame(
        spark,
        CASES,
        """
        person                  | start_date | admitted_on | discharged_on | died_on    | last_day
        granted on 15 July      | 2023-06-15 |             |               |            |
        died on 25 June         | 2023-01-01 |             |               | 2023-06-25 | 2023-06-24
        died on 30 June         | 2023-01-01 |             |               | 2023-06-30 | 2023-06-29
        died on 1 July          | 2023-01-01 |             |               | 2023-07-01 | 2023-06-30
        admitted on 25 April    | 2023-01-01 | 2023-04-25  |               |            | 2023-06-24
        discharged on 24 June   | 2023-01-01 | 2023-04-25  | 2023-06-24    |            |
        discharged on 25 June   | 2023-01-01 | 2023-04-25  | 2023-06-25    |            | 2023-06-24
        admitted on 30 April    | 2023-01-01 | 2023-04-30  |               |            | 2023-06-29
        admitted on 1 May       | 2023-01-01 | 2023-05-01  |               |            | 2023-06-30
        """,
    )
    assert_last_days(cases)
    budgets = budgets_of(cases)
    held = {
        day: {row["person"] for row in budgets.where(pgb._covers(F.lit(day))).select("person").collect()}
        for day in (date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30))
    }
    assert "admitted on 25 April" in held[date(2023, 4, 30)] & held[date(2023, 5, 31)]
    assert held[date(2023, 6, 30)] == {
        "granted on 15 July",
        "died on 1 July",
        "discharged on 24 June",
        "admitted on 1 May",
    }
    on_30_june = {row["person"] for row in pgb.hold_on(budgets, statement()).collect()}
    assert on_30_june == held[date(2023, 6, 30)]


def test_two_months_after_the_last_days_of_a_month(spark: SparkSession) -> None:
    assert_last_days(
        frame(
            spark,
            CASES,
            """
            person             | start_date | admitted_on | discharged_on | last_day
            28 December        | 2020-01-01 | 2022-12-28  |               | 2023-02-27
            29 December        | 2020-01-01 | 2022-12-29  |               | 2023-02-27
            30 December        | 2020-01-01 | 2022-12-30  |               | 2023-02-27
            31 December        | 2020-01-01 | 2022-12-31  |               | 2023-02-27
            1 January          | 2020-01-01 | 2023-01-01  |               | 2023-02-28
            28 December, leap  | 2020-01-01 | 2023-12-28  |               | 2024-02-27
            29 December, leap  | 2020-01-01 | 2023-12-29  |               | 2024-02-28
            30 December, leap  | 2020-01-01 | 2023-12-30  |               | 2024-02-28
            31 December, leap  | 2020-01-01 | 2023-12-31  |               | 2024-02-28
            31 July            | 2020-01-01 | 2023-07-31  |               | 2023-09-29
            30 June            | 2020-01-01 | 2023-06-30  |               | 2023-08-29
            28 February        | 2020-01-01 | 2023-02-28  |               | 2023-04-27
            in time            | 2020-01-01 | 2022-12-31  | 2023-02-27    |
            a day too late     | 2020-01-01 | 2022-12-31  | 2023-02-28    | 2023-02-27
            in time, leap      | 2020-01-01 | 2023-12-31  | 2024-02-28    |
            too late, leap     | 2020-01-01 | 2023-12-31  | 2024-02-29    | 2024-02-28
            """,
        )
    )


def test_the_earliest_of_three_ends(spark: SparkSession) -> None:
    assert_last_days(
        frame(
            spark,
            CASES,
            """
            person             | start_date | end_date   | admitted_on | died_on    | last_day
            own end            | 2023-01-01 | 2023-03-31 | 2023-04-25  | 2023-06-25 | 2023-03-31
            death              | 2023-01-01 | 2023-12-31 | 2023-04-25  | 2023-05-01 | 2023-04-30
            admission          | 2023-01-01 | 2023-12-31 | 2023-04-25  | 2023-07-01 | 2023-06-24
            no end at all      | 2023-01-01 |            |             |            |
            on the same day    | 2023-01-01 | 2023-06-24 | 2023-04-25  | 2023-06-25 | 2023-06-24
            dead before        | 2023-01-01 |            |             | 2022-12-01 | 2022-11-30
            dead on that day   | 2023-01-01 |            |             | 2023-01-01 | 2022-12-31
            """,
        )
    )


def test_which_admissions_touch_which_grant(spark: SparkSession) -> None:
    assert_last_days(
        frame(
            spark,
            CASES,
            """
            person              | start_date | admitted_on | discharged_on | last_day   | more
            before the grant    | 2023-06-01 | 2023-01-01  | 2023-05-31    |            | home before it began
            on the first day    | 2023-06-01 | 2023-01-01  | 2023-06-01    |            | home on that day
            a day later         | 2023-06-01 | 2023-01-01  | 2023-06-02    | 2023-02-28 | never held
            not home yet        | 2023-06-01 | 2023-05-01  |               | 2023-06-30 | two months from admission
            two grants          | 2023-01-01 | 2023-01-15  | 2023-05-01    | 2023-03-14 | the first does not revive
            two grants          | 2023-05-01 | 2023-01-15  | 2023-05-01    |            | the second is not touched
            two short stays     | 2023-01-01 | 2023-02-01  | 2023-03-15    |            | lengths are not added up
            two short stays     | 2023-01-01 | 2023-03-20  | 2023-05-10    |            |
            short and long      | 2023-01-01 | 2023-02-01  | 2023-03-15    | 2023-05-19 | each stay by itself
            short and long      | 2023-01-01 | 2023-03-20  |               | 2023-05-19 |
            two long stays      | 2023-01-01 | 2023-02-01  | 2023-05-15    | 2023-03-31 | the first that ends it
            two long stays      | 2023-01-01 | 2023-06-01  |               | 2023-03-31 |
            home before he came | 2023-01-01 | 2023-03-01  | 2023-02-01    |            |
            """,
        )
    )


def test_void_grants_and_people_with_several(spark: SparkSession) -> None:
    grants = frame(
        spark,
        "zorgkantoor string, person string, start_date date, end_date date",
        """
        zorgkantoor | person  | start_date | end_date
        5505        | void    | 2023-06-30 | 2023-06-29
        5505        | one day | 2023-06-30 | 2023-06-30
        5505        | tomorrow| 2023-07-01 |
        5505        | twice   | 2023-01-01 |
        5505        | twice   | 2023-06-01 |
        5506        | twice   | 2023-01-01 |
        0201        | twice   | 2023-01-01 |
        0201        | other   | 2023-01-01 |
        5506        | other   | 2023-01-01 |
        """,
    )
    nobody = spark.createDataFrame([], "person string, died_on date")
    nowhere = spark.createDataFrame([], "person string, admitted_on date, discharged_on date")
    held = pgb.hold_on(pgb.end_budgets(grants, nobody, nowhere), statement())
    expected = frame(
        spark,
        "zorgkantoor string, rows bigint, people bigint",
        """
        zorgkantoor | rows | people
        5505        | 3    | 2
        5506        | 2    | 2
        0201        | 2    | 2
        """,
    )
    assert_rows(pgb.count_people(held), expected, key=["zorgkantoor"])
    # 0201 is no zorgkantoor: a budget there does not make one at 5506 a finding.
    zorgkantoren = spark.createDataFrame([("5505",), ("5506",)], "code string")
    several = pgb.count_at_several(held, zorgkantoren)
    assert sorted(map(tuple, several.collect())) == [("5505", 1), ("5506", 1)]


def test_which_home_visits_count(spark: SparkSession) -> None:
    visits = rows(
        spark,
        "wlz_home_visits",
        """
        bsn               | visited_on | physical | with_conscious_choice_talk | recorded_on
        first day         | 2022-01-01 | true     | false                      | 2022-01-01
        last day          | 2022-12-31 | true     | false                      | 2022-12-31
        twice             | 2022-03-01 | true     | false                      | 2022-03-01
        twice             | 2022-04-01 | true     | false                      | 2022-04-01
        the year before   | 2021-12-31 | true     | false                      | 2022-01-01
        this year         | 2023-01-01 | true     | false                      | 2022-12-31
        by telephone      | 2022-03-01 | false    | false                      | 2022-03-01
        with a talk       | 2022-03-01 | true     | true                       | 2022-03-01
        recorded too late | 2022-12-31 | true     | false                      | 2023-01-01
        """,
    )
    counted = pgb.counted_visits(people(visits), statement())
    assert sorted(row["person"] for row in counted.collect()) == ["first day", "last day", "twice", "twice"]
    assert [tuple(row) for row in pgb.count_people(counted).collect()] == [("5505", 4, 3)]


def test_visits_to_people_without_a_budget_that_day(spark: SparkSession) -> None:
    visits = frame(
        spark,
        "zorgkantoor string, person string, visited_on date, more string",
        """
        zorgkantoor | person             | visited_on | more
        5505        | first day          | 2022-03-01 |
        5505        | last day           | 2022-06-30 |
        5505        | day before         | 2022-02-28 | found
        5505        | day after          | 2022-07-01 | found
        5505        | one of two         | 2022-02-28 |
        5505        | one of two         | 2022-03-01 |
        5505        | between two        | 2022-07-01 | found, once
        5505        | between two        | 2022-07-02 |
        5505        | second budget      | 2022-09-01 |
        5505        | elsewhere          | 2022-03-01 | found: the budget is of 5506
        5506        | nobody             | 2022-03-01 | found
        """,
    )
    budgets = frame(
        spark,
        "zorgkantoor string, person string, start_date date, last_day date",
        """
        zorgkantoor | person        | start_date | last_day
        5505        | first day     | 2022-03-01 | 2022-06-30
        5505        | last day      | 2022-03-01 | 2022-06-30
        5505        | day before    | 2022-03-01 | 2022-06-30
        5505        | day after     | 2022-03-01 | 2022-06-30
        5505        | one of two    | 2022-03-01 |
        5505        | between two   | 2022-03-01 | 2022-06-30
        5505        | between two   | 2022-08-01 |
        5505        | second budget | 2022-03-01 | 2022-06-30
        5505        | second budget | 2022-08-01 |
        5506        | elsewhere     | 2022-01-01 |
        """,
    )
    found = pgb.count_without_budget(visits, budgets)
    assert sorted(map(tuple, found.collect())) == [("5505", 4), ("5506", 1)]


@pytest.mark.parametrize("year", [2023, 2024])
def test_which_talks_count(spark: SparkSession, year: int) -> None:
    talks = rows(
        spark,
        "wlz_conscious_choice_talks",
        f"""
        bsn               | held_on      | new_applicant
        first day         | {year}-01-01 | true
        last day          | {year}-12-31 | true
        twice             | {year}-03-01 | true
        twice             | {year}-04-01 | true
        renewal           | {year}-03-01 | false
        the year before   | {year - 1}-12-31 | true
        the year after    | {year + 1}-01-01 | true
        """,
    )
    counted = pgb.counted_talks(people(talks), statement(quarter=4, year=year))
    assert [tuple(row) for row in pgb.count_people(counted).collect()] == [("5505", 4, 3)]
