"""Persons: who they are, where they live, how they are insured, and what insurers know of that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.behandelindex.synth.draws import Draws, pick, spread
from zorgstat.behandelindex.synth.practices import Practice


SESSIONS = (6, 9, 12, 18, 27, 36, 9999)
SESSIONS_WEIGHTS = (6, 20, 24, 20, 14, 10, 6)
LABEL_SLOTS, POSTCODE_SLOTS, BSN_STEP = 10_000, 16_384, 7_368_787


def people(spark: SparkSession, listed: Sequence[Practice], tasks: int) -> DataFrame:
    """One row per person: person, practice, local (number within the practice), effect."""
    rows = [(place, p.number, p.first_person, p.persons, p.effect) for place, p in enumerate(listed)]
    schema = "place bigint, practice int, first bigint, persons bigint, effect bigint"
    known = F.broadcast(spark.createDataFrame(rows, schema))
    return (
        spark.range(0, len(rows), 1, tasks)
        .withColumnRenamed("id", "place")
        .join(known, "place")
        .select("practice", "first", "effect", F.explode(F.sequence("first", F.expr("first + persons - 1"))).alias("person"))
        .select("person", "practice", (F.col("person") - F.col("first")).alias("local"), "effect")
    )


def add_insurance(persons: DataFrame, total: int, year: int, draws: Draws) -> DataFrame:
    """+ bsn, age_days (on 30 June), label, label_before, event (0-999), event_day, sessions.

    Before event_day (days after 1 January of the year before) somebody was with label_before.
    """
    insurers = codes.rows("synth_labels")
    labels = [insurers[entry]["uzovi"] for entry in spread([int(row["share"]) for row in insurers], LABEL_SLOTS)]
    ages = [row["age_days"] for row in codes.rows("synth_quantiles")]
    sessions = [SESSIONS[entry] for entry in spread(SESSIONS_WEIGHTS, 100)]
    start = (date(year, 1, 1) - date(year - 1, 1, 1)).days
    months = [(date(year, month, 1) - date(year - 1, 1, 1)).days for month in range(2, 13)]
    drawn = persons.select(
        "*",
        bsn(F.col("person"), total, draws).alias("bsn"),
        (pick(ages, draws.number("age", "person", 256), "bigint") + draws.number("birthday", "person", 131)).alias("age_drawn"),
        pick(labels, draws.number("label", "person", LABEL_SLOTS)).alias("label"),
        pick(labels, draws.number("label before", "person", LABEL_SLOTS)).alias("other_label"),
        draws.number("event", "person", 1000).alias("event"),
        pick(months, draws.number("event month", "person", 11), "int").alias("event_month"),
        draws.number("event day", "person", 365).cast("int").alias("event_date"),
        pick(sessions, draws.number("sessions", "person", 100), "int").alias("sessions"),
    )
    changes = F.col("event") < 75  # 6 % on 1 January, 1.5 % in the course of the year
    return drawn.select(
        *persons.columns, "bsn", "label", "event", "sessions",
        F.greatest(F.col("age_drawn") - 65, F.lit(175)).alias("age_days"),
        F.when(changes, F.col("other_label")).otherwise(F.col("label")).alias("label_before"),
        F.when(F.col("event") < 60, start).when(changes, F.col("event_month"))
        .otherwise(F.col("event_date") + start).alias("event_day"),
    )  # fmt: skip


def bsn(person: Column, total: int, draws: Draws) -> Column:
    """Nine digits that pass the 11-test, from 999999999 down: the numbers that begin with 9 are not given out.

    A prefix of seven digits leaves nine choices for the eighth that a ninth digit can complete.
    """
    room = max(9_000_000, total + total % 9)
    scattered = (person * BSN_STEP + draws.plain("bsn", 0) % room) % room
    prefix, choice = F.lit(9_999_999) - F.floor(scattered / 9), scattered % 9
    text = prefix.cast("string")
    weighed = sum((F.substring(text, place, 1).cast("int") * (10 - place) for place in range(1, 8)), F.lit(0))
    impossible = ((10 - weighed % 11) * 6) % 11  # this eighth digit would need 10 as the ninth
    eighth = F.when(choice < impossible, choice).otherwise(choice + 1)
    return F.concat(text, eighth.cast("string"), ((weighed + 2 * eighth) % 11).cast("string"))


def sex(draws: Draws) -> Column:
    return F.when(draws.number("sex", "person", 100) < 59, "V").otherwise("M")
