"""Records: the treatments of a person one by one, with the credits that follow, in order of receipt.

Compact, since these rows are shuffled and sorted: days and references are numbers, texts come afterwards (`faults`).
"""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.behandelindex.synth.care import CODE_BITS, CODE_SLOTS, CORRECTIONS, INTAKE
from zorgstat.behandelindex.synth.faults import is_fault
from zorgstat.draws import Draws, pick

COMPACT = "bsn kind fault policy sequence follows surcharge treatment_day claim_day".split()
JITTER_BITS = 12
LONGEST = 365 + 366 + 30 + 60  # days that a treatment can be at, a phase added


def day_number(day: date, year: int) -> int:
    """Days are counted from 1 January of the year before."""
    return (day - date(year - 1, 1, 1)).days


def workdays(year: int) -> list[int]:
    days = [date(year, 1, 1) + timedelta(days=day) for day in range(366)]
    free = {date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)}
    return [day_number(day, year) for day in days if day.year == year and day.weekday() < 5 and day not in free]


def explode_records(patients: DataFrame) -> DataFrame:
    """One row per record: + ordinal; sequence (which treatment); follows (0 its debit, 1 and 2 what came after), kind.

    The records of the treatments come first; then one or two more for each that was corrected, a run of treatments.
    """
    extra = pick([len(each.records) for each in CORRECTIONS], F.col("style"))
    last = F.col("treatments") + F.col("corrected") * extra - 1
    exploded = patients.select("*", extra.alias("extra"), F.explode(F.sequence(F.lit(0), last)).alias("ordinal"))
    beyond = F.col("ordinal") - F.col("treatments")
    run = F.least(F.col("corrected_from"), F.col("treatments") - F.col("corrected"))
    pair = F.when(F.col("extra") == 2, F.shiftright(beyond, 1)).otherwise(beyond)
    sequence = F.when(beyond < 0, F.col("ordinal")).otherwise(run + pair)
    follows = F.when(beyond < 0, 0).when(F.col("extra") == 2, beyond.bitwiseAND(1) + 1).otherwise(1)
    kinds = [kind for each in CORRECTIONS for kind in (0, each.records[0], each.records[-1])]
    numbered = exploded.select("*", sequence.alias("sequence"), follows.alias("follows"))
    return numbered.select("*", pick(kinds, F.col("style") * 3 + F.col("follows")).alias("kind"))


def add_days(records: DataFrame, year: int, draws: Draws) -> DataFrame:
    """+ treatment (its number), fault, jitter, late; treatment_day, claim_day.

    Treatments are spread over the working days of the year, the end running on at the beginning, never two on one day.
    A practice declares every one, two or four weeks; a few treatments are declared months late.
    """
    days = workdays(year)
    records = records.select("*", (F.shiftleft("person", 8) + F.col("sequence")).alias("treatment"))
    records = records.select(
        "*",
        draws.number("fault", "treatment", 100_000).alias("fault"),
        draws.number("jitter", "treatment", 1 << JITTER_BITS).alias("jitter"),
        draws.number("late", "treatment", 1000).alias("late"),
    )
    within_gap = F.shiftright(F.col("jitter") * F.col("gap"), JITTER_BITS)
    workday = F.col("start") + F.col("sequence") * F.col("gap") + within_gap
    few = F.shiftright("jitter", JITTER_BITS - 4)
    treatment_day = (
        F.when(is_fault("last year"), day_number(date(year, 1, 1), year) - 1 - few)
        .when(is_fault("next year"), day_number(date(year + 1, 1, 1), year) + 1 + few)
        .otherwise(pick(days * 2, workday))
    )
    records = records.select("*", treatment_day.alias("treatment_day"))
    wait = pick(waits(), F.col("cycle") * LONGEST + F.col("phase") + F.col("treatment_day"))
    late = F.when(F.col("late") < 30, 8 + 5 * few).when(F.col("late") < 35, 60 + 10 * few).otherwise(0)
    after = F.when(F.col("follows") == 0, 0).otherwise(4 + few + 3 * F.col("follows"))
    return records.select("*", (F.col("treatment_day") + wait + late + after).alias("claim_day"))


def waits() -> list[int]:
    """Days from a treatment to its declaration, for practices that declare weekly, fortnightly, and (twice) monthly."""
    return [cycle - day % cycle + 1 for cycle in (7, 14, 30, 30) for day in range(LONGEST)]


def add_content(records: DataFrame, draws: Draws) -> DataFrame:
    """What `faults` makes claims of, no more; with `receipt`, one number per record, which puts them in order."""
    away = F.col("sequence") >= F.col("split")
    owner = F.when(away, F.col("other_owner")).otherwise(F.col("owner"))
    habit, slot = F.shiftright("code_draw", CODE_BITS), F.col("code_draw").bitwiseAND(CODE_SLOTS - 1)
    group = F.col("usual_code").bitwiseAND(~(CODE_SLOTS - 1))
    code = (
        F.when((F.col("sequence") == 0) & (habit < 60), INTAKE * CODE_SLOTS + slot)
        .when(habit > 94, group + slot)
        .otherwise(F.col("usual_code"))
    )
    label = F.when(F.col("treatment_day") < F.col("event_day"), F.col("label_before")).otherwise(F.col("label"))
    receipt = F.shiftleft(F.col("claim_day").cast("bigint"), 43) + F.shiftleft("person", 10) + F.col("ordinal")
    drawn = records.select("*", draws.number("code", "treatment", 100 * CODE_SLOTS).alias("code_draw"))
    return drawn.select(
        *COMPACT,
        receipt.alias("receipt"),
        label.alias("label"),
        F.when(away, F.col("other_digits")).otherwise(F.col("practice_digits")).alias("practice_digits"),
        (F.shiftleft(owner, 11) + F.shiftleft("sequence", 3) + F.col("follows")).alias("reference"),
        code.alias("code"),
        F.when(away, F.col("other_complaint")).otherwise(F.col("first_complaint")).alias("complaint"),
        (F.col("jitter") < 600).alias("is_bare"),
    )


def in_order_of_receipt(records: DataFrame, files: int) -> DataFrame:
    """By claim date, then practice and patient."""
    return records.repartitionByRange(files, "receipt").sortWithinPartitions("receipt")
