"""Persons: who they are, and with which label they are insured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat import arrow, codes
from zorgstat.behandelindex.synth.practices import Practice
from zorgstat.draws import Draws, bsn, pick, spread

SESSIONS = (6, 9, 12, 18, 27, 36, 9999)
SESSIONS_WEIGHTS = (6, 20, 24, 20, 14, 10, 6)
LABEL_SLOTS, POSTCODE_SLOTS = 2048, 8192
PRACTICE_COLUMNS = ("practice int", "practice_digits string", "first bigint", "persons int", "effect int")
YOUNGEST = 182  # days on 30 June: born before the year

# Of 1000 people: who changed label on 1 January, who in the course of the year, who moved, who has two rows at a time.
CHANGED, CHANGED_LATER, MOVED, TWICE = 60, 75, 135, 140


def people(spark: SparkSession, listed: Sequence[Practice], tasks: int, draws: Draws) -> DataFrame:
    """One row per person: person, local (number within the practice), and what holds for all of a practice.

    Those are practice, practice_digits (of its AGB code), effect, surcharge (cents), cycle and phase (of declaring),
    surroundings (where in the list of postcodes it stands).
    """
    rows = [(place, p.number, p.digits, p.first_person, p.persons, p.effect) for place, p in enumerate(listed)]
    schema = ", ".join(f"{column} not null" for column in ("place bigint", *PRACTICE_COLUMNS))
    known = arrow.frame(spark, rows, schema)
    practices = spark.range(0, len(rows), 1, tasks).withColumnRenamed("id", "place").join(F.broadcast(known), "place")
    habits = practices.select(
        *[column.split()[0] for column in PRACTICE_COLUMNS],
        (25 * draws.number("surcharge", "practice", 8)).alias("surcharge"),
        draws.number("cycle", "practice", 4).alias("cycle"),
        draws.number("phase", "practice", 30).alias("phase"),
        draws.number("surroundings", "practice", POSTCODE_SLOTS).alias("surroundings"),
    )
    exploded = habits.select("*", F.explode(F.sequence(F.lit(0), F.col("persons") - 1)).alias("local"))
    return exploded.select("*", (F.col("first") + F.col("local")).alias("person"))


def add_insurance(persons: DataFrame, total: int, year: int, draws: Draws) -> DataFrame:
    """+ bsn, sex, age_days (on 30 June), event (0-999, above), event_day, label, label_before, sessions (insured).

    Before event_day (days since 1 January of the year before) somebody was with label_before.
    """
    insurers = codes.rows("synth_labels")
    labels = [insurers[entry]["uzovi"] for entry in spread([int(row["share"]) for row in insurers], LABEL_SLOTS)]
    ages = [int(row["age_days"]) for row in codes.rows("synth_quantiles")]
    sessions = [SESSIONS[entry] for entry in spread(SESSIONS_WEIGHTS, 100)]
    origin, new_year = date(year - 1, 1, 1), (date(year, 1, 1) - date(year - 1, 1, 1)).days
    months = [(date(year, month, 1) - origin).days for month in range(2, 13)]
    drawn = persons.select("*", bsn(total, draws).alias("bsn"), draws.number("event", "person", 1000).alias("event"))
    is_change = F.col("event") < CHANGED_LATER
    age = pick(ages, draws.number("age", "person", len(ages))) + draws.number("birthday", "person", 90)
    label = draws.number("label", "person", LABEL_SLOTS)
    other_label = draws.number("other label", "person", LABEL_SLOTS)
    event_day = (
        F.when(F.col("event") < CHANGED, new_year)
        .when(is_change, pick(months, draws.number("month", "person", len(months))))
        .otherwise(draws.number("day", "person", 365) + new_year)
    )
    return drawn.select(
        "*",
        F.when(draws.number("sex", "person", 100) < 59, "V").otherwise("M").alias("sex"),
        F.greatest(F.lit(YOUNGEST), age).alias("age_days"),
        event_day.alias("event_day"),
        pick(labels, label).alias("label"),
        pick(labels, F.when(is_change, other_label).otherwise(label)).alias("label_before"),
        pick(sessions, draws.number("sessions", "person", len(sessions))).alias("sessions"),
    )
