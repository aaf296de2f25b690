"""What must hold before anything is published (contract behandelindex; method 1.4)."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import exact
from zorgstat.checks import Finding

TOLERANCE = 1e-9
BASKETS = 900


def measure(outputs: Mapping[str, DataFrame]) -> DataFrame:
    """One row with every number that `judge` needs, from the five outputs of one run."""
    outcomes, national = outputs["outcomes"], outputs["national_baskets"]
    baskets, indices = outputs["practice_baskets"], outputs["practice_index"]
    weights = baskets.groupBy("practice_agb").agg(exact.total(F.col("weight")).alias("weight"))
    weighted = exact.total(F.col("index") * F.col("combinations")) / F.sum("combinations")
    outside = ~F.col("basket_id").between(1, BASKETS)
    parts = [
        outcomes.agg(
            F.coalesce(F.sum("records"), F.lit(0)).alias("records"),
            F.coalesce(F.sum(F.when(F.col("outcome") == "counted", F.col("records"))), F.lit(0)).alias("counted"),
        ),
        national.agg(*_sums("national"), F.count_if(outside).alias("national_outside")),
        baskets.agg(*_sums("baskets"), F.count_if(outside).alias("baskets_outside")),
        indices.agg(*_sums("practices"), F.count(F.lit(1)).alias("practices"), F.abs(weighted - 100).alias("mean_off")),
        weights.agg(F.max(F.abs(F.col("weight") - 1)).alias("weight_off")),
    ]
    row = parts[0]
    for part in parts[1:]:
        row = row.crossJoin(part)
    return row


def judge(row: Mapping[str, float], input_records: int) -> list[Finding]:
    """The findings of one run, errors and good news alike: count 0 means that the check holds.

    In: row (of `measure`), input_records (the rows of claims).
    """
    treatments = {name: int(row[f"{name}_treatments"]) for name in ("national", "baskets", "practices")}
    combinations = {name: int(row[f"{name}_combinations"]) for name in ("national", "baskets", "practices")}
    counted = int(row["counted"])
    mean_off, weight_off = row["mean_off"] or 0.0, row["weight_off"] or 0.0
    outside = int(row["national_outside"]) + int(row["baskets_outside"])
    return [
        _finding(
            "something_counted",
            counted == 0,
            f"{counted:,} records count as a treatment" + ("; there is no result to publish" if counted == 0 else ""),
        ),
        _finding(
            "outcomes_add_up",
            abs(int(row["records"]) - input_records),
            f"outcomes: {int(row['records']):,} records of {input_records:,} in claims",
        ),
        _finding(
            "every_counted_record_in_one_basket",
            abs(treatments["national"] - counted) + outside,
            f"{treatments['national']:,} treatments in baskets 1 to {BASKETS}, {counted:,} records counted",
        ),
        _finding(
            "tables_agree",
            (len(set(treatments.values())) > 1) + (len(set(combinations.values())) > 1),
            "treatments and combinations of national_baskets, practice_baskets and practice_index: "
            + "; ".join(f"{treatments[name]:,} and {combinations[name]:,}" for name in treatments),
        ),
        _finding(
            "mean_index_is_100",
            mean_off > TOLERANCE,
            f"combination-weighted mean of all indices is off by {mean_off:.1e}",
        ),
        _finding("weights_add_up", weight_off > TOLERANCE, f"largest difference from 1 is {weight_off:.1e}"),
    ]


def _sums(name: str) -> list[Column]:
    return [F.coalesce(F.sum(of), F.lit(0)).alias(f"{name}_{of}") for of in ("treatments", "combinations")]


def _finding(rule: str, count: int, detail: str) -> Finding:
    return Finding(rule, "error", int(count), detail)
