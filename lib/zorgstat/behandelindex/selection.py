"""Which records count: each gets the first outcome that applies (method 1.1 table 1; docs/method.md, outcomes 1 to 20).

The order of `Outcome` is the order of the rules. Each question is asked as seldom as it can be: what the delivery, the
treatment and the label say once per record, and what only the register and the person tell once per group of like
treatments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import IntEnum
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import codes, privacy
from zorgstat.behandelindex import classes
from zorgstat.behandelindex.settings import Settings
from zorgstat.packing import Packing
from zorgstat.partitions import gather, join_register


class Outcome(IntEnum):
    """What became of a record, in the order of the rules. The names in the outputs are these in lower case."""

    RESERVED_UZOVI = 1
    MANDATE = 2
    INSURER_NOT_PARTICIPATING = 3
    NOT_APPROVED = 4
    RESTITUTION = 5
    OUTPATIENT_CLINIC = 6
    OUTSIDE_PERIOD = 7
    AFTER_CLAIM_CUTOFF = 8
    CREDIT = 9
    CREDIT_UNMATCHED = 10
    NETTED = 11
    PERFORMANCE_CODE = 12
    CSI_COVID = 13
    INVALID_BSN = 14
    INVALID_PRACTICE = 15
    INVALID_DIAGNOSIS = 16
    INVALID_CSI = 17
    INVALID_BIRTH_DATE = 18
    INVALID_SEX = 19
    COUNTED = 20


OUTCOME_NAMES = tuple(outcome.name.lower() for outcome in Outcome)


# 21 bits for the labels that a delivery may name, 27 for every AGB code that eight digits make.
FEATURES = Packing({"outcome": 5, "label": 21, "practice": 27, "diagnosis": 7, "insurance": 3})


def first_that_applies(rules: Sequence[tuple[Outcome, Column]]) -> Column:
    """The number of the first outcome, in the order of `Outcome`, whose condition is true: the least of them.

    Null when none is: that is asked first, since it is so for most records. A null condition is not true.
    """
    applies = reduce(Column.__or__, [condition for _, condition in rules])
    return F.when(applies, F.least(*[F.when(condition, F.lit(int(outcome))) for outcome, condition in rules]))


def outcome_name(number: Column) -> Column:
    """The name in the outputs of an outcome's number."""
    return F.get(F.array(*[F.lit(name) for name in OUTCOME_NAMES]), number - 1)


def number_labels(insurers: DataFrame, claims: DataFrame, settings: Settings) -> DataFrame:
    """Every label that the register knows or a claim names, with its standing in this reporting version.

    In:  insurers (uzovi, concern, kind), claims (uzovi).
    Out: uzovi, concern (null: not in the register), label (int; those that take part come first, in the order of uzovi:
         their numbers stay small whatever a delivery names), standing (the outcome that the label alone decides, or
         null), netting (the concern's strategy), av_source, av_policy, concern_number (int, of those that take part
         from 0; null for other labels).
    Source: method 1.1, table 1 (insurers, mandates, treaty patients); docs/method.md, outcomes 1 to 3.
    """
    concern, kind = F.col("concern"), F.col("kind")
    takes_part = F.coalesce(concern.isin(list(settings.participating)), F.lit(False))
    standing = first_that_applies(
        [
            (Outcome.RESERVED_UZOVI, kind == "reserved"),
            (Outcome.MANDATE, kind == "mandate"),
            (Outcome.INSURER_NOT_PARTICIPATING, ~takes_part),
        ]
    )
    known_or_named = insurers.join(claims.select("uzovi").distinct(), "uzovi", "full_outer")
    return known_or_named.select(
        "uzovi",
        "concern",
        F.row_number().over(Window.orderBy(standing.isNotNull(), "uzovi")).alias("label"),
        standing.alias("standing"),
        _choice(concern, settings.netting, "reference_then_key").alias("netting"),
        _choice(concern, settings.av_source, "delivered").alias("av_source"),
        _choice(concern, settings.av_policy, "sum").alias("av_policy"),
        F.when(standing.isNull(), F.dense_rank().over(Window.orderBy(standing.isNotNull(), "concern")) - 1).alias(
            "concern_number"
        ),
    )


