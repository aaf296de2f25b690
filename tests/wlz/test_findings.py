"""Findings: one row per organisation and rule, by quarter; what makes a statement final."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.support import frame
from tests.wlz.support import ORGANISATIONS, rows, statement
from zorgstat.wlz import findings
from zorgstat.wlz.findings import COUNTED, COUNTS, RULES

SUCCESSORS = "provider_agb string, successor_agb string, in_cycle boolean"


def found(spark: SparkSession, counts: str, quarter: int = 2) -> set[tuple[str, ...]]:
    given = frame(spark, "code string, name string, count bigint", counts)
    organisations = rows(spark, "wlz_organisations", ORGANISATIONS)
    table = findings.find(organisations, given, spark.createDataFrame([], SUCCESSORS), statement(quarter))
    return {(row["organisation"], row["rule"], row["severity"], row["count"]) for row in table.collect()}


FINE = """
    code | name                  | count
    5505 | wlz_claims            | 9
    5506 | wlz_claims            | 9
    5505 | wlz_admin_costs       | 3
    5506 | wlz_admin_costs       | 3
    0201 | wlz_admin_costs       | 3
    5505 | wlz_admin_costs_known | 3
    5506 | wlz_admin_costs_known | 3
    0201 | wlz_admin_costs_known | 3
"""


def test_rows_of_nobody_and_of_no_zorgkantoor(spark: SparkSession) -> None:
    counts = """
    9999 | wlz_claims                 | 1
    9999 | wlz_pgb_grants             | 20
    9999 | wlz_home_visits            | 300
    9999 | wlz_conscious_choice_talks | 4000
    9999 | wlz_admin_costs            | 50000
    9999 | wlz_insured                | 600000
    9999 | insured_sex_unknown        | 1
    9999 | credit_without_debit       | 1
    0201 | wlz_claims                 | 1
    0201 | wlz_pgb_grants             | 20
    0201 | wlz_home_visits            | 300
    0201 | wlz_conscious_choice_talks | 4000
    0201 | wlz_insured                | 600000
    0201 | credit_without_debit       | 1
    0201 | duplicate_claim_reference  | 1
    0201 | missing_provider           | 1
    0201 | home_visit_without_budget  | 1
    9998 | wlz_claims                 | 0
    """
    assert found(spark, FINE + counts) == {
        ("9999", "unknown_organisation", "error", 654321),
        ("0201", "not_a_zorgkantoor", "error", 4321),
    }


def test_missing_claims_and_costs_are_errors(spark: SparkSession) -> None:
    counts = """
    code | name                        | count
    5505 | wlz_claims                  | 1
    5505 | wlz_admin_costs             | 2
    5505 | admin_cost_category_unknown | 2
    0201 | wlz_admin_costs             | 1
    0201 | wlz_admin_costs_known       | 1
    """
    assert found(spark, counts) == {
        ("5505", "admin_costs_missing", "error", 1),
        ("5505", "admin_cost_category_unknown", "error", 2),
        ("5506", "admin_costs_missing", "error", 1),
        ("5506", "claims_missing", "error", 1),
    }


@pytest.mark.parametrize("quarter", [1, 2])
def test_every_count_is_a_finding_of_its_severity(spark: SparkSession, quarter: int) -> None:
    counts = "\n".join(f"5505 | {rule.name} | {place}" for place, rule in enumerate(COUNTED, start=1))
    expected = {
        "admin_cost_category_unknown": ("error", 1),
        "credit_without_debit": ("warning", 2),
        "duplicate_claim_reference": ("warning", 3),
        "missing_provider": ("warning", 4),
    }
    if quarter == 2:
        expected |= {
            "insured_sex_unknown": ("error", 5),
            "insured_rows_differ": ("warning", 6),
            "insured_at_several_organisations": ("warning", 7),
            "holder_at_several_zorgkantoren": ("warning", 8),
            "home_visit_without_budget": ("warning", 9),
        }
    assert found(spark, FINE + counts, quarter) == {("5505", rule, *told) for rule, told in expected.items()}


def test_a_cycle_concerns_everybody(spark: SparkSession) -> None:
    cycles = {("A", "A", True), ("C", "B", True), ("B", "B", True), ("D", "B", False), ("E", "F", False)}
    (row,) = findings.find_cycles(spark.createDataFrame(sorted(cycles), SUCCESSORS)).collect()
    assert (row["organisation"], row["rule"], row["severity"], row["count"]) == (None, "successor_cycle", "error", 3)
    assert ": 3 (A, B). " in row["detail"]
    many = [(f"{place:08}", f"{place:08}", True) for place in range(100)]
    (row,) = findings.find_cycles(spark.createDataFrame(many, SUCCESSORS)).collect()
    assert ": 100 (00000000, 00000001, " in row["detail"]
    assert len(row["detail"]) < 500  # nobody reads a hundred codes
    (none,) = findings.find_cycles(spark.createDataFrame([("E", "F", False)], SUCCESSORS)).collect()
    assert none["count"] == 0
    assert found(spark, FINE) == set()


def test_details_tell_tables_and_no_more(spark: SparkSession) -> None:
    """A uitvoerder may have insured people: they are no part of what only a zorgkantoor can have."""
    counts = """
        code | name            | count
        9999 | wlz_claims      | 3
        9999 | wlz_pgb_grants  | 1
        9999 | wlz_insured     | 1200000
        9999 | wlz_home_visits | 0
        0201 | wlz_claims      | 4
        0201 | wlz_insured     | 6
    """
    given = frame(spark, "code string, name string, count bigint", counts)
    organisations = rows(spark, "wlz_organisations", ORGANISATIONS).where("code = '0201'")
    table = findings.find(organisations, given, spark.createDataFrame([], SUCCESSORS), statement())
    details = {row["rule"]: row["detail"] for row in table.collect()}
    assert ": 1.200.004 (wlz_claims 3, wlz_pgb_grants 1, wlz_insured 1.200.000). " in details["unknown_organisation"]
    assert ": 4 (wlz_claims 4). " in details["not_a_zorgkantoor"]
    assert set(details) == {"unknown_organisation", "not_a_zorgkantoor", "admin_costs_missing"}
    assert "1" not in details["admin_costs_missing"]  # it is so or not


@pytest.mark.parametrize("about_all", [False, True])
def test_a_statement_is_final_without_an_error(spark: SparkSession, about_all: bool) -> None:
    told = """
        organisation | rule                 | severity | count
        5505         | admin_costs_missing  | error    | 1
        5505         | missing_provider     | warning  | 1
        5506         | missing_provider     | warning  | 1
        9999         | unknown_organisation | error    | 1
    """
    told += "             | successor_cycle | error | 2" if about_all else ""
    table = frame(spark, "organisation string, rule string, severity string, count bigint", told)
    organisations = rows(spark, "wlz_organisations", ORGANISATIONS)
    final = {row["organisation"] for row in findings.final_organisations(organisations, table).collect()}
    assert final == (set() if about_all else {"5506", "0201"})


def test_rules_and_their_severities() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) == 14
    assert len(set(COUNTS)) == len(COUNTS)
    assert {rule.name for rule in RULES if rule.severity == "warning"} == {
        "credit_without_debit",
        "duplicate_claim_reference",
        "missing_provider",
        "insured_rows_differ",
        "insured_at_several_organisations",
        "holder_at_several_zorgkantoren",
        "home_visit_without_budget",
    }
