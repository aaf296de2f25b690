"""The Wlz witness against figures worked out by hand from the contract, on inputs of a few rows.

Assertions compare counts, codes and figures only: a citizen number is never printed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from . import wlz_cases
from . import wlz_duckdb as oracle

Row = dict[str, Any]

ANNA, BERT, CEES = "900000001", "900000002", "900000003"
EAST, WEST, INSURER = "5501", "5502", "0301"  # two zorgkantoren and a uitvoerder that is not one
MILLION = 100_000_000
MARKED = ("code", "zorgkantoor", "organisation", "bsn", "provider_agb", "replaced_by")
DEFAULTS: dict[str, Row] = {
    "wlz_organisations": {"name": "N", "kind": "zorgkantoor", "concern": "A"},
    "wlz_claims": {
        "zorgkantoor": EAST,
        "provider_agb": "75000001",
        "bsn": ANNA,
        "function_code": "01",
        "zzp_code": "000",
        "performance_code": "Z041",
        "start_date": dt.date(2023, 4, 1),
        "end_date": dt.date(2023, 4, 30),
        "quantity": 1,
        "time_unit": "14",
        "tariff_cents": 100,
        "amount_cents": 100,
        "debit_credit": "D",
        "prior_reference": None,
        "received_on": dt.date(2023, 5, 1),
    },
    "wlz_pgb_grants": {
        "zorgkantoor": EAST,
        "bsn": ANNA,
        "start_date": dt.date(2022, 1, 1),
        "end_date": None,
        "recorded_on": dt.date(2022, 1, 1),
    },
    "wlz_deaths": {"bsn": ANNA, "recorded_on": dt.date(2023, 7, 1)},
    "wlz_admissions": {"bsn": ANNA, "discharged_on": None, "recorded_on": dt.date(2023, 7, 1)},
    "wlz_home_visits": {
        "zorgkantoor": EAST,
        "bsn": ANNA,
        "physical": True,
        "with_conscious_choice_talk": False,
        "recorded_on": dt.date(2022, 12, 31),
    },
    "wlz_conscious_choice_talks": {"zorgkantoor": EAST, "bsn": ANNA, "new_applicant": True},
    "wlz_admin_costs": {"organisation": EAST, "year": 2023, "quarter": 2, "category": "other", "amount_cents": 100},
    "wlz_insured": {
        "organisation": EAST,
        "bsn": ANNA,
        "birth_date": dt.date(1980, 1, 1),
        "sex": "M",
        "registered_from": dt.date(2020, 1, 1),
        "registered_to": None,
        "country": "NL",
    },
    "wlz_providers": {"name": "P", "replaced_by": None},
}


def day(text: str) -> dt.date:
    """5-31 is 31 May 2023; with three parts the year is given."""
    parts = [int(part) for part in text.split("-")]
    return dt.date(*parts) if len(parts) == 3 else dt.date(2023, *parts)


def tables(**given: list[Row]) -> dict[str, pa.Table]:
    """The ten inputs; a row says what matters in it, a date may be written as text, a claim gets its own reference."""
    given.setdefault("organisations", [{"code": EAST}, {"code": WEST}, {"code": INSURER, "kind": "uitvoerder"}])
    built = {}
    for name, schema in wlz_cases.SCHEMAS.items():
        rows = []
        for number, row in enumerate(given.pop(name.removeprefix("wlz_"), [])):
            full = DEFAULTS[name] | ({"claim_reference": f"R{number}"} if name == "wlz_claims" else {}) | row
            dated = [field.name for field in schema if pa.types.is_date(field.type)]
            rows.append(full | {c: day(full[c]) for c in dated if isinstance(full[c], str)})
        built[name] = pa.Table.from_pylist(rows, schema=schema)
    assert not given, "no such table"
    return built


def run(when: tuple[int, int] = (2023, 2), known_at: str | None = None, **given: list[Row]) -> dict[str, list[Row]]:
    settings: dict[str, Any] = {"statement": {"year": when[0], "quarter": when[1]}}
    if known_at is not None:
        settings["known_at"] = day(known_at)
    return oracle.compute(tables(**given), settings)


def run_each(
    cases: list[dict[str, list[Row]]], when: tuple[int, int] = (2023, 2), known_at: str | None = None
) -> list[dict[str, list[Row]]]:
    """Many small cases in one run, which saves minutes: each has codes and numbers of its own."""
    parts = [marked(tables(**case), f"{number:03d}.") for number, case in enumerate(cases)]
    together = {name: pa.concat_tables([part[name] for part in parts]) for name in wlz_cases.SCHEMAS}
    settings: dict[str, Any] = {"statement": {"year": when[0], "quarter": when[1]}}
    if known_at is not None:
        settings["known_at"] = day(known_at)
    result = oracle.compute(together, settings)
    return [
        {name: [unmarked(row) for row in rows if mark_of(row) == f"{number:03d}."] for name, rows in result.items()}
        for number in range(len(cases))
    ]


def marked(built: dict[str, pa.Table], mark: str) -> dict[str, pa.Table]:
    def change(row: Row) -> Row:
        return row | {c: mark + row[c] for c in MARKED if row.get(c) is not None}

    return {
        name: pa.Table.from_pylist([change(row) for row in table.to_pylist()], schema=table.schema)
        for name, table in built.items()
    }


def mark_of(row: Row) -> str:
    return str(row["organisation"] if "organisation" in row else row["zorgkantoor"])[:4]


def unmarked(row: Row) -> Row:
    return row | {c: row[c][4:] for c in MARKED if row.get(c) is not None}


def value(result: Mapping[str, list[Row]], part: str, line: str = "total", organisation: str = EAST) -> int:
    rows = result["wlz_statement_lines"]
    return next(r["value"] for r in rows if (r["organisation"], r["part"], r["line"]) == (organisation, part, line))


def counts(result: Mapping[str, list[Row]], rule: str) -> dict[str | None, int]:
    return {row["organisation"]: row["count"] for row in result["wlz_findings"] if row["rule"] == rule}


def holders(*cases: dict[str, list[Row]]) -> list[int]:
    """Holders on 30 June 2023 of each case; one grant from 2022 on when it names none."""
    return [value(result, "pgb_holders") for result in run_each([{"pgb_grants": [{}], **case} for case in cases])]


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "quarter", "due"),
    [
        (2023, 1, "2023-5-12"),
        (2023, 2, "2023-8-14"),
        (2023, 3, "2023-11-13"),
        (2023, 4, "2024-2-12"),
        (2024, 1, "2024-5-13"),
        (2022, 4, "2023-2-13"),
    ],
)
def test_due_dates_leave_the_weekend(year: int, quarter: int, due: str) -> None:
    assert oracle.due_date(year, quarter) == day(due)
    assert {row["known_at"] for row in run((year, quarter))["wlz_statement_lines"]} == {day(due)}
    assert {row["known_at"] for row in run((year, quarter), "1-1")["wlz_statement_lines"]} == {day("1-1")}


def test_what_was_recorded_after_known_at_does_not_exist() -> None:
    """Known on the 14th: the second version ends the budget. On the 13th: the first one still holds."""
    grants = [{}, {"end_date": "6-1", "recorded_on": "8-14"}]
    assert value(run(pgb_grants=grants), "pgb_holders") == 0
    assert value(run(pgb_grants=grants, known_at="8-13"), "pgb_holders") == 1
    assert value(run(pgb_grants=grants, known_at="2021-12-31"), "pgb_holders") == 0
    claims = [{"received_on": "8-14"}, {"received_on": "8-15"}]
    assert [row["quantity"] for row in run(claims=claims)["wlz_production"]] == [1]


# -- personal budgets --------------------------------------------------------------------------------------------------


def test_worked_examples_of_the_contract_on_30_june() -> None:
    assert holders({"pgb_grants": [{"start_date": "6-15", "recorded_on": "7-15"}]}) == [1]
    assert holders(*({"deaths": [{"died_on": died}]} for died in ("6-25", "6-30", "7-1"))) == [0, 0, 1]
    assert holders(*({"admissions": [{"admitted_on": d}]} for d in ("4-25", "4-30", "5-1"))) == [0, 0, 1]
    stays = [{"admitted_on": "4-25", "discharged_on": d} for d in ("6-24", "6-25", "6-26")]
    assert holders(*({"admissions": [stay]} for stay in stays)) == [1, 0, 0]


def test_budget_on_30_june() -> None:
    expected = {
        ("6-30", None): 1,
        ("7-1", None): 0,
        ("6-30", "6-30"): 1,
        ("6-1", "6-29"): 0,
        ("7-1", "6-30"): 0,  # void
    }
    found = holders(*({"pgb_grants": [{"start_date": start, "end_date": end}]} for start, end in expected))
    assert found == list(expected.values())


def test_limit_of_an_admission() -> None:
    """Discharged the day before the limit keeps the budget, on the limit it is gone; a year later, all is known."""
    limits = {
        "2022-12-28": "2023-2-28",
        "2022-12-29": "2023-2-28",
        "2022-12-30": "2023-2-28",
        "2022-12-31": "2023-2-28",
        "2023-1-1": "2023-3-1",
        "2023-12-28": "2024-2-28",
        "2023-12-29": "2024-2-29",
        "2023-12-31": "2024-2-29",
        "2023-7-31": "2023-9-30",
        "2023-6-30": "2023-8-30",
    }
    for offset, expected in ((-1, 1), (0, 0)):
        moved = {admitted: day(limit) + dt.timedelta(days=offset) for admitted, limit in limits.items()}
        stays = [{"admitted_on": admitted, "discharged_on": discharged} for admitted, discharged in moved.items()]
        results = run_each([{"pgb_grants": [{}], "admissions": [stay]} for stay in stays], (2024, 2))
        assert [value(result, "pgb_holders") for result in results] == [expected] * len(limits)


def test_admission_from_before_the_grant() -> None:
    """Admitted on 15 December 2022; its limit is 15 February."""
    expected = {
        ("3-1", "3-1"): 1,  # discharged on start_date: does not touch it
        ("3-1", "2-28"): 1,
        ("3-1", "3-2"): 0,  # began before start_date and counts: ended before it began
        ("3-1", None): 0,
        ("1-15", "3-20"): 0,
        ("1-15", "2-14"): 1,
    }
    found = holders(
        *(
            {
                "pgb_grants": [{"start_date": start}],
                "admissions": [{"admitted_on": "2022-12-15", "discharged_on": discharged}],
            }
            for start, discharged in expected
        )
    )
    assert found == list(expected.values())


def test_stays_are_not_added_up_and_an_ended_grant_does_not_revive() -> None:
    short = [{"admitted_on": f"{m}-1", "discharged_on": f"{m + 1}-30"} for m in (3, 5)]
    long_ago = [{"admitted_on": "2022-2-1", "discharged_on": "2022-5-1"}]
    granted_again = [{}, {"start_date": "2022-5-1"}]
    found = holders(
        {"admissions": short}, {"admissions": long_ago}, {"admissions": long_ago, "pgb_grants": granted_again}
    )
    assert found == [1, 0, 1]


def test_replacement_ties() -> None:
    """On one recorded_on the earliest counts and null is the latest; later records win whatever they say."""
    early, late, later = {"end_date": "6-1"}, {"end_date": "12-1"}, {"recorded_on": "2022-1-2"}
    grants: list[tuple[list[Row], int]] = [
        ([early, late], 0),
        ([early, {"end_date": None}], 0),
        ([early, late | later], 1),
        ([early | later, late], 0),
        ([early | {"zorgkantoor": WEST}, late], 1),
        ([late, {"end_date": "2021-12-31"} | later], 0),  # void after replacement, also when it was not before
    ]
    assert holders(*({"pgb_grants": rows} for rows, _ in grants)) == [expected for _, expected in grants]
    deaths: list[tuple[list[Row], int]] = [
        ([{"died_on": "6-30"}, {"died_on": "7-5"}], 0),
        ([{"died_on": "6-30"}, {"died_on": "7-5", "recorded_on": "7-6"}], 1),
    ]
    assert holders(*({"deaths": rows} for rows, _ in deaths)) == [expected for _, expected in deaths]
    stay = {"admitted_on": "4-1"}
    stays: list[tuple[list[Row], int]] = [
        ([stay, stay | {"discharged_on": "5-1"}], 1),
        ([stay | {"discharged_on": "5-1"}, stay | {"recorded_on": "7-2"}], 0),
        ([stay, {"admitted_on": "4-2", "discharged_on": "5-1", "recorded_on": "7-2"}], 0),
    ]
    assert holders(*({"admissions": rows} for rows, _ in stays)) == [expected for _, expected in stays]


def test_holders_are_people_and_may_be_at_two_zorgkantoren() -> None:
    grants = [{}, {"start_date": "6-1"}, {"zorgkantoor": WEST}, {"bsn": BERT}, {"bsn": BERT, "zorgkantoor": INSURER}]
    result = run(pgb_grants=[*grants, {"bsn": BERT, "zorgkantoor": "9901"}])
    assert (value(result, "pgb_holders"), value(result, "pgb_holders", organisation=WEST)) == (2, 1)
    assert counts(result, "holder_at_several_zorgkantoren") == {EAST: 1, WEST: 1}
    assert counts(result, "not_a_zorgkantoor") == {INSURER: 1}
    assert counts(result, "unknown_organisation") == {"9901": 1}


def test_home_visits() -> None:
    visits: list[tuple[Row, int]] = [
        ({"visited_on": "2022-1-1"}, 1),
        ({"visited_on": "2022-12-31"}, 1),
        ({"visited_on": "2021-12-31"}, 0),
        ({"visited_on": "2023-1-1", "recorded_on": "2022-12-31"}, 0),
        ({"visited_on": "2022-5-5", "recorded_on": "2023-1-1"}, 0),
        ({"visited_on": "2022-5-5", "physical": False}, 0),
        ({"visited_on": "2022-5-5", "with_conscious_choice_talk": True}, 0),
    ]
    results = run_each([{"home_visits": [visit, visit]} for visit, _ in visits])
    assert [value(result, "pgb_home_visits") for result in results] == [expected for _, expected in visits]


def test_home_visit_without_budget_looks_at_every_day() -> None:
    """Admitted 25 April 2022: holder on 30 April, 31 May and 24 June, not on 25 June; one good day is enough."""
    visits: list[tuple[list[str], str, dict[str, int]]] = [
        (["2022-4-30"], EAST, {}),
        (["2022-5-31"], EAST, {}),
        (["2022-6-24"], EAST, {}),
        (["2022-6-25"], EAST, {EAST: 1}),
        (["2022-6-25", "2022-5-31"], EAST, {}),
        (["2022-6-25", "2022-6-30"], EAST, {EAST: 1}),
        (["2022-5-5"], WEST, {EAST: 1}),
    ]
    results = run_each(
        [
            {
                "pgb_grants": [{"zorgkantoor": granted_by}],
                "admissions": [{"admitted_on": "2022-4-25"}],
                "home_visits": [{"visited_on": d} for d in days],
            }
            for days, granted_by, _ in visits
        ]
    )
    assert [counts(result, "home_visit_without_budget") for result in results] == [found for _, _, found in visits]
    assert {value(result, "pgb_home_visits") for result in results} == {1}


def test_talks_whatever_known_at_is() -> None:
    held = [{"held_on": d} for d in ("1-1", "12-31")]
    others = [
        {"bsn": BERT, "held_on": "2022-12-31"},
        {"bsn": BERT, "held_on": "2024-1-1"},
        {"bsn": BERT, "held_on": "5-5", "new_applicant": False},
        {"bsn": CEES, "held_on": "12-31", "zorgkantoor": WEST},
    ]
    result = run((2023, 4), "1-1", conscious_choice_talks=[*held, *others])
    assert value(result, "pgb_conscious_choice_talks") == 1
    assert value(result, "pgb_conscious_choice_talks", organisation=WEST) == 1


# -- insured -----------------------------------------------------------------------------------------------------------


def insured(*people: list[Row]) -> list[dict[str, int]]:
    """The lines above 0 of the zorgkantoor of each case."""
    return [
        {
            row["line"]: row["value"]
            for row in result["wlz_statement_lines"]
            if row["part"] == "insured" and row["value"]
        }
        for result in run_each([{"insured": rows} for rows in people])
    ]


def test_65_on_1_july() -> None:
    woman = {"total_65_plus": 1, "woman_65_plus": 1, "woman": 1, "total": 1}
    man = {"total_under_65": 1, "man_under_65": 1, "man": 1, "total": 1}
    assert insured(
        [{"birth_date": "1958-7-1", "sex": "V", "country": "BE"}],
        [{"birth_date": "1958-7-2", "sex": "1"}],
        [{"birth_date": "1958-7-1", "sex": "2"}, {"bsn": BERT}],
    ) == [woman, man, {**woman, **man, "total": 2}]


def test_registered_on_1_july() -> None:
    days = {("7-1", None): 1, ("7-2", None): 0, ("1-1", "7-1"): 1, ("1-1", "6-30"): 0, ("7-1", "6-30"): 0}
    found = insured(*([{"registered_from": start, "registered_to": end}] for start, end in days))
    assert [lines.get("total", 0) for lines in found] == list(days.values())


def test_one_row_per_person_counts() -> None:
    """The latest registered_from, then the highest birth_date, then the highest sex, null lowest."""
    old, young = {"birth_date": "1950-1-1"}, {"birth_date": "1990-1-1"}
    rows: list[tuple[list[Row], str | None]] = [
        ([old | {"registered_from": "1-2"}, young | {"registered_from": "1-1"}], "man_65_plus"),
        ([old, young], "man_under_65"),
        ([{"sex": "1"}, {"sex": "2"}], "woman_under_65"),
        ([{"sex": "2"}, {"sex": "M"}], "man_under_65"),
        ([{"sex": "V"}, {"sex": None}], "woman_under_65"),
        ([{"sex": "V"}, {"sex": "m"}], None),
        ([{"sex": "V"}, {"sex": None, "registered_from": "2021-1-1"}], None),
    ]
    for lines, (_, expected) in zip(insured(*(versions for versions, _ in rows)), rows, strict=True):
        assert lines.get("total") == (None if expected is None else 1)
        assert expected is None or lines[expected] == 1


def test_findings_on_insured() -> None:
    rows: list[Row] = [
        {"sex": None},
        {"sex": "X", "country": "BE"},  # no sex and another one are one class
        {"bsn": BERT, "sex": "M"},
        {"bsn": BERT, "sex": "1"},  # a man is a man
        {"bsn": CEES, "sex": "V"},
        {"bsn": CEES, "sex": "9", "registered_from": "2019-1-1"},
        {"bsn": ANNA, "sex": " M", "organisation": WEST, "birth_date": "1981-1-1"},
        {"bsn": ANNA, "sex": " M", "organisation": WEST},
        {"bsn": BERT, "organisation": "9901"},
        {"bsn": CEES, "organisation": INSURER, "registered_to": "6-30"},
    ]
    result = run(insured=rows)
    assert counts(result, "insured_sex_unknown") == {EAST: 1, WEST: 1}
    assert counts(result, "insured_rows_differ") == {EAST: 1, WEST: 1}
    assert counts(result, "insured_at_several_organisations") == {EAST: 1, WEST: 1}
    assert counts(result, "unknown_organisation") == {"9901": 1}
    assert counts(result, "not_a_zorgkantoor") == {}
    assert (value(result, "insured", "total"), value(result, "insured", "woman")) == (2, 1)


# -- administration costs ----------------------------------------------------------------------------------------------


def test_costs_are_rounded_per_category_and_then_added() -> None:
    half = [{"category": category, "amount_cents": 50} for category in oracle.COST_CATEGORIES]
    assert [value(run(admin_costs=half), "admin_costs", line) for line in ("internal_staff", "total")] == [1, 3]
    rows = [{"amount_cents": -100}, {"amount_cents": 50}, {"category": "internal_staff", "amount_cents": 149}]
    rows += [{"quarter": 1}, {"year": 2022}, {"organisation": WEST}]
    result = run(admin_costs=rows)
    assert [value(result, "admin_costs", line) for line in (*oracle.COST_CATEGORIES, "total")] == [1, 0, -1, 0]
    assert counts(result, "admin_costs_missing") == {INSURER: 1}


def test_unknown_categories_are_left_out_and_found() -> None:
    rows = [{"category": "Other"}, {"category": "other "}, {"category": "x", "organisation": "9901"}]
    result = run(admin_costs=[*rows, {"organisation": INSURER}])
    assert value(result, "admin_costs") == 0
    assert counts(result, "admin_cost_category_unknown") == {EAST: 2}
    assert counts(result, "admin_costs_missing") == {EAST: 1, WEST: 1}
    assert counts(result, "unknown_organisation") == {"9901": 1}


# -- claims ------------------------------------------------------------------------------------------------------------


def test_production() -> None:
    claims: list[Row] = [
        {"quantity": 3, "amount_cents": 100},
        {"quantity": 1, "amount_cents": 250, "debit_credit": "C"},  # net 2 and -150: -2 euro
        {"start_date": "6-30", "performance_code": "H126", "amount_cents": 50},  # 1 euro
        {"start_date": "4-1", "performance_code": "Z999"},
        {"start_date": "4-1", "performance_code": "Z999", "debit_credit": "C"},  # nets to zero, stays
        {"start_date": "3-31", "end_date": "4-30", "performance_code": "H1"},
        {"start_date": "7-1", "performance_code": "H2"},
        {"zorgkantoor": INSURER},
        {"zorgkantoor": "9901"},
    ]
    result = run(claims=claims)
    assert [tuple(row.values())[:5] for row in result["wlz_production"]] == [
        (EAST, "H126", 1, 50, 1),
        (EAST, "Z041", 2, -150, -2),
        (EAST, "Z999", 0, 0, 0),
    ]
    assert counts(result, "claims_missing") == {WEST: 1}
    assert counts(result, "not_a_zorgkantoor") == {INSURER: 1}
    assert counts(result, "unknown_organisation") == {"9901": 1}


RENAMED = [{"provider_agb": "75000001", "replaced_by": "75000002"}]


def test_credit_and_the_debit_that_it_names() -> None:
    debits: list[tuple[Row, int]] = [
        ({}, 0),
        ({"start_date": "2015-1-1"}, 0),
        ({"start_date": "12-1"}, 0),
        ({"received_on": "5-2"}, 1),
        ({"provider_agb": "75000002"}, 1),  # its successor, but written otherwise
        ({"zorgkantoor": WEST}, 1),
        ({"debit_credit": "C", "start_date": "1-1"}, 1),
        ({"claim_reference": "d"}, 1),
    ]
    credit = {"debit_credit": "C", "prior_reference": "D", "claim_reference": "C", "performance_code": "H1"}
    results = run_each(
        [{"claims": [{"claim_reference": "D", **debit}, credit], "providers": RENAMED} for debit, _ in debits]
    )
    found = [counts(result, "credit_without_debit").get(EAST, 0) for result in results]
    assert found == [expected for _, expected in debits]
    for result in results:  # it counts all the same
        assert [row["quantity"] for row in result["wlz_production"] if row["performance_code"] == "H1"] == [-1]


def test_only_credits_of_the_quarter_are_found() -> None:
    claims = [{"debit_credit": "C"}, {"debit_credit": "C", "start_date": "3-31"}]
    assert counts(run(claims=claims), "credit_without_debit") == {EAST: 1}


def test_duplicate_references() -> None:
    others: list[tuple[Row, int]] = [
        ({}, 2),
        ({"debit_credit": "C", "bsn": BERT}, 2),
        ({"start_date": "2015-1-1"}, 1),
        ({"start_date": "7-1"}, 1),
        ({"received_on": "8-15"}, 0),
        ({"provider_agb": "75000002"}, 0),
        ({"zorgkantoor": WEST}, 0),
        ({"claim_reference": "a"}, 0),
    ]
    results = run_each(
        [
            {"claims": [{"claim_reference": "A"}, {"claim_reference": "A", **other}], "providers": RENAMED}
            for other, _ in others
        ]
    )
    found = [counts(result, "duplicate_claim_reference").get(EAST, 0) for result in results]
    assert found == [expected for _, expected in others]


# -- missing providers -------------------------------------------------------------------------------------------------


OVER = {"amount_cents": MILLION + 1}
FOUND = [(EAST, "75000001", MILLION + 1)]


def missing(*cases: list[Row], providers: list[list[Row]] | None = None) -> list[list[tuple[Any, ...]]]:
    """(zorgkantoor, provider, cents of 2022) for Q2 of 2023; lines are of 1 October 2022 when not said otherwise."""
    results = run_each(
        [
            {
                "claims": [{"start_date": "2022-10-1"} | claim for claim in claims],
                "providers": providers[number] if providers else [],
            }
            for number, claims in enumerate(cases)
        ]
    )
    found = [[tuple(row.values())[:3] for row in result["wlz_missing_providers"]] for result in results]
    assert [sum(counts(result, "missing_provider").values()) for result in results] == [len(rows) for rows in found]
    return found


def test_strictly_more_than_a_million_of_start_dates_in_the_year_before() -> None:
    half = {"amount_cents": MILLION // 2 + 1}
    cases: list[tuple[list[Row], list[tuple[Any, ...]]]] = [
        ([OVER], FOUND),
        ([{"amount_cents": MILLION}], []),
        ([OVER, {"debit_credit": "C", "amount_cents": 1}], []),
        ([OVER | {"start_date": "2022-1-1"}], FOUND),
        ([OVER | {"start_date": "2022-12-31"}], FOUND),
        ([OVER | {"start_date": "2021-12-31"}], []),
        ([OVER | {"start_date": "1-1"}], []),
        ([OVER | {"received_on": "8-14"}], FOUND),
        ([OVER | {"received_on": "8-15"}], []),
        ([half, half | {"zorgkantoor": WEST}], []),  # per zorgkantoor, not nationally
        ([OVER | {"zorgkantoor": INSURER}], []),
        ([OVER | {"zorgkantoor": "9901"}], []),
    ]
    assert missing(*(claims for claims, _ in cases)) == [expected for _, expected in cases]


def test_any_line_in_the_quarter_is_enough() -> None:
    present: list[Row] = [{"start_date": "4-1", "debit_credit": "C"}, {"start_date": "6-30"}]
    absent: list[Row] = [
        {"start_date": "3-31", "end_date": "4-30"},
        {"start_date": "7-1"},
        {"start_date": "4-1", "received_on": "8-15"},
        {"start_date": "4-1", "zorgkantoor": WEST},
        {"start_date": "4-1", "provider_agb": "75000002"},
    ]
    found = missing(*([OVER, line] for line in (*present, *absent)))
    assert found == [[]] * len(present) + [FOUND] * len(absent)


def test_each_line_counts_under_the_end_of_its_chain() -> None:
    ends = {
        "A>B": "B",
        "A>B B>C": "C",
        "A>B B>A": "A",
        "B>A A>B C>B": "A",
        "A>C C>B B>C": "B",  # leading into a cycle of which it is not the lowest
        "A>A": "A",
        "A>C C>C": "C",
    }
    providers = [
        [dict(zip(("provider_agb", "replaced_by"), pair.split(">"), strict=True)) for pair in register.split()]
        for register in ends
    ]
    half = {"amount_cents": MILLION // 2 + 1}
    claims = [[half | {"provider_agb": "A"}, half | {"provider_agb": end}] for end in ends.values()]
    assert missing(*claims, providers=providers) == [[(EAST, end, MILLION + 2)] for end in ends.values()]
    in_quarter = {"start_date": "4-1", "provider_agb": "A"}
    assert missing(*([*lines, in_quarter] for lines in claims), providers=providers) == [[]] * len(ends)


def test_cycles_count_their_members() -> None:
    for register, expected in (("A>B B>C", {}), ("A>A", {None: 1}), ("A>B B>A C>B D>C E>E", {None: 3})):
        pairs = [pair.split(">") for pair in register.split()]
        result = run(providers=[{"provider_agb": agb, "replaced_by": following} for agb, following in pairs])
        assert counts(result, "successor_cycle") == expected


def estimates(*claims: Row, when: tuple[int, int] = (2023, 2)) -> dict[str, tuple[int, int]]:
    rows = run(when, "2024-12-31", claims=list(claims))["wlz_missing_estimates"]
    return {row["performance_code"]: (row["quantity"], row["amount_euro"]) for row in rows}


def test_estimate_from_the_last_four_quarters_divided_by_four() -> None:
    """For Q2 of 2023: 1 April 2022 to 31 March 2023, also when most of these quarters are empty."""
    big = {"start_date": "2022-4-1", "amount_cents": MILLION + 200, "quantity": 6}  # 250,000.50 and 1.5
    assert estimates(big) == {"Z041": (2, 250_001)}
    lines = [
        {"start_date": "2022-3-31", "performance_code": "too early", "amount_cents": 10_000},
        {"start_date": "3-31", "performance_code": "199", "amount_cents": 199, "quantity": 1},  # 0 and 0: left out
        {"start_date": "3-31", "performance_code": "200", "amount_cents": 200, "quantity": 1},
        {"start_date": "3-31", "performance_code": "-2", "amount_cents": 200, "quantity": 2, "debit_credit": "C"},
        {"start_date": "3-31", "performance_code": "none"},
        {"start_date": "3-31", "performance_code": "none", "debit_credit": "C"},
        {"start_date": "3-31", "performance_code": "only quantity", "amount_cents": 1, "quantity": 2},
    ]
    expected = {"Z041": (2, 250_001), "200": (0, 1), "-2": (-1, -1), "only quantity": (1, 0)}
    assert estimates(big, *lines) == expected
    # for Q1 the twelve months are T-1
    first = [big | {"start_date": d} for d in ("2022-1-1", "2022-12-31", "2021-12-31")]
    assert estimates(*first, when=(2023, 1)) == {"Z041": (3, 500_001)}


def test_fall_back_only_when_there_is_no_line_in_the_four_quarters() -> None:
    big = {"start_date": "2022-3-31", "amount_cents": MILLION + 400, "quantity": 4}
    assert estimates(big) == {"Z041": (1, 250_001)}
    elsewhere = {"start_date": "2022-4-1", "zorgkantoor": WEST}
    assert estimates(big, elsewhere) == {"Z041": (1, 250_001)}
    cancelled = [{"start_date": "3-31", "quantity": 8}, {"start_date": "3-31", "quantity": 8, "debit_credit": "C"}]
    assert estimates(big, *cancelled) == {}
    assert estimates(big, {"start_date": "3-31", "performance_code": "H1", "amount_cents": 400}) == {"H1": (0, 1)}


# -- who ---------------------------------------------------------------------------------------------------------------


def test_every_organisation_has_every_line_of_its_parts() -> None:
    def lines(quarter: int) -> Counter[tuple[str, str]]:
        rows = run((2023, quarter))["wlz_statement_lines"]
        assert {row["value"] for row in rows} == {0}
        return Counter((row["organisation"], row["part"]) for row in rows)

    costs = {(code, "admin_costs"): 4 for code in (EAST, WEST, INSURER)}
    assert lines(1) == lines(3) == costs
    assert lines(4) == costs | {(code, "pgb_conscious_choice_talks"): 1 for code in (EAST, WEST)}
    pgb = {(code, part): 1 for code in (EAST, WEST) for part in ("pgb_holders", "pgb_home_visits")}
    assert lines(2) == costs | pgb | {(code, "insured"): 9 for code in (EAST, WEST, INSURER)}


def test_rows_of_other_codes_are_counted_where_their_part_would_have_used_them() -> None:
    """Per quarter; grants are rows left after replacement, not people."""

    def used(code: str, when: tuple[int, int]) -> tuple[int, int]:
        result = run(
            when,
            claims=[{"zorgkantoor": code, "start_date": "4-1"}, {"zorgkantoor": code, "start_date": "12-1"}],
            admin_costs=[{"organisation": code, "category": "x"}, {"organisation": code, "quarter": 4}],
            pgb_grants=[
                {"zorgkantoor": code},
                {"zorgkantoor": code, "recorded_on": "2022-1-2"},
                {"zorgkantoor": code, "start_date": "6-1"},
                {"zorgkantoor": code, "start_date": "7-1"},
                {"zorgkantoor": EAST},
            ],
            home_visits=[{"zorgkantoor": code, "visited_on": "2022-5-5"}] * 2,
            conscious_choice_talks=[{"zorgkantoor": code, "held_on": "5-5"}] * 3,
            insured=[{"organisation": code}, {"organisation": code, "sex": None}, {"organisation": EAST}],
        )
        assert counts(result, "holder_at_several_zorgkantoren") == counts(result, "home_visit_without_budget") == {}
        found = [counts(result, rule).get(code, 0) for rule in ("unknown_organisation", "not_a_zorgkantoor")]
        return found[0], found[1]

    # Q2: 1 claim, 1 cost row, 2 grants, 2 visits, 2 insured; Q4: 1 claim, 1 cost row, 3 talks
    assert used("9901", (2023, 2)) == (8, 0)
    assert used(INSURER, (2023, 2)) == (0, 5)
    assert used("9901", (2023, 4)) == (5, 0)
    assert used(INSURER, (2023, 4)) == (0, 4)
    assert used("9901", (2023, 1)) == used(EAST, (2023, 2)) == (0, 0)


# -- generated cases ---------------------------------------------------------------------------------------------------

# what must occur somewhere: a name and a question to the steps of the witness
BRANCHES: dict[str, str] = {
    **{f"default_in_q{q}": f"FROM run WHERE quarter = {q} AND NOT given" for q in (1, 2, 3, 4)},
    "known_early": "FROM run WHERE known_at < quarter_start",
    "known_late": "FROM run WHERE known_at > quarter_end + 300",
    "claim_on_known_at": "FROM known_claims c, run r WHERE c.received_on = r.known_at",
    "claim_too_late": "FROM wlz_claims c, run r WHERE c.received_on = r.known_at + 1",
    **{
        f"{name}_too_late": f"FROM {table} t, run r WHERE t.recorded_on = r.known_at + 1"
        for name, table in (
            ("grant", "wlz_pgb_grants"),
            ("death", "wlz_deaths"),
            ("admission", "wlz_admissions"),
            ("visit", "wlz_home_visits"),
        )
    },
    "nobody_known": "FROM run WHERE (SELECT count(*) FROM wlz_organisations) = 0",
    "no_zorgkantoor": "FROM wlz_organisations WHERE (SELECT count(*) FROM zorgkantoren) = 0",
    "first_day": "FROM quarter_lines q, run r WHERE q.start_date = r.quarter_start",
    "last_day": "FROM quarter_lines q, run r WHERE q.start_date = r.quarter_end",
    "day_before": "FROM lines q, run r WHERE q.start_date = r.quarter_start - 1",
    "day_after": "FROM lines q, run r WHERE q.start_date = r.quarter_end + 1",
    "nets_to_zero": "FROM production WHERE quantity = 0 AND amount_cents = 0",
    "half_up": "FROM production WHERE amount_cents > 0 AND amount_cents % 100 = 50",
    "half_down": "FROM production WHERE amount_cents < 0 AND amount_cents % 100 = -50",
    "exactly_a_million": """FROM (SELECT sum(net_cents) AS cents FROM prior_lines GROUP BY zorgkantoor, successor)
        WHERE cents = 100000000""",
    "a_cent_more": "FROM large_providers WHERE prior_year_amount_cents = 100000001",
    "large_and_present": """FROM large_providers p WHERE NOT EXISTS (FROM missing_providers m
        WHERE m.provider_agb = p.provider_agb)""",
    "missing_per_chain": """FROM missing_providers m JOIN prior_lines l
        ON l.zorgkantoor = m.zorgkantoor AND l.successor = m.provider_agb AND l.provider_agb <> l.successor""",
    "missing_not_in_register": """FROM missing_providers
        WHERE provider_agb NOT IN (SELECT provider_agb FROM wlz_providers)""",
    "missing_from_cycle": "FROM missing_providers WHERE provider_agb IN (SELECT agb FROM cycle_members)",
    "led_into_cycle": """FROM known_claims WHERE successor IN (SELECT agb FROM cycle_members)
        AND provider_agb NOT IN (SELECT agb FROM cycle_members)""",
    "self_loop": "FROM wlz_providers WHERE provider_agb = replaced_by",
    "missing_elsewhere_present": """FROM missing_providers m JOIN quarter_lines q
        ON q.successor = m.provider_agb AND q.zorgkantoor <> m.zorgkantoor""",
    "fall_back": """FROM estimate_lines e, run r WHERE NOT EXISTS (FROM four_quarter_lines f
        WHERE f.successor = e.provider_agb AND f.zorgkantoor = e.zorgkantoor)""",
    "no_estimate_at_all": """FROM missing_providers m WHERE NOT EXISTS (FROM estimates e
        WHERE e.provider_agb = m.provider_agb AND (abs(year_quantity) > 1 OR abs(year_cents) > 199))""",
    "estimate_cancelled": "FROM estimates WHERE year_quantity = 0 AND year_cents = 0",
    "estimate_of_199_cents": "FROM estimates WHERE abs(year_quantity) < 2 AND abs(year_cents) BETWEEN 1 AND 199",
    "estimate_half_up": "FROM estimates WHERE year_cents > 0 AND year_cents % 400 = 200",
    "estimate_half_down": "FROM estimates WHERE year_cents < 0 AND year_cents % 400 = -200",
    "quantity_half_up": "FROM estimates WHERE year_quantity > 0 AND year_quantity % 4 = 2",
    "quantity_half_down": "FROM estimates WHERE year_quantity < 0 AND year_quantity % 4 = -2",
    "estimate_of_quantity_only": "FROM estimates WHERE abs(year_quantity) > 1 AND abs(year_cents) < 200",
    "grant_tie_with_null": """FROM wlz_pgb_grants a JOIN grants g USING (zorgkantoor, bsn, start_date, recorded_on)
        WHERE a.end_date IS NULL AND g.end_date IS NOT NULL""",
    "death_tie": "FROM wlz_deaths a JOIN deaths d USING (bsn, recorded_on) WHERE a.died_on > d.died_on",
    "admission_tie_with_null": """FROM wlz_admissions a JOIN admissions d USING (bsn, admitted_on, recorded_on)
        WHERE a.discharged_on IS NULL AND d.discharged_on IS NOT NULL""",
    "replaced_by_later": """FROM wlz_pgb_grants a JOIN grants g USING (zorgkantoor, bsn, start_date)
        WHERE a.recorded_on < g.recorded_on AND a.end_date < g.end_date""",
    "void": "FROM grants WHERE end_date < start_date",
    "ends_on_30_june": "FROM budgets b, run r WHERE b.last_day = r.holder_day AND b.start_date <= r.holder_day",
    "ends_on_29_june": "FROM budgets b, run r WHERE b.last_day = r.holder_day - 1 AND b.start_date < r.holder_day",
    "died_on_30_june": "FROM deaths d JOIN grants USING (bsn), run r WHERE d.died_on = r.holder_day",
    "died_on_1_july": "FROM deaths d JOIN holder_rows USING (bsn), run r WHERE d.died_on = r.holder_day + 1",
    "discharged_on_limit": "FROM long_stays WHERE discharged_on = limit_day",
    "discharged_before_limit": "FROM admissions WHERE discharged_on = limit_day - 1",
    "limit_28_february": "FROM admissions WHERE day(admitted_on) > 28 AND month(limit_day) = 2 AND day(limit_day) = 28",
    "limit_29_february": "FROM admissions WHERE day(admitted_on) > 29 AND month(limit_day) = 2 AND day(limit_day) = 29",
    "limit_30_june": "FROM long_stays s JOIN grants USING (bsn), run r WHERE s.limit_day = r.holder_day",
    "limit_1_july": "FROM long_stays s JOIN holder_rows USING (bsn), run r WHERE s.limit_day = r.holder_day + 1",
    "discharged_on_start": "FROM long_stays s JOIN holder_rows h ON h.bsn = s.bsn AND h.start_date = s.discharged_on",
    "discharged_after_start": "FROM long_stays s JOIN grants h ON h.bsn = s.bsn AND h.start_date = s.discharged_on - 1",
    "one_person_two_rows": "SELECT 1 FROM holder_rows GROUP BY zorgkantoor, bsn HAVING count(*) > 1",
    "one_day_with_budget": """FROM visited_people p WHERE visits_with_budget = 1 AND 1 < (SELECT count(*)
        FROM counted_visits v WHERE v.bsn = p.bsn AND v.zorgkantoor = p.zorgkantoor)""",
    "visit_recorded_on_last_day": "FROM counted_visits v, run r WHERE v.recorded_on = r.prior_end",
    "visit_recorded_in_t": "FROM wlz_home_visits v, run r WHERE v.recorded_on = r.year_start",
    "visit_not_physical": "FROM wlz_home_visits WHERE NOT physical",
    "visit_with_talk": "FROM wlz_home_visits WHERE with_conscious_choice_talk",
    "talk_after_known_at": "FROM counted_talks t, run r WHERE t.held_on > r.known_at AND r.quarter = 4",
    "sixty_five_today": "FROM insured_people p, run r WHERE p.birth_date = r.youngest_of_65 AND r.quarter = 2",
    "sixty_five_tomorrow": "FROM insured_people p, run r WHERE p.birth_date = r.youngest_of_65 + 1 AND r.quarter = 2",
    "insured_tie_by_birth": """FROM insured_rows a JOIN insured_people p USING (organisation, bsn, registered_from)
        WHERE a.birth_date < p.birth_date""",
    "insured_tie_by_sex": """FROM insured_rows a JOIN insured_people p USING (organisation, bsn, registered_from,
        birth_date) WHERE a.sex_class <> p.sex_class""",
    "insured_tie_with_null": """FROM insured_rows a JOIN insured_people p USING (organisation, bsn, registered_from,
        birth_date) WHERE a.sex IS NULL AND p.sex IS NOT NULL""",
    "cost_half_up": "FROM costs WHERE amount_cents > 0 AND amount_cents % 100 = 50",
    "cost_half_down": "FROM costs WHERE amount_cents < 0 AND amount_cents % 100 = -50",
    "costs_of_unknown_category_only": """FROM cost_rows c JOIN finding_admin_costs_missing USING (organisation)
        WHERE NOT is_known_category""",
    **{f"unknown_in_{s}": f"FROM used_rows WHERE source = '{s}' AND organisation NOT IN (SELECT code FROM "
       "wlz_organisations)" for s in ("claims", "costs", "grants", "visits", "insured", "talks")},
    **{f"uitvoerder_in_{s}": f"FROM used_rows u JOIN wlz_organisations o ON o.code = u.organisation "
       f"WHERE source = '{s}' AND o.kind = 'uitvoerder'" for s in ("claims", "grants", "visits", "talks")},
    **{f"rule_{rule}": f"FROM finding_{rule}, run WHERE count > 0 AND quarter IN ({', '.join(map(str, quarters))})"
       for rule, (_, quarters) in oracle.RULES.items()},
}  # fmt: skip


def test_generated_cases_reach_every_branch() -> None:
    """Each of them twice within 200 seeds; a branch that was seen twice is not asked for again."""
    unseen = Counter(dict.fromkeys(BRANCHES, 2))
    for seed in range(200):
        generated, settings = wlz_cases.generate(seed)
        with duckdb.connect() as con:
            oracle.run_steps(con, generated, settings)
            con.execute(f"CREATE TEMP TABLE run_and_given AS SELECT *, {'known_at' in settings} AS given FROM run")
            con.unregister("run")
            con.execute("ALTER TABLE run_and_given RENAME TO run")
            asked = [name for name in BRANCHES if unseen[name] > 0]
            answers = con.execute("SELECT " + ", ".join(f"EXISTS ({BRANCHES[name]})" for name in asked)).fetchone()
        assert answers is not None
        unseen.subtract(name for name, answer in zip(asked, answers, strict=True) if answer)
        if not +unseen:
            break
    assert +unseen == Counter()


def test_generated_cases_keep_the_contract() -> None:
    for seed in range(100):
        assert faults(wlz_cases.generate(seed)[0]) == []


def test_the_same_seed_gives_the_same_rows() -> None:
    again, settings = wlz_cases.generate(12)
    generated, given = wlz_cases.generate(12)
    assert settings == given
    assert all(generated[name].equals(again[name]) for name in wlz_cases.SCHEMAS)


def faults(generated: Mapping[str, pa.Table]) -> list[str]:
    """Names of the promises of the contract that the inputs break; no values, so that no number is printed."""
    nullable = {"end_date", "discharged_on", "sex", "registered_to", "prior_reference", "replaced_by"}
    found = []
    for name, table in generated.items():
        for column in table.column_names:
            may_be_null = column in nullable and (name, column) != ("wlz_claims", "end_date")
            if table[column].null_count and not may_be_null:
                found.append(f"{name}.{column} is null")
    for name, column in (("wlz_organisations", "code"), ("wlz_providers", "provider_agb")):
        if len(set(generated[name][column].to_pylist())) != generated[name].num_rows:
            found.append(f"{name}.{column} is not unique")
    claims = generated["wlz_claims"]
    if set(claims["debit_credit"].to_pylist()) - {"D", "C"}:
        found.append("debit_credit is not closed")
    if min(claims["quantity"].to_pylist()) < 1 or min(claims["amount_cents"].to_pylist()) < 1:
        found.append("quantity or amount is not positive")
    if any(row["end_date"] < row["start_date"] for row in claims.to_pylist()):
        found.append("a line ends before it starts")
    return found