def number_practices(agb_register: DataFrame) -> DataFrame:
    """Registered practices, started, stopped or not, since their claims of last year still count.

    Out: practice_agb, practice (int, in the order of practice_agb).
    """
    practices = agb_register.where(F.col("kind") == "practice").select(F.col("agb").alias("practice_agb"))
    return practices.select("practice_agb", F.row_number().over(Window.orderBy("practice_agb")).alias("practice"))


def judge_delivery(claims: DataFrame, settings: Settings) -> DataFrame:
    """Outcomes 4 to 8: what the record's own delivery says, before any netting.

    Out: the claims without what only this step asks for, + outcome (int; null: none of these).
    Source: method 1.1, table 1; docs/method.md, outcomes 4 to 8.
    """
    report = settings.report
    treated, received = F.col("treatment_date"), F.col("claim_date")
    outcome = first_that_applies(
        [
            (Outcome.NOT_APPROVED, _is_not(F.col("status"), "approved")),
            (Outcome.RESTITUTION, _is_not(F.col("channel"), "vecozo")),
            (Outcome.OUTPATIENT_CLINIC, F.col("care_setting") == "outpatient_clinic"),
            (Outcome.OUTSIDE_PERIOD, _outside(treated, report.period_start, report.period_end)),
            (Outcome.AFTER_CLAIM_CUTOFF, received.isNull() | (received > F.lit(report.claim_cutoff))),
        ]
    )
    told = [name for name in claims.columns if name not in ("status", "channel", "care_setting")]
    return claims.select(*told, outcome.alias("outcome"))


def judge_label(records: DataFrame, labels: DataFrame) -> DataFrame:
    """Outcomes 1 to 3: what the label decides comes before whatever is wrong with the record.

    In:  records (uzovi, outcome), labels (from `number_labels`, with the run's key of people).
    Out: the records with their outcome; + label, netting, and the key of people.
    """
    numbered = labels.select("uzovi", "label", "standing", "netting", *privacy.PERSON_KEY.names)
    others = [name for name in records.columns if name != "outcome"]
    return join_register(records, numbered, "uzovi").select(
        *others, "label", "netting", *privacy.PERSON_KEY.names, F.least("standing", "outcome").alias("outcome")
    )


def judge_treatment(records: DataFrame, settings: Settings) -> DataFrame:
    """Outcomes 9 to 13, and what later rules ask of texts, as small integers.

    In:  records (from `judge_delivery` and `privacy.name_people`, with is_paired and records: `netting.moves`).
    Out: uzovi, practice_agb, person, outcome (int; null: still undecided), diagnosis (the last two of four digits),
         insurance (1 bzv, 2 by cover, 3 high; null for covid too), each null when invalid; records.
    Source: method 1.1 table 1, 1.2, annex 1; docs/method.md, outcomes 9 to 13.
    """
    on = settings.report.period_end
    is_credit, is_paired = F.col("debit_credit") == "C", F.col("is_paired")
    csi_code = F.col("csi_code")
    by_treatment = first_that_applies(
        [
            (Outcome.CREDIT, is_credit & is_paired),
            (Outcome.CREDIT_UNMATCHED, is_credit),
            (Outcome.NETTED, is_paired),
            (Outcome.PERFORMANCE_CODE, _is_none_of(F.col("performance_code"), _performance_codes(on))),
            (Outcome.CSI_COVID, csi_code.isin(classes.csi_groups(on)["covid"])),
        ]
    )
    return records.select(
        *("uzovi", "practice_agb", "person", "records"),
        F.least("outcome", by_treatment).alias("outcome"),
        classes.insurance_group(csi_code, settings).alias("insurance"),
        _last_two_digits(F.col("diagnosis_code")).alias("diagnosis"),
    )


