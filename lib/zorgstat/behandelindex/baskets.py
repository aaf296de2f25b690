"""900 baskets of like patients, and what they mean nationally (method 1.4, steps 1 and 2; docs/method.md, Index)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat.behandelindex.selection import Outcome

SMALL = 60  # combinations, nationally
CLASSES = {"sex_class": 2, "age_class": 5, "pathology_class": 10, "insurance_class": 3, "ses_class": 3}


def basket_id() -> Column:
    """1 to 900: the classes as digits of one number, each in its own base, the first the most significant."""
    number = F.lit(0)
    for name, size in CLASSES.items():
        number = number * size + (F.col(name) - 1)
    return number + 1


def put_in_baskets(judged: DataFrame) -> DataFrame:
    """Adds basket_id, null for what does not count."""
    return judged.withColumn("basket_id", F.when(_is_counted(), basket_id()))


def _is_counted() -> Column:
    return F.col("outcome") == int(Outcome.COUNTED)


def class_of(name: str) -> Column:
    """The class that a basket_id holds: `basket_id` read backwards."""
    places = list(CLASSES)
    below = 1
    for lower in places[places.index(name) + 1 :]:
        below *= CLASSES[lower]
    return (F.floor((F.col("basket_id") - 1) / below) % CLASSES[name] + 1).cast("int")


def count_practice_baskets(judged: DataFrame) -> DataFrame:
    """A patient is one combination per basket and practice, also when several labels paid.

    In:  judged groups (from `put_in_baskets`).
    Out: practice, basket_id, combinations, treatments; filled baskets only.
    Source: method 1.4 (each unique patient once per basket and practice); docs/method.md, Index.
    """
    treated = judged.where(_is_counted()).groupBy("person", "practice", "basket_id")
    return (
        treated.agg(F.sum("records").alias("treatments"))
        .groupBy("practice", "basket_id")
        .agg(F.count(F.lit(1)).alias("combinations"), F.sum("treatments").alias("treatments"))
    )


def count_patients(judged: DataFrame) -> DataFrame:
    """Out: practice, patients: people with a counted treatment, each once, whatever the baskets."""
    treated = judged.where(_is_counted()).select("person", "practice").distinct()
    return treated.groupBy("practice").agg(F.count(F.lit(1)).alias("patients"))


def national_baskets(practice_baskets: DataFrame) -> DataFrame:
    """Treatments per combination in every filled basket, over all practices.

    In:  practice, basket_id, combinations, treatments.
    Out: basket_id, sex, the five classes, combinations, treatments, national_mean, is_small.
    Source: method 1.4 (mean per basket; baskets of fewer than 60); docs/method.md, Index.
    """
    totals = practice_baskets.groupBy("basket_id").agg(
        F.sum("combinations").alias("combinations"), F.sum("treatments").alias("treatments")
    )
    return totals.select(
        "basket_id",
        F.when(class_of("sex_class") == 1, "M").otherwise("V").alias("sex"),
        *[class_of(name).alias(name) for name in CLASSES if name != "sex_class"],
        "combinations",
        "treatments",
        (F.col("treatments") / F.col("combinations")).alias("national_mean"),
        (F.col("combinations") < SMALL).alias("is_small"),
    )
