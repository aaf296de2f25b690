"""What must hold whatever the inputs are: random ones, dense enough for everything to meet everything."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.support import ARROW, person_key
from tests.wlz.support import TABLES, USUAL, Rows, build, settings
from zorgstat.io.engine import Engine
from zorgstat.privacy import PERSON_KEY
from zorgstat.wlz.known import as_known

KNOWN_AT = date(2023, 8, 14)
Records = dict[str, list[dict[str, Any]]]


def records(seed: int) -> Records:
    """Few people, days and codes, so that they meet; some rows are known too late."""
    chance = random.Random(seed)
    one_of = chance.choice
    codes = ["5505", "5506", "5507", "0201", "9999"]
    persons = [f"9000000{person:02d}" for person in range(25)]
    providers = [f"1200000{provider}" for provider in range(8)]

    def day(first: str, last: str) -> date:
        start = date.fromisoformat(first)
        return start + timedelta(days=chance.randrange((date.fromisoformat(last) - start).days + 1))

    def known() -> date:
        return day("2023-07-20", "2023-08-25")

    kinds = ["zorgkantoor", "zorgkantoor", "zorgkantoor", "uitvoerder"]
    claims = [
        {
            "zorgkantoor": one_of(codes),
            "provider_agb": one_of(providers),
            "performance_code": one_of(["Z001", "Z002", "Z003"]),
            "start_date": day("2022-01-01", "2022-06-30" if chance.random() < 0.4 else "2023-09-30"),
            "quantity": chance.randrange(1, 50),
            "amount_cents": chance.randrange(1, 99_999_999),
            "debit_credit": one_of("DDDDC"),
            "claim_reference": str(chance.randrange(30)),
            "prior_reference": one_of([None, str(chance.randrange(30))]),
            "received_on": known(),
        }
        for _ in range(400)
    ]
    return {
        "wlz_claims": claims,
        "wlz_organisations": [{"code": code, "kind": kind} for code, kind in zip(codes, kinds, strict=False)],
        "wlz_pgb_grants": [
            {
                "zorgkantoor": one_of(codes),
                "bsn": one_of(persons),
                "start_date": one_of([day("2022-01-01", "2023-07-01"), date(2023, 1, 1)]),
                "end_date": one_of([None, day("2022-06-01", "2023-12-31")]),
                "recorded_on": known(),
            }
            for _ in range(90)
        ],
        "wlz_deaths": [
            {"bsn": bsn, "died_on": day("2022-12-01", "2023-07-31"), "recorded_on": known()}
            for bsn in persons[:5] + persons[:3]
        ],
        "wlz_admissions": [
            {
                "bsn": one_of(persons),
                "admitted_on": one_of([day("2022-06-01", "2023-07-01"), date(2023, 4, 25)]),
                "discharged_on": one_of([None, day("2022-06-01", "2023-07-31")]),
                "recorded_on": known(),
            }
            for _ in range(30)
        ],
        "wlz_home_visits": [
            {"zorgkantoor": one_of(codes), "bsn": one_of(persons), "visited_on": day("2021-12-01", "2023-01-31")}
            for _ in range(40)
        ],
        "wlz_conscious_choice_talks": [
            {"zorgkantoor": one_of(codes), "bsn": one_of(persons), "held_on": day("2022-12-01", "2024-01-31")}
            for _ in range(40)
        ],
        "wlz_admin_costs": [
            {
                "organisation": one_of(codes),
                "category": one_of(["internal_staff", "external_staff", "other", "travel"]),
                "amount_cents": chance.randrange(-100_000, 1_000_000),
                "quarter": one_of([2, 2, 3]),
            }
            for _ in range(30)
        ],
        "wlz_insured": [
            {
                "organisation": one_of(codes),
                "bsn": one_of(persons),
                "birth_date": day("1958-06-25", "1958-07-08"),
                "sex": one_of(["1", "2", "M", "V", "V", "9", None]),
                "registered_from": one_of([date(2020, 1, 1), day("2023-06-25", "2023-07-05")]),
                "registered_to": one_of([None, day("2023-06-25", "2023-07-05")]),
            }
            for _ in range(80)
        ],
        "wlz_providers": [
            {"provider_agb": agb, "replaced_by": heir}
            for agb, heir in zip(
                providers, [None, *providers[:2], None, None, *providers[6:], providers[6]], strict=True
            )
        ],
    }


def frames(spark: SparkSession, given: Records) -> dict[str, DataFrame]:
    made = {
        name: spark.createDataFrame(
            pa.table(
                {
                    column.name: pa.array(
                        [{**USUAL.get(name, {}), **row}.get(column.name) for row in given[name]], ARROW[column.type]
                    )
                    for column in table.columns
                }
            )
        )
        for name, table in TABLES.items()
    }
    return {**made, PERSON_KEY.name: person_key(spark)}


@pytest.fixture(scope="module")
def given() -> Records:
    return records(seed=1)


@pytest.fixture(scope="module")
def as_given(engine: Engine, spark: SparkSession, given: Records) -> Rows:
    return build(engine, frames(spark, given), settings())


def test_there_is_something_of_everything(as_given: Rows) -> None:
    """A property of nothing would be true."""
    assert all(as_given.values())
    rules = {row[1] for row in as_given["wlz_findings"]}
    assert len(rules - {"claims_missing", "admin_costs_missing"}) == 12


def test_totals_are_those_of_plain_counting(given: Records, as_given: Rows) -> None:
    zorgkantoren = {"5505", "5506", "5507"}
    counted: Counter[tuple[str, str]] = Counter()
    for row in given["wlz_claims"]:
        in_quarter = date(2023, 4, 1) <= row["start_date"] <= date(2023, 6, 30) and row["received_on"] <= KNOWN_AT
        if in_quarter and row["zorgkantoor"] in zorgkantoren:
            sign = -1 if row["debit_credit"] == "C" else 1
            counted[row["zorgkantoor"], row["performance_code"]] += sign * row["amount_cents"]
    assert {row[:2]: row[3] for row in as_given["wlz_production"]} == counted
    values = {row[:3]: row[3] for row in as_given["wlz_statement_lines"]}
    for zorgkantoor in zorgkantoren:
        with_grants = {row["bsn"] for row in given["wlz_pgb_grants"] if row["zorgkantoor"] == zorgkantoor}
        assert 0 < values[zorgkantoor, "pgb_holders", "total"] <= len(with_grants)
        with_visits = {row["bsn"] for row in given["wlz_home_visits"] if row["zorgkantoor"] == zorgkantoor}
        assert 0 < values[zorgkantoor, "pgb_home_visits", "total"] <= len(with_visits)
    for organisation in (*zorgkantoren, "0201"):
        insured = {row["bsn"] for row in given["wlz_insured"] if row["organisation"] == organisation}
        assert 0 < values[organisation, "insured", "total"] <= len(insured)


def test_a_debit_and_the_credit_that_takes_it_back_change_nothing(
    engine: Engine, spark: SparkSession, given: Records, as_given: Rows
) -> None:
    """Beside every line that there is, so that no row, provider or quarter is new."""
    more: list[dict[str, Any]] = []
    for place, row in enumerate(given["wlz_claims"]):
        debit = row | {"debit_credit": "D", "claim_reference": f"more {place}", "prior_reference": None}
        credit = row | {"debit_credit": "C", "claim_reference": f"less {place}", "prior_reference": f"more {place}"}
        more += [debit, credit]
    built = build(engine, frames(spark, given | {"wlz_claims": given["wlz_claims"] + more}), settings())
    by_rows = ("unknown_organisation", "not_a_zorgkantoor")  # these count lines, of which there are more
    assert without(built, by_rows) == without(as_given, by_rows)


def test_in_the_far_future_everything_is_known(spark: SparkSession, given: Records) -> None:
    """The filter is the one thing that known_at decides (`known.as_known`): afterwards no rule is told of it."""
    inputs = frames(spark, given)
    known = as_known(inputs, settings(known_at=date(9999, 12, 31)))
    assert {name: frame.count() for name, frame in known.items()} == {name: len(rows) for name, rows in given.items()}


def test_who_pays_changes_no_total(engine: Engine, spark: SparkSession, given: Records, as_given: Rows) -> None:
    """Half of the lines of one zorgkantoor go to a new one."""
    claims = [
        row | {"zorgkantoor": "5508"} if row["zorgkantoor"] == "5505" and place % 2 else row
        for place, row in enumerate(given["wlz_claims"])
    ]
    organisations = [*given["wlz_organisations"], {"code": "5508", "kind": "zorgkantoor"}]
    halved = frames(spark, given | {"wlz_claims": claims, "wlz_organisations": organisations})
    assert by_performance(build(engine, halved, settings())) == by_performance(as_given)


def test_the_order_of_rows_changes_nothing(engine: Engine, spark: SparkSession, given: Records, as_given: Rows) -> None:
    """Nor do the partitions in which they lie."""
    chance = random.Random(1)
    shuffled = {name: chance.sample(rows, len(rows)) for name, rows in given.items()}
    inputs = {name: frame.repartition(3) for name, frame in frames(spark, shuffled).items()}
    assert build(engine, inputs, settings()) == as_given


def without(rows: Rows, rules: tuple[str, ...]) -> Rows:
    return rows | {"wlz_findings": [row for row in rows["wlz_findings"] if row[1] not in rules]}


def by_performance(rows: Rows) -> tuple[Counter[str], Counter[str], dict[Any, int]]:
    quantities, cents = Counter[str](), Counter[str]()
    for _, code, quantity, amount_cents, _ in rows["wlz_production"]:
        quantities[code] += quantity
        cents[code] += amount_cents
    lines = {row[:3]: row[3] for row in rows["wlz_statement_lines"] if row[0] != "5508"}
    return quantities, cents, lines