def number_features(records: DataFrame, practices: DataFrame) -> DataFrame:
    """All that is still to be judged of a record, as small integers.

    In:  records (from `judge_treatment` and `judge_label`); practices (`number_practices`).
    Out: outcome, label, person (a stand-in below zero when the bsn is not 9 digits or no longer needed: nobody looks at
         it then), practice, diagnosis, insurance, each null when invalid; records.
    """
    # Records without a person have one per label and outcome, so that they do not all meet in one partition.
    nobody = -(F.col("label") * (len(Outcome) + 1) + F.coalesce("outcome", F.lit(0)))
    person = F.coalesce(F.when(F.col("outcome").isNull(), F.col("person")), nobody).alias("person")
    located = join_register(records, practices, "practice_agb")
    return located.select("outcome", "label", person, "practice", "diagnosis", "insurance", "records")


def group_like_treatments(records: DataFrame) -> DataFrame:
    """One row for records that agree in everything still to be judged; from here on a person is in one partition.

    In:  records (from `number_features`).
    Out: its columns, of what is decided nothing but outcome and label; records (bigint) is above zero.
    """
    decided = FEATURES.pack(outcome=F.col("outcome"), label=F.col("label"))
    undecided = FEATURES.pack(**{name: F.col(name) for name in FEATURES.bits if name != "outcome"})
    features = F.when(F.col("outcome").isNull(), undecided).otherwise(decided).alias("features")
    groups = (
        gather(records.select("person", features, "records"), "person")
        .groupBy("person", "features")
        .agg(F.sum("records").alias("records"))
        .where(F.col("records") > 0)
    )
    unpacked = [FEATURES.unpack(F.col("features"), name).alias(name) for name in FEATURES.bits]
    return groups.select("person", *unpacked, "records")


def judge_person(groups: DataFrame, settings: Settings) -> DataFrame:
    """Outcomes 14 to 20: what needs the register or the person, judged once per group.

    In:  groups with the person's age_class and sex_class joined on (null: unknown), and the key of people.
    Out: + pathology_class; outcome is never null.
    Source: method 1.1, table 1 (missing or invalid fields), 1.3.1, 1.3.3; docs/method.md, outcomes 14 to 20.
    """
    classed = groups.withColumn("pathology_class", classes.pathology_class(F.col("diagnosis"), settings))
    by_person = first_that_applies(
        [
            (Outcome.INVALID_BSN, ~privacy.passes_eleven_test(privacy.citizen(F.col("person")))),
            (Outcome.INVALID_PRACTICE, F.col("practice").isNull()),
            (Outcome.INVALID_DIAGNOSIS, F.col("pathology_class").isNull()),
            (Outcome.INVALID_CSI, F.col("insurance").isNull()),
            (Outcome.INVALID_BIRTH_DATE, F.col("age_class").isNull()),
            (Outcome.INVALID_SEX, F.coalesce(F.col("sex_class"), F.lit(0)) == 0),
            (Outcome.COUNTED, F.lit(True)),
        ]
    )
    return classed.withColumn("outcome", F.least("outcome", by_person))


def count_outcomes(judged: DataFrame, labels: DataFrame) -> DataFrame:
    """Out: uzovi, concern (null for an unknown label), outcome, records; adds up to the claims that came in."""
    counts = judged.groupBy("outcome", "label").agg(F.sum("records").alias("records"))
    names = F.broadcast(labels.select("label", "uzovi", "concern"))
    return names.join(counts, "label").select(
        "uzovi", "concern", outcome_name(F.col("outcome")).alias("outcome"), "records"
    )


def _last_two_digits(diagnosis_code: Column) -> Column:
    """Of four digits; null for anything else."""
    return privacy.digits(diagnosis_code, 4) % 100


def _performance_codes(on: date) -> list[str]:
    return [row["code"] for row in codes.rows("performance_codes", on)]


def _choice(concern: Column, choices: Mapping[str, str], default: str) -> Column:
    """What the settings choose for a concern, or the default."""
    chosen: Any = F
    for name, value in choices.items():
        chosen = chosen.when(concern == name, F.lit(value))
    return F.lit(default) if chosen is F else chosen.otherwise(F.lit(default))


def _is_not(column: Column, value: str) -> Column:
    """Missing, or anything but the value."""
    return ~column.eqNullSafe(F.lit(value))


def _is_none_of(column: Column, values: list[str]) -> Column:
    return column.isNull() | ~column.isin(values)


def _outside(day: Column, first: date, last: date) -> Column:
    return day.isNull() | ~day.between(F.lit(first), F.lit(last))
