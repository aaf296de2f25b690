"""A practice against the national means, with and without small baskets (method 1.4, steps 3 to 5)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import exact


def compare_baskets(practice_baskets: DataFrame, national: DataFrame) -> DataFrame:
    """Every basket of every practice against the national mean.

    In:  practice_baskets (practice, basket_id, combinations, treatments), national (from `baskets`).
    Out: practice, basket_id, combinations, treatments, practice_mean, national_mean, basket_index, weight,
         weighted_index (times 1, not 100), is_small.
    Source: method 1.4 (index per basket, weighting factor); docs/method.md, Index.
    """
    means = national.select("basket_id", "national_mean", "is_small")
    of_practice = F.sum("combinations").over(Window.partitionBy("practice"))
    compared = practice_baskets.join(F.broadcast(means), "basket_id").select(
        *practice_baskets.columns,
        (F.col("treatments") / F.col("combinations")).alias("practice_mean"),
        "national_mean",
        (F.col("combinations") / of_practice).alias("weight"),
        "is_small",
    )
    compared = compared.withColumn("basket_index", F.col("practice_mean") / F.col("national_mean"))
    return compared.withColumn("weighted_index", F.col("weight") * F.col("basket_index"))


def index_practices(compared: DataFrame, patients: DataFrame) -> DataFrame:
    """The index of every practice: how many treatments it gave for every 100 that its patients get nationally.

    The sum of weight * basket_index over the baskets is the sum of treatments / national_mean, over all combinations:
    one division instead of one per basket, and exact sums (`exact.total`).
    In:  compared (from `compare_baskets`, with practice_agb), patients (practice, patients).
    Out: practice_agb, combinations, patients, treatments, expected_treatments, index, index_rounded, index_excl_small,
         index_excl_small_rounded (null when every basket is small), small_baskets_matter.
    Source: method 1.4 (index of the practice; baskets of fewer than 60); docs/method.md, Index.
    """
    large = ~F.col("is_small")
    means_in_practice = F.col("treatments") / F.col("national_mean")
    sums = compared.groupBy("practice", "practice_agb").agg(
        F.sum("combinations").alias("combinations"),
        F.sum("treatments").alias("treatments"),
        exact.total(F.col("combinations") * F.col("national_mean")).alias("expected_treatments"),
        exact.total(means_in_practice).alias("all_means"),
        exact.total(F.when(large, means_in_practice)).alias("large_means"),
        F.sum(F.when(large, F.col("combinations"))).alias("large_combinations"),
    )
    indexed = sums.join(patients, "practice").select(
        *("practice_agb", "combinations", "patients", "treatments", "expected_treatments"),
        _index(F.col("all_means"), F.col("combinations")).alias("index"),
        _index(F.col("large_means"), F.col("large_combinations")).alias("index_excl_small"),
    )
    rounded, rounded_excl_small = exact.half_up(F.col("index")), exact.half_up(F.col("index_excl_small"))
    return indexed.select(
        *indexed.columns,
        rounded.alias("index_rounded"),
        rounded_excl_small.alias("index_excl_small_rounded"),
        (~rounded.eqNullSafe(rounded_excl_small)).alias("small_baskets_matter"),
    )


def _index(means: Column, combinations: Column) -> Column:
    return 100 * means / combinations
