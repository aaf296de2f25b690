"""What must hold before anything is published (docs/method.md, before publication; method 1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import exact
from zorgstat.behandelindex.settings import Settings
from zorgstat.checks import Finding, remark
from zorgstat.pipelines import Frames
from zorgstat.text import on_one_line

TOLERANCE = 1e-9
SIZES = ("treatments", "combinations")
BASKETS = 900


def remarks(inputs: Frames, settings: Settings) -> DataFrame:
    """What looks like a mistake in the settings, and changes no figure by itself.

    Out: rule, severity, count, detail (`checks.Finding`), one row: the names that take part without an insurer's label.
    """
    is_insurer = F.col("kind") == "insurer"
    names_asked = dict(enumerate(settings.participating))
    labels = [F.count_if(is_insurer & (F.col("concern") == name)).alias(f"n{n}") for n, name in names_asked.items()]
    without = [F.when(F.col(f"n{n}") == 0, F.lit(on_one_line(name))) for n, name in names_asked.items()]
    about = "concerns in participating for which the table insurers has no insurer"
    return inputs["insurers"].agg(*labels).select(*remark("participant_without_label", about, without))


def measures() -> dict[str, list[Column]]:
    """By output table: the aggregates that `judge` needs."""
    is_counted = F.col("outcome") == "counted"
    return {
        "outcomes": [_sum(F.col("records"), "records"), _sum(F.when(is_counted, F.col("records")), "counted")],
        "national_baskets": [*_sizes("national"), _outside("national")],
        "practice_baskets": [*_sizes("baskets"), _outside("baskets")],
        "practice_index": [
            *_sizes("practices"),
            (exact.total(F.col("index") * F.col("combinations")) / F.sum("combinations")).alias("mean_index"),
        ],
        "correction_factors": [],
    }


def weights(practice_baskets: DataFrame) -> DataFrame:
    """One row, weight_off: how far the weights of a practice are from 1, where they are farthest."""
    by_practice = practice_baskets.groupBy("practice_agb").agg(exact.total(F.col("weight")).alias("weight"))
    return by_practice.agg(F.max(F.abs(F.col("weight") - 1)).alias("weight_off"))


def judge(row: Mapping[str, Any], input_records: int) -> list[Finding]:
    """The findings of one run, errors and good news alike: count 0 means that the check holds.

    In: row (the values of `measures` and `weights`), input_records (the rows of claims).
    """
    treatments = {name: int(row[f"{name}_treatments"]) for name in ("national", "baskets", "practices")}
    combinations = {name: int(row[f"{name}_combinations"]) for name in ("national", "baskets", "practices")}
    counted = int(row["counted"])
    mean_off = abs(row["mean_index"] - 100) if counted else 0.0
    weight_off = row["weight_off"] if counted else 0.0
    outside = int(row["national_outside"]) + int(row["baskets_outside"])
    return [
        Finding.error(
            "something_counted",
            counted == 0,
            f"{counted:,} records count as a treatment" + ("; there is no result to publish" if counted == 0 else ""),
        ),
        Finding.error(
            "outcomes_add_up",
            abs(int(row["records"]) - input_records),
            f"outcomes: {int(row['records']):,} records of {input_records:,} in claims",
        ),
        Finding.error(
            "every_counted_record_in_one_basket",
            abs(treatments["national"] - counted) + outside,
            f"{treatments['national']:,} treatments in baskets 1 to {BASKETS}, {counted:,} records counted",
        ),
        Finding.error(
            "tables_agree",
            (len(set(treatments.values())) > 1) + (len(set(combinations.values())) > 1),
            "treatments and combinations of national_baskets, practice_baskets and practice_index: "
            + "; ".join(f"{treatments[name]:,} and {combinations[name]:,}" for name in treatments),
        ),
        Finding.error(
            "mean_index_is_100",
            mean_off > TOLERANCE,
            f"combination-weighted mean of all indices is off by {mean_off:.1e}",
        ),
        Finding.error("weights_add_up", weight_off > TOLERANCE, f"largest difference from 1 is {weight_off:.1e}"),
    ]


def _sizes(name: str) -> list[Column]:
    return [_sum(F.col(of), f"{name}_{of}") for of in SIZES]


def _outside(name: str) -> Column:
    return F.count_if(~F.col("basket_id").between(1, BASKETS)).alias(f"{name}_outside")


def _sum(of: Column, name: str) -> Column:
    return F.coalesce(F.sum(of), F.lit(0)).alias(name)
