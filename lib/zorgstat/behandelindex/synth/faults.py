"""Faults: what can be wrong with the records of a treatment; and claims as insurers deliver them, faults included."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.behandelindex.synth.care import BY_KEY, DEBIT, OTHER_PERSON, PARTIAL, UNKNOWN, code_slots
from zorgstat.behandelindex.tables import CLAIMS
from zorgstat.draws import pick

# Of 100,000 treatments. Debits and credits of one treatment have the same fault, so that they still find each other.
FAULTS = {
    "rejected": 1200,
    "status missing": 20,
    "channel missing": 20,
    "setting missing": 40,
    "last year": 350,
    "next year": 250,
    "treatment date missing": 20,
    "claim date missing": 20,
    "performance code missing": 20,
    "covid": 250,
    "covid, long": 80,
    "csi in no group": 80,
    "csi missing": 40,
    "csi short": 20,
    "diagnosis in no range": 120,
    "diagnosis missing": 40,
    "diagnosis with letter": 30,
    "diagnosis short": 20,
    "bsn missing": 60,
    "bsn zeros": 20,
    "bsn short": 20,
    "bsn check digit": 50,
    "bsn with letter": 10,
    "practice is a therapist": 60,
    "practice unknown": 40,
    "practice missing": 30,
    "label unknown": 50,
}
# Of 1000 patients: who pays first and claims later, who is treated in a hospital and how that is declared.
RESTITUTION, OUTPATIENT, HOSPITAL = 12, 20, 35
FREE_SESSIONS = 20  # of a chronic complaint, before the basic insurance pays


def is_fault(name: str) -> Column:
    names = list(FAULTS)
    first = sum(FAULTS[before] for before in names[: names.index(name)])
    return F.col("fault").between(first, first + FAULTS[name] - 1)


def as_delivered(records: DataFrame, year: int) -> DataFrame:
    """Claims as they are declared, in the order of the records."""
    columns = {**parties(), **references(), **dates(year), **content(), **handling()}
    return records.select(*[columns[column.name].cast(column.type).alias(column.name) for column in CLAIMS.columns])


def parties() -> dict[str, Column]:
    bsn, digits, nothing = F.col("bsn"), F.col("practice_digits"), F.lit(None)
    eight = F.substring(bsn, 1, 8)
    next_digit = pick("1234567890", F.substring(bsn, 9, 1).cast("int"))
    return {
        "uzovi": F.when(is_fault("label unknown"), "9999").otherwise(F.col("label")),
        "practice_agb": F.when(is_fault("practice is a therapist"), F.concat(F.lit("048"), digits))
        .when(is_fault("practice unknown"), F.concat(F.lit("047"), digits))
        .when(~is_fault("practice missing"), F.concat(F.lit("049"), digits)),
        "bsn": F.when(is_fault("bsn missing") | (F.col("kind") == OTHER_PERSON), nothing)
        .when(is_fault("bsn zeros"), "000000000")
        .when(is_fault("bsn short"), eight)
        .when(is_fault("bsn check digit"), F.concat(eight, next_digit))
        .when(is_fault("bsn with letter"), F.concat(eight, F.lit("X")))
        .otherwise(bsn),
    }


def references() -> dict[str, Column]:
    """Credits name the debit of their treatment, nothing, or a debit that was never sent (7 follows nothing)."""
    kind, reference = F.col("kind"), F.col("reference")
    debit = reference - F.col("follows")
    prior = F.when((kind != DEBIT) & (kind != BY_KEY), F.when(kind == UNKNOWN, debit + 7).otherwise(debit))
    return {
        "claim_reference": reference,
        "prior_reference": prior,
        "debit_credit": F.when(kind == DEBIT, "D").otherwise("C"),
    }


def dates(year: int) -> dict[str, Column]:
    origin = F.lit(date(year - 1, 1, 1))
    return {
        "treatment_date": F.when(~is_fault("treatment date missing"), F.date_add(origin, F.col("treatment_day"))),
        "claim_date": F.when(~is_fault("claim date missing"), F.date_add(origin, F.col("claim_day"))),
    }


def content() -> dict[str, Column]:
    """What was done, for what, at what price. Some credits come without diagnosis and CSI."""
    slots, kind, complaint = code_slots(), F.col("kind"), F.col("complaint")
    diagnosis, location, csi = F.substring(complaint, 1, 4), F.substring(complaint, 1, 2), F.substring(complaint, 5, 3)
    is_bare = (kind != DEBIT) & F.col("is_bare")
    any_of_four = F.col("fault").bitwiseAND(3)
    tariff = pick([int(row["tariff_cents"]) for row in slots], F.col("code")) + F.col("surcharge")
    code = pick([row["performance_code"] for row in slots], F.col("code"))
    return {
        "performance_code": F.when(~is_fault("performance code missing"), code),
        "diagnosis_code": F.when(is_fault("diagnosis missing") | is_bare, F.lit(None))
        .when(is_fault("diagnosis in no range"), F.concat(location, pick(["29", "30", "49", "57"], any_of_four)))
        .when(is_fault("diagnosis with letter"), F.concat(location, F.lit("A1")))
        .when(is_fault("diagnosis short"), location)
        .otherwise(diagnosis),
        "csi_code": F.when(is_fault("csi missing") | is_bare, F.lit(None))
        .when(is_fault("covid"), "020")
        .when(is_fault("covid, long"), "021")
        .when(is_fault("csi in no group"), pick(["002", "006", "007", "099"], any_of_four))
        .when(is_fault("csi short"), "9")
        .when((csi == "008") & (F.col("sequence") >= FREE_SESSIONS), "001")
        .otherwise(csi),
        "amount_cents": F.when(kind == PARTIAL, F.shiftright(tariff, 1))
        .when(kind == UNKNOWN, tariff + 5)
        .otherwise(tariff),
    }


def handling() -> dict[str, Column]:
    policy = F.col("policy")
    return {
        "status": F.when(is_fault("rejected"), "rejected").when(~is_fault("status missing"), "approved"),
        "channel": F.when(policy < RESTITUTION, "restitution").when(~is_fault("channel missing"), "vecozo"),
        "care_setting": F.when(policy.between(RESTITUTION, OUTPATIENT - 1), "outpatient_clinic")
        .when(policy.between(OUTPATIENT, HOSPITAL - 1), "hospital_primary_care")
        .when(~is_fault("setting missing"), "practice"),
    }
