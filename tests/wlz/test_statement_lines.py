"""Handbook 3: every line of every part, whole euros, totals of what is shown."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.support import assert_rows, frame
from tests.wlz.support import ORGANISATIONS, rows, statement
from zorgstat.wlz import admin_costs
from zorgstat.wlz.calendar import ADMIN_COSTS, INSURED, PGB_HOLDERS
from zorgstat.wlz.reshape import counts_as_rows
from zorgstat.wlz.statement_lines import cells, cost_cells, fill_in, lines_owed
from zorgstat.wlz.tables import STATEMENT_LINES

COSTS = [("admin_costs", line) for line in ("internal_staff", "external_staff", "other", "total")]
INSURED_LINES = "man_under_65 woman_under_65 total_under_65 man_65_plus woman_65_plus total_65_plus man woman total"
PEOPLE = [("insured", line) for line in INSURED_LINES.split()]
BUDGETS = [("pgb_holders", "total"), ("pgb_home_visits", "total")]
TALKS = [("pgb_conscious_choice_talks", "total")]


@pytest.mark.parametrize(
    ("quarter", "everyone", "zorgkantoor"),
    [(1, COSTS, []), (2, COSTS + PEOPLE, BUDGETS), (3, COSTS, []), (4, COSTS, TALKS)],
)
def test_every_line_is_owed_in_its_quarter(
    spark: SparkSession, quarter: int, everyone: list[tuple[str, str]], zorgkantoor: list[tuple[str, str]]
) -> None:
    owed = lines_owed(rows(spark, "wlz_organisations", ORGANISATIONS), statement(quarter))
    expected = [(code, *line) for code in ("5505", "5506", "0201") for line in everyone]
    expected += [(code, *line) for code in ("5505", "5506") for line in zorgkantoor]
    assert sorted(map(tuple, owed.collect())) == sorted(expected)


def test_costs_are_rounded_by_category_and_totals_add_up_what_is_shown(spark: SparkSession) -> None:
    costs = rows(
        spark,
        "wlz_admin_costs",
        """
        organisation | category       | amount_cents | year | quarter | case
        5505         | internal_staff | 50           | 2023 | 2       | 0.50 + 0.50 + 0.50 gives 3
        5505         | external_staff | 50           | 2023 | 2       |
        5505         | other          | 50           | 2023 | 2       |
        5506         | internal_staff | 49           | 2023 | 2       | several rows add up before rounding
        5506         | internal_staff | 49           | 2023 | 2       |
        5506         | external_staff | 10000        | 2023 | 2       |
        5506         | external_staff | -20050       | 2023 | 2       | a correction: -100.50
        5506         | other          | 100          | 2023 | 1       | not cumulative
        5506         | other          | 100          | 2022 | 2       | of another year
        5506         | Other          | 100          | 2023 | 2       | an unknown category
        0201         | travel         | 100          | 2023 | 2       | nothing but an unknown category
        9999         | other          | 100          | 2023 | 2       | an unknown organisation
        """,
    )
    tallied = admin_costs.tally(costs, statement())
    owed = lines_owed(rows(spark, "wlz_organisations", ORGANISATIONS), statement(1))  # costs alone
    expected = frame(
        spark,
        STATEMENT_LINES,
        """
        organisation | part        | line           | value
        5505         | admin_costs | internal_staff | 1
        5505         | admin_costs | external_staff | 1
        5505         | admin_costs | other          | 1
        5505         | admin_costs | total          | 3
        5506         | admin_costs | internal_staff | 1
        5506         | admin_costs | external_staff | -101
        5506         | admin_costs | other          | 0
        5506         | admin_costs | total          | -100
        0201         | admin_costs | internal_staff | 0
        0201         | admin_costs | external_staff | 0
        0201         | admin_costs | other          | 0
        0201         | admin_costs | total          | 0
        """,
    )
    counts = counts_as_rows(tallied, "organisation", cost_cells(ADMIN_COSTS))
    assert_rows(fill_in(owed, counts), expected, key=["organisation", "line"])
    told = {row["organisation"]: (row["rows"], row["rows_known"], row["rows_unknown"]) for row in tallied.collect()}
    assert told == {"5505": (3, 3, 0), "5506": (5, 4, 1), "0201": (1, 0, 1), "9999": (1, 1, 0)}


def test_costs_beyond_two_billion_euro_are_whole(spark: SparkSession) -> None:
    costs = rows(
        spark,
        "wlz_admin_costs",
        """
        organisation | category       | amount_cents
        5505         | internal_staff | 300000000050
        5505         | external_staff | 300000000049
        """,
    )
    counts = counts_as_rows(admin_costs.tally(costs, statement()), "organisation", cost_cells(ADMIN_COSTS))
    lines = fill_in(lines_owed(rows(spark, "wlz_organisations", ORGANISATIONS), statement(1)), counts)
    assert {row["line"]: row["value"] for row in lines.where("organisation = '5505'").collect()} == {
        "internal_staff": 3_000_000_001,
        "external_staff": 3_000_000_000,
        "other": 0,
        "total": 6_000_000_001,
    }


def test_people_add_up_and_nobody_owes_what_is_not_theirs(spark: SparkSession) -> None:
    counted = frame(
        spark,
        "code string, man_under_65 bigint, woman_under_65 bigint, man_65_plus bigint, woman_65_plus bigint",
        """
        code | man_under_65 | woman_under_65 | man_65_plus | woman_65_plus
        0201 | 1            | 20             | 300         | 4000
        9999 | 1            | 1              | 1           | 1
        """,
    )
    given = {
        **cells(INSURED, {line: line for line in INSURED.totals["total"]}),
        **cells(PGB_HOLDERS, {"total": "man_65_plus"}),  # 0201 is no zorgkantoor
        "missing_provider": F.col("man_65_plus"),  # no cell
    }
    owed = lines_owed(rows(spark, "wlz_organisations", ORGANISATIONS), statement())
    lines = fill_in(owed, counts_as_rows(counted, "code", given))
    assert {(row["part"], row["line"]): row["value"] for row in lines.where("value != 0").collect()} == {
        ("insured", "man_under_65"): 1,
        ("insured", "woman_under_65"): 20,
        ("insured", "total_under_65"): 21,
        ("insured", "man_65_plus"): 300,
        ("insured", "woman_65_plus"): 4000,
        ("insured", "total_65_plus"): 4300,
        ("insured", "man"): 301,
        ("insured", "woman"): 4020,
        ("insured", "total"): 4321,
    }
