"""A whole statement at each quarter: two zorgkantoren, a uitvoerder, and everything that a finding can be about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.wlz.support import Rows, build, inputs, settings
from zorgstat.io.engine import Engine

GIVEN = {
    "wlz_claims": """
        zorgkantoor | agb      | code | starts     | dc | n   | cents     | ref | names | received   | case
        5505        | 12000001 | Z001 | 2023-04-01 | D  | 10  | 10050     | 1   |       | 2023-05-01 |
        5505        | 12000001 | Z001 | 2023-04-01 | C  | 10  | 10050     | 2   | 1     | 2023-08-14 | in time
        5505        | 12000001 | Z001 | 2023-04-01 | D  | 7   | 7000      | 5   |       | 2023-08-15 | too late
        5505        | 12000001 | Z002 | 2023-06-30 | C  | 1   | 149       | 4   | 9     | 2023-07-01 | names nothing
        5505        | 12000001 | Z003 | 2023-05-01 | D  | 1   | 150       | 5   |       | 2023-07-01 |
        5505        | 12000001 | Z003 | 2023-05-01 | D  | 1   | 150       | 5   |       | 2023-07-01 |
        5505        | 12000002 | Z001 | 2022-02-01 | D  | 400 | 100000200 | 1   |       | 2022-07-01 | now 12000003
        5505        | 12000003 | Z001 | 2023-02-01 | D  | 10  | 40200     | 1   |       | 2023-03-01 |
        5505        | 12000003 | Z002 | 2022-12-31 | C  | 2   | 100       | 2   |       | 2023-03-01 |
        5506        | 12000001 | Z001 | 2023-10-01 | D  | 1   | 100       | 1   |       | 2023-11-01 |
        0201        | 12000001 | Z001 | 2023-04-01 | D  | 1   | 100       | 1   |       | 2023-05-01 | no zorgkantoor
        9999        | 12000001 | Z001 | 2023-04-01 | D  | 1   | 100       | 1   |       | 2023-05-01 | unknown
    """,
    "wlz_pgb_grants": """
        zorgkantoor | bsn       | start_date | end_date   | recorded_on | case
        5505        | 900000001 | 2023-06-15 |            | 2023-07-15  | known on 14 August
        5505        | 900000002 | 2023-01-01 |            | 2023-01-01  | died on 25 June
        5505        | 900000003 | 2023-01-01 |            | 2023-01-01  | admitted on 25 April
        5505        | 900000004 | 2023-01-01 |            | 2023-01-01  | its end was known too late
        5505        | 900000004 | 2023-01-01 | 2023-06-29 | 2023-08-15  |
        5505        | 900000005 | 2023-01-01 |            | 2023-01-01  | at several
        5506        | 900000005 | 2022-01-01 |            | 2023-01-01  |
        0201        | 900000006 | 2023-01-01 |            | 2023-01-01  | not a zorgkantoor
        9999        | 900000006 | 2023-01-01 |            | 2023-01-01  | unknown
        9999        | 900000006 | 2023-02-01 |            | 2023-01-01  | two rows, one person
        5506        | 900000006 | 2023-06-01 |            | 2023-01-01  |
        5506        | 900000007 | 2022-01-01 | 2022-12-31 | 2023-01-01  | held when visited
    """,
    "wlz_deaths": """
        bsn       | died_on
        900000002 | 2023-06-25
    """,
    "wlz_admissions": """
        bsn       | admitted_on | discharged_on
        900000003 | 2023-04-25  | 2023-06-25
    """,
    "wlz_home_visits": """
        zorgkantoor | bsn       | visited_on | recorded_on
        5506        | 900000005 | 2022-01-01 | 2022-02-01
        5506        | 900000005 | 2022-03-01 | 2022-04-01
        5506        | 900000007 | 2022-12-31 | 2022-12-31
        5505        | 900000005 | 2022-03-01 | 2022-04-01
        9999        | 900000005 | 2022-03-01 | 2022-04-01
        0201        | 900000005 | 2022-03-01 | 2022-04-01
    """,
    "wlz_conscious_choice_talks": """
        zorgkantoor | bsn       | held_on
        5505        | 900000001 | 2023-12-31
        5505        | 900000001 | 2023-01-01
        5506        | 900000001 | 2023-01-01
        9999        | 900000001 | 2023-01-01
        0201        | 900000001 | 2023-01-01
    """,
    "wlz_admin_costs": """
        organisation | category       | amount_cents | quarter
        5505         | internal_staff | 50           | 2
        5505         | external_staff | 50           | 2
        5505         | other          | 50           | 2
        5506         | travel         | 50           | 2
        0201         | other          | -250         | 2
        9999         | travel         | 50           | 2
        5505         | other          | 100          | 1
        5506         | other          | 100          | 4
    """,
    "wlz_insured": """
        organisation | bsn       | birth_date | sex
        5505         | 900000001 | 1958-07-01 | M
        5505         | 900000002 | 1958-07-02 | V
        5505         | 900000003 | 1990-01-01 |
        5506         | 900000001 | 1990-01-01 | 1
        0201         | 900000004 | 1990-01-01 | 2
        0201         | 900000004 | 1990-01-01 | M
        9999         | 900000005 | 1990-01-01 | M
    """,
    "wlz_providers": """
        provider_agb | replaced_by
        12000002     | 12000003
        13000001     | 13000002
        13000002     | 13000001
        13000003     | 13000003
    """,
}


@pytest.fixture(scope="module")
def given(spark: SparkSession) -> Mapping[str, DataFrame]:
    return inputs(spark, GIVEN)


def values(rows: Rows) -> dict[tuple[str, str, str], int]:
    """The lines that are not 0."""
    return {row[:3]: row[3] for row in rows["wlz_statement_lines"] if row[3]}


def told(rows: Rows) -> set[tuple[str | None, str, int]]:
    return {(row[0], row[1], row[3]) for row in rows["wlz_findings"]}


CYCLE = {(None, "successor_cycle", 3)}


def test_the_second_quarter(engine: Engine, given: Mapping[str, DataFrame]) -> None:
    built = build(engine, given, settings(2))
    assert built["wlz_production"] == [
        ("5505", "Z001", 0, 0, 0),
        ("5505", "Z002", -1, -149, -1),
        ("5505", "Z003", 2, 300, 3),
    ]
    assert values(built) == {
        **{("5505", "admin_costs", line): 1 for line in ("internal_staff", "external_staff", "other")},
        ("5505", "admin_costs", "total"): 3,
        ("0201", "admin_costs", "other"): -3,
        ("0201", "admin_costs", "total"): -3,
        **{("5505", "insured", line): 1 for line in ("man_65_plus", "total_65_plus", "man")},
        **{("5505", "insured", line): 1 for line in ("woman_under_65", "total_under_65", "woman")},
        ("5505", "insured", "total"): 2,
        **{("5506", "insured", line): 1 for line in ("man_under_65", "total_under_65", "man", "total")},
        **{("0201", "insured", line): 1 for line in ("man_under_65", "total_under_65", "man", "total")},
        ("5505", "pgb_holders", "total"): 3,
        ("5506", "pgb_holders", "total"): 2,
        ("5505", "pgb_home_visits", "total"): 1,
        ("5506", "pgb_home_visits", "total"): 2,
    }
    assert len(built["wlz_statement_lines"]) == 3 * 13 + 2 * 2
    assert built["wlz_missing_providers"] == [("5505", "12000003", 100_000_100)]
    assert built["wlz_missing_estimates"] == [
        ("5505", "12000003", "Z001", 3, 101),  # 2.5 and 100.50
        ("5505", "12000003", "Z002", -1, 0),
    ]
    assert told(built) == CYCLE | {
        ("9999", "unknown_organisation", 1 + 2 + 1 + 1 + 1),  # claims, grants, visits, costs, insured
        ("0201", "not_a_zorgkantoor", 1 + 1 + 1),  # claims, grants, visits
        ("5505", "credit_without_debit", 1),
        ("5505", "duplicate_claim_reference", 2),
        ("5505", "missing_provider", 1),
        ("5505", "insured_sex_unknown", 1),
        ("5505", "insured_at_several_organisations", 1),
        ("5506", "insured_at_several_organisations", 1),
        ("0201", "insured_rows_differ", 1),
        ("5505", "holder_at_several_zorgkantoren", 1),
        ("5506", "holder_at_several_zorgkantoren", 1),
        ("5505", "home_visit_without_budget", 1),
        ("5506", "claims_missing", 1),
        ("5506", "admin_costs_missing", 1),
        ("5506", "admin_cost_category_unknown", 1),
    }
    everything = repr(built)
    assert not any(f"90000000{person}" in everything for person in range(1, 8))


def test_the_first_and_the_third_quarter(engine: Engine, given: Mapping[str, DataFrame]) -> None:
    first = build(engine, given, settings(1))
    assert first["wlz_production"] == [("5505", "Z001", 10, 40200, 402)]
    assert values(first) == {("5505", "admin_costs", "other"): 1, ("5505", "admin_costs", "total"): 1}
    assert len(first["wlz_statement_lines"]) == 3 * 4
    assert first["wlz_missing_providers"] == first["wlz_missing_estimates"] == []
    assert told(first) == CYCLE | {
        ("5506", "claims_missing", 1),
        ("5506", "admin_costs_missing", 1),
        ("0201", "admin_costs_missing", 1),
    }
    third = build(engine, given, settings(3))
    assert third["wlz_missing_estimates"] == [
        ("5505", "12000003", "Z001", 3, 101),
        ("5505", "12000003", "Z002", -1, 0),
    ]
    assert told(third) == CYCLE | {
        *[(zorgkantoor, "claims_missing", 1) for zorgkantoor in ("5505", "5506")],
        *[(code, "admin_costs_missing", 1) for code in ("5505", "5506", "0201")],
        ("5505", "missing_provider", 1),
    }


def test_the_fourth_quarter(engine: Engine, given: Mapping[str, DataFrame]) -> None:
    """Talks count whatever is known: the statement is made on 1 December here."""
    built = build(engine, given, settings(4, known_at=date(2023, 12, 1)))
    assert built["wlz_production"] == [("5506", "Z001", 1, 100, 1)]
    assert values(built) == {
        ("5506", "admin_costs", "other"): 1,
        ("5506", "admin_costs", "total"): 1,
        ("5505", "pgb_conscious_choice_talks", "total"): 1,
        ("5506", "pgb_conscious_choice_talks", "total"): 1,
    }
    assert len(built["wlz_statement_lines"]) == 3 * 4 + 2
    assert told(built) == CYCLE | {
        ("9999", "unknown_organisation", 1),
        ("0201", "not_a_zorgkantoor", 1),
        ("5505", "claims_missing", 1),
        ("5505", "admin_costs_missing", 1),
        ("0201", "admin_costs_missing", 1),
        ("5505", "missing_provider", 1),
    }
