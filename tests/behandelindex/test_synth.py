"""Made-up data: the same for a seed whatever the layout, plausible, and with every fault that the outcomes know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.support import person_key
from zorgstat.behandelindex import pipeline, selection, settings, synth, tables
from zorgstat.behandelindex.synth import faults
from zorgstat.conf import changed
from zorgstat.draws import spread

CLAIMS, SEED, YEAR = 6000, 1, 2023
BIG_SHARE = 2000  # of 100,000: enough for each of the faults to occur among a few thousand claims


@pytest.fixture(scope="module")
def frames(spark: SparkSession) -> dict[str, DataFrame]:
    return synth.tables(spark, CLAIMS, SEED, YEAR)


@pytest.fixture(scope="module")
def made(frames: dict[str, DataFrame]) -> dict[str, list[Any]]:
    """The rows of every table, in order."""
    return {name: frame.collect() for name, frame in frames.items()}


@pytest.fixture(scope="module")
def patients(made: dict[str, list[Any]]) -> Counter[str]:
    """Debits by bsn, of people whose bsn is good."""
    return Counter(row.bsn for row in made["claims"] if row.debit_credit == "D" and is_valid(row.bsn))


@pytest.fixture
def many_faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(faults, "FAULTS", dict.fromkeys(faults.FAULTS, BIG_SHARE))
        yield


def is_valid(bsn: str | None) -> bool:
    if bsn is None or len(bsn) != 9 or not bsn.isdecimal() or bsn == "000000000":
        return False
    weighed = sum(weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), bsn, strict=True))
    return weighed % 11 == 0


@pytest.mark.parametrize("table", tables.INPUTS, ids=lambda table: table.name)
def test_columns_are_those_declared(frames, table):
    expected = [(column.name, column.type) for column in table.columns]
    assert [(field.name, field.dataType.simpleString()) for field in frames[table.name].schema] == expected


def test_same_rows_in_every_layout(spark, made, monkeypatch):
    monkeypatch.setattr(synth, "CLAIMS_PER_FILE", 900)
    with changed(spark, {"spark.sql.shuffle.partitions": "7"}, must=True):
        again = {name: frame.collect() for name, frame in synth.tables(spark, CLAIMS, SEED, YEAR).items()}
    assert made["claims"] == again["claims"]  # in the same order too
    for name, rows in made.items():
        assert Counter(rows) == Counter(again[name]), name


def test_another_seed_makes_other_rows(spark, made):
    claims = set(synth.tables(spark, CLAIMS, SEED + 1, YEAR)["claims"].collect())
    assert len(claims & set(made["claims"])) < len(claims) // 100


def test_claims_stand_in_order_of_receipt(made):
    days = [row.claim_date for row in made["claims"] if row.claim_date is not None]
    assert days == sorted(days)


def test_references_are_unique_within_label_and_practice(made):
    keys = [(row.uzovi, row.practice_agb, row.claim_reference) for row in made["claims"]]
    assert len(set(keys)) == len(keys)
    assert len({row.claim_reference for row in made["claims"]}) < len(keys)  # within those only


@pytest.mark.parametrize("table", [table for table in tables.INPUTS if table.key], ids=lambda table: table.name)
def test_keys_are_unique(made, table):
    keys = [tuple(row[name] for name in table.key) for row in made[table.name]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("table", tables.INPUTS, ids=lambda table: table.name)
def test_nothing_is_null_or_empty_that_may_not_be(made, table):
    for column in table.columns:
        values = {row[column.name] for row in made[table.name]}
        assert "" not in values, column.name
        assert column.nullable or None not in values, column.name
        assert not column.values or values <= {*column.values}, column.name


def test_every_citizen_number_passes_the_test_and_is_not_in_use(made):
    numbers = {row.bsn for row in made["enrolments"]}
    assert all(is_valid(bsn) and bsn.startswith("9") for bsn in numbers)
    wrong = sum(not is_valid(row.bsn) for row in made["claims"])
    assert 0 < wrong < 0.01 * len(made["claims"])


def test_number_of_claims(made):
    assert len(made["claims"]) == pytest.approx(CLAIMS, rel=0.1)


def test_credits(made):
    share = sum(row.debit_credit == "C" for row in made["claims"]) / len(made["claims"])
    assert 0.02 < share < 0.04


def test_treatments_of_patients(patients):
    counts = sorted(patients.values())
    assert 9 < sum(counts) / len(counts) < 11
    assert 6 <= counts[len(counts) // 2] <= 8


def test_who_the_patients_are(made, patients):
    known = {row.bsn: row for row in made["enrolments"] if row.bsn in patients}
    women = sum(row.sex in ("V", "2") for row in known.values()) / len(known)
    ages = [YEAR - row.birth_date.year for row in known.values() if row.birth_date is not None]
    assert 0.54 < women < 0.64
    assert 46 < sum(ages) / len(ages) < 52
    assert len(known) < len({row.bsn for row in made["enrolments"]})  # some are insured and never treated


def test_nobody_is_treated_twice_on_a_day(made):
    """Apart from what is declared again, which names the same treatment."""
    days = Counter(
        (row.bsn, row.treatment_date, int(row.claim_reference) // 8)
        for row in made["claims"]
        if row.debit_credit == "D" and row.treatment_date is not None and row.treatment_date.year == YEAR and row.bsn
    )
    treated = Counter((bsn, day) for bsn, day, _ in days if is_valid(bsn))
    assert max(treated.values()) == 1


def test_supplementary_cover_caps_treatments(made):
    high = {row.bsn for row in made["av_classes"] if row.report_year == YEAR and row.av_class == "high"}
    low = {row.bsn for row in made["av_classes"] if row.report_year == YEAR} - high
    treated = Counter(
        row.bsn
        for row in made["claims"]
        if row.csi_code == "009" and row.bsn in low and int(row.claim_reference) % 8 == 0  # not what came after it
    )
    assert max(treated.values()) == 12
    assert {row.insured_sessions for row in made["av_packages"]} <= {6, 9, 12, 18, 27, 36, 9999}


def test_every_fault_shows(spark, many_faults):
    claims = synth.tables(spark, CLAIMS, SEED, YEAR)["claims"].collect()
    values = {column: {row[column] for row in claims} for column in tables.CLAIMS.names}
    assert {None, "000000000"} < values["bsn"]
    assert {len(bsn) for bsn in values["bsn"] if bsn} == {8, 9}
    assert any(bsn.endswith("X") for bsn in values["bsn"] if bsn)
    assert any(bsn.isdecimal() and len(bsn) == 9 and not is_valid(bsn) for bsn in values["bsn"] if bsn)
    assert {agb and agb[:3] for agb in values["practice_agb"]} == {None, "047", "048", "049"}
    assert "9999" in values["uzovi"]
    assert values["status"] == {"approved", "rejected", None}
    assert values["channel"] == {"vecozo", "restitution", None}
    assert values["care_setting"] == {"practice", "hospital_primary_care", "outpatient_clinic", None}
    assert {None, "020", "021", "9", "099"} < values["csi_code"]
    assert {diagnosis and len(diagnosis) for diagnosis in values["diagnosis_code"]} == {None, 2, 4}
    assert any(diagnosis.endswith(("29", "30", "49", "57")) for diagnosis in values["diagnosis_code"] if diagnosis)
    assert any(diagnosis.endswith("A1") for diagnosis in values["diagnosis_code"] if diagnosis)
    assert {None, "1850"} < values["performance_code"]
    assert {None, date(YEAR, 7, 3)} < values["treatment_date"]
    assert {day.year for day in values["treatment_date"] if day} == {YEAR - 1, YEAR, YEAR + 1}
    assert None in values["claim_date"]


@pytest.mark.parametrize("weights", [[1], [0, 3, 0, 1, 0], [5, 1, 1, 1]])
def test_slots_by_weight(weights):
    filled = Counter(spread(weights, 8 * sum(weights)))
    assert filled == {entry: 8 * weight for entry, weight in enumerate(weights) if weight}


@pytest.mark.parametrize("claims", [1, 50])
def test_hardly_any_claims(spark, claims):
    assert synth.tables(spark, claims, SEED, YEAR)["claims"].count() > 0


def test_more_than_there_are_codes_for(spark):
    with pytest.raises(ValueError, match="AGB codes"):
        synth.tables(spark, 10**9, SEED, YEAR)


@pytest.mark.slow
def test_every_outcome_occurs(engine, spark):
    inputs = synth.tables(spark, 200_000, SEED, YEAR)
    inputs["person_key"] = person_key(spark)
    outputs = pipeline.build(inputs, settings.resolve({"report": {"year": YEAR, "version": 3}}), engine.keep)
    assert {row.outcome for row in outputs["outcomes"].select("outcome").distinct().collect()} == {
        *selection.OUTCOME_NAMES
    }
