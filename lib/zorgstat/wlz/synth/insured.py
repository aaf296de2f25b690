"""Who is registered where: everybody somewhere, a few twice, and a few with something odd."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat import codes
from zorgstat.draws import Draws, pick
from zorgstat.wlz.synth import organisations
from zorgstat.wlz.synth.people import Population, day
from zorgstat.wlz.tables import WLZ_INSURED

COUNTRIES = ("NL",) * 97 + ("BE", "DE", "ES")
ODD_SEXES = ("9", "0", "X", "m")
OF_FIVE = 5  # unknown sexes at one of so many organisations, so that other statements can be final


def insured(spark: SparkSession, population: Population, year: int, draws: Draws) -> DataFrame:
    """`tables.WLZ_INSURED`. One of a thousand turns 65 on 1 July or a day later."""
    listed = [row["code"] for row in codes.rows("synth_wlz_organisations")]
    odd = listed[::OF_FIVE]
    reference_day = date(year, 7, 1)
    drawn = population.people(spark, 0, population.insured, draws).select(
        "*",
        organisations.draw(organisations.everybody(), "organisation", draws).alias("organisation"),
        organisations.draw(organisations.everybody(), "other organisation", draws).alias("other"),
        (draws.number("age", "person", 21_000) + draws.number("more age", "person", 13_000)).alias("age_days"),
        draws.number("sex", "person", 2).alias("sex_code"),
        draws.number("registration", "person", 10_000).alias("registration"),
        draws.number("years", "person", 8).alias("years"),
        pick(COUNTRIES, draws.number("country", "person", len(COUNTRIES))).alias("country"),
    )
    registration = F.col("registration")
    in_letters = F.col("organisation").isin(listed[::2])
    sex = F.when(in_letters, F.when(F.col("sex_code") == 0, "M").otherwise("V")).otherwise(
        F.when(F.col("sex_code") == 0, "1").otherwise("2")
    )
    is_odd = F.col("organisation").isin(odd) & registration.between(100, 149)
    odd_sex = F.when(registration < 110, F.lit(None)).otherwise(pick(ODD_SEXES, registration % len(ODD_SEXES)))
    birthday = F.when(registration.between(200, 209), day(date(year - 65, 7, 1), registration % 2)).otherwise(
        F.date_sub(F.lit(reference_day), F.col("age_days"))
    )
    known = drawn.select(
        *("bsn", "organisation", "other", "registration", "country", "sex_code"),
        birthday.alias("birth_date"),
        F.when(is_odd, odd_sex).otherwise(sex).alias("sex"),
        pick([f"{year - 1 - back}-01-01" for back in range(8)], F.col("years")).cast("date").alias("registered_from"),
        F.when(registration.between(300, 499), day(date(year - 1, 6, 1), registration * 7 % 600)).alias(
            "registered_to"
        ),
    )
    twice = known.where(registration.between(500, 649)).select(
        *("bsn", "organisation", "country"),
        F.date_add("birth_date", F.when(registration < 550, 1).otherwise(0)).alias("birth_date"),
        F.when(registration >= 600, F.when(F.col("sex_code") == 0, "V").otherwise("M"))
        .otherwise(F.col("sex"))
        .alias("sex"),
        F.lit(date(year, 3, 1)).alias("registered_from"),
        F.lit(None).cast("date").alias("registered_to"),
    )
    elsewhere = known.where(registration.between(700, 729) & (F.col("organisation") != F.col("other")))
    unknown = known.where(registration.between(730, 731))
    frames = [
        known,
        twice,
        elsewhere.withColumn("organisation", F.col("other")),
        unknown.withColumn("organisation", F.lit(organisations.UNKNOWN)),
    ]
    rows = [frame.select(*WLZ_INSURED.names) for frame in frames]
    return rows[0].unionByName(rows[1]).unionByName(rows[2]).unionByName(rows[3])
