"""Care: what a person has, how often that is treated, at which practice, and how the practice declares it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.behandelindex.synth.practices import AGB_OFFSET, AGB_STEP, MOST_PRACTICES, Practice
from zorgstat.draws import Draws, pick, spread

MEAN_OTHER, MEAN_CHRONIC = 845, 2280  # hundredths of treatments a year, before caps
MOST_TREATMENTS = 150
CHILDREN_SESSIONS = 18
AGE_CLASS_DAYS = (6575, 16436, 23741, 27394)  # 18, 45, 65 and 75 years
CHRONIC = (100, 95, 150, 215, 280)  # of 1000, by age class
NEED = (96, 92, 100, 104, 112)  # percent of the mean number of treatments, by age class
CORRECTED = 30  # of 1024 treatments
WORKDAYS = 250  # in any year, holidays left out
COMPLAINT_SLOTS, PRACTICE_SLOTS = 4096, 4096
CODE_BITS, CODE_SLOTS, INTAKE = 10, 1 << 10, 3  # INTAKE: the last group of `code_slots`

# Kinds of record: a debit, and the credits that may follow it.
DEBIT, BY_REFERENCE, BY_KEY, PARTIAL, UNKNOWN, OTHER_PERSON = range(6)


@dataclass(frozen=True)
class Correction:
    """What follows each debit that a practice corrects, one or two records, in `share` of 100 cases."""

    share: int
    records: tuple[int, ...]


CORRECTIONS = (
    Correction(38, (BY_REFERENCE,)),
    Correction(26, (BY_REFERENCE, DEBIT)),  # credited and declared again
    Correction(10, (BY_KEY,)),
    Correction(6, (DEBIT, BY_KEY)),  # declared twice, one of them taken back
    Correction(6, (PARTIAL,)),
    Correction(6, (BY_REFERENCE, BY_REFERENCE)),  # taken back twice
    Correction(6, (UNKNOWN,)),
    Correction(2, (OTHER_PERSON,)),
)


def add_care(persons: DataFrame, listed: Sequence[Practice], draws: Draws) -> DataFrame:
    """People with treatments, one row each, + what all their treatments have in common.

    Out: + treatments (how many in the year); first_complaint, other_complaint (diagnosis and CSI), split (treatments
    before the other complaint, which is sometimes treated elsewhere: other_digits); owner, other_owner (what references
    are numbered by); corrected, corrected_from, style (of CORRECTIONS); usual_code; start, gap (working days); policy.
    """
    age = sum((F.when(F.col("age_days") >= days, 1).otherwise(0) for days in AGE_CLASS_DAYS), F.lit(0))
    patients = persons.where(F.col("effect") > 0).select("*", age.alias("age"))
    chronic = draws.number("chronic", "person", 1000) < by_age(CHRONIC)
    patients = patients.select("*", chronic.cast("int").alias("chronic"))
    patients = patients.select(
        "*",
        complaint("first complaint", draws).alias("first_complaint"),
        complaint("other complaint", draws).alias("other_complaint"),
        (draws.number("second", "person", 100) < 12).alias("has_second"),
        draws.number("number", "person", 256).alias("quantile"),
    )
    patients = patients.select("*", treatments(draws).alias("treatments"))
    goes_away = F.col("has_second") & (draws.number("away", "person", 100) < 30)
    practices = [practice for practice in listed if practice.effect > 0]
    by_size = [practices[place].number for place in spread([each.persons for each in practices], PRACTICE_SLOTS)]
    elsewhere = pick(by_size, draws.number("other practice", "person", PRACTICE_SLOTS))
    other_practice = F.when(goes_away, elsewhere).otherwise(F.col("practice"))
    split = F.when(F.col("has_second"), (F.col("treatments") * 3 / 5).cast("int")).otherwise(MOST_TREATMENTS)
    is_other = other_practice != F.col("practice")
    pace = draws.number("pace", "person", 4) + 2 + 3 * F.col("chronic")
    room = pick([0] + [WORKDAYS // number for number in range(1, MOST_TREATMENTS + 1)], F.col("treatments"))
    corrected = F.col("treatments") * CORRECTED + draws.number("corrected", "person", 1024)
    styles = spread([each.share for each in CORRECTIONS], 100)
    return patients.select(
        "*",
        split.alias("split"),
        F.when(is_other, agb_digits(other_practice)).otherwise(F.col("practice_digits")).alias("other_digits"),
        F.col("local").cast("bigint").alias("owner"),
        F.when(is_other, F.col("person") + (1 << 33)).otherwise(F.col("local")).alias("other_owner"),
        F.shiftright(corrected, 10).alias("corrected"),
        draws.number("corrected from", "person", 64).alias("corrected_from"),
        pick(styles, draws.number("style", "person", len(styles))).alias("style"),
        usual_code(draws).alias("usual_code"),
        draws.number("start", "person", 250).alias("start"),
        F.least(pace, room).alias("gap"),
        draws.number("policy", "person", 1000).alias("policy"),
    )


def by_age(values: tuple[int, ...]) -> Column:
    return pick(values, F.col("age"))


def complaint(purpose: str, draws: Draws) -> Column:
    """Diagnosis and CSI in one text of seven digits; which are likely depends on age and on being chronic."""
    listed = codes.rows("synth_diagnoses")
    slots = []
    for patients in ("adult_other", "adult_chronic", "child_other", "child_chronic"):
        of_these = [row for row in listed if row["patients"] == patients]
        places = spread([int(row["weight"]) for row in of_these], COMPLAINT_SLOTS)
        slots += [of_these[place]["diagnosis_code"] + of_these[place]["csi_code"] for place in places]
    group = F.when(F.col("age") == 0, 2).otherwise(0) + F.col("chronic")
    return pick(slots, group * COMPLAINT_SLOTS + draws.number(purpose, "person", COMPLAINT_SLOTS))


def treatments(draws: Draws) -> Column:
    """How many in the year: chance, times what the complaint and the age ask, times the effect of the practice.

    At least one; supplementary cover ends where the package ends.
    """
    rows = codes.rows("synth_quantiles")
    percent = [int(row["treatments_other_percent"]) * MEAN_OTHER for row in rows]
    percent += [int(row["treatments_chronic_percent"]) * MEAN_CHRONIC for row in rows]
    mean = pick(percent, F.col("chronic") * len(rows) + F.col("quantile")).cast("bigint")
    billionths = mean * by_age(NEED) * F.col("effect") + draws.number("rounding", "person", 1_000_000_000)
    csi = F.substring("first_complaint", 5, 3)
    cap = F.when(csi == "009", F.col("sessions")).when(csi == "003", CHILDREN_SESSIONS).otherwise(MOST_TREATMENTS)
    return F.greatest(F.lit(1), F.least((billionths / 1_000_000_000).cast("int"), cap, F.lit(MOST_TREATMENTS)))


def usual_code(draws: Draws) -> Column:
    """Where in `code_slots` the performance code of most treatments of a person stands."""
    group = pick([0, 1, 1, 1, 2], F.col("age"))
    return group * CODE_SLOTS + draws.number("usual code", "person", CODE_SLOTS)


def code_slots() -> list[dict[str, str]]:
    """Performance codes with tariffs, by slot: those of children, adults, old people, and of a first treatment."""
    listed = codes.rows("synth_treatments")
    slots = []
    for patients in ("child", "adult", "elder", "intake"):
        of_these = [row for row in listed if row["patients"] == patients]
        slots += [of_these[place] for place in spread([int(row["weight"]) for row in of_these], CODE_SLOTS)]
    return slots


def agb_digits(practice: Column) -> Column:
    """The last five digits of an AGB code, as `Practice.digits` has them."""
    number = (practice.cast("bigint") * AGB_STEP + AGB_OFFSET) % MOST_PRACTICES
    return F.substring((number + MOST_PRACTICES).cast("string"), 2, 5)
