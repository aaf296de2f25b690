"""The order of the rules: from inputs to the five outputs (method 1.4, figure 1).

Nothing runs here: the frames are plans, and whoever writes them starts the work. See docs/plan.md for what Spark makes
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.behandelindex import baskets, classes, intervals, netting, patients, practice_index, selection
from zorgstat.behandelindex.settings import Settings

Frames = Mapping[str, DataFrame]


def tally(inputs: Frames, settings: Settings) -> DataFrame:
    """From every claim to counts without people (columns: `baskets.tally`): the one heavy part, read once per output.

    In: the seven inputs by name (contract behandelindex, Inputs).
    """
    labels = selection.number_labels(inputs["insurers"], settings)
    practices = selection.number_practices(inputs["agb_register"])
    records = selection.judge_delivery(inputs["claims"], labels, settings)
    paired = netting.take_back(records)
    groups = records.transform(selection.judge_treatment, paired, practices, settings).transform(
        selection.group_like_treatments
    )
    people = patients.attributes(inputs["enrolments"], labels, settings).transform(
        classes.add_patient_classes, classes.rank_postcodes(inputs["ses_woa"]), settings
    )
    covers = classes.high_covers(inputs["av_classes"], inputs["av_packages"], labels, settings)
    judged = (
        groups.join(people, "person", "left")
        .join(covers, "person", "left")
        .join(F.broadcast(labels.select("label", "group")), "label", "left")
        .withColumn("insurance_class", classes.insurance_class(F.col("insurance"), F.col("group"), F.col("groups")))
        .transform(selection.judge_person)
    )
    is_counted = F.col("outcome") == int(selection.Outcome.COUNTED)
    return judged.withColumn("basket_id", F.when(is_counted, baskets.basket_id())).transform(baskets.tally)


def figures(tallied: DataFrame, inputs: Frames, settings: Settings) -> dict[str, DataFrame]:
    """From counts to the five outputs (contract behandelindex, Outputs), without the columns of the run."""
    labels = selection.number_labels(inputs["insurers"], settings)
    practices = selection.number_practices(inputs["agb_register"])
    counted = baskets.count_practice_baskets(tallied)
    national = baskets.national_baskets(counted)
    compared = practice_index.compare_baskets(counted, national)
    indices = practice_index.index_practices(compared)
    factors = intervals.correction_factors(intervals.spread(indices), settings)
    return {
        "outcomes": selection.count_outcomes(tallied, labels),
        "national_baskets": national,
        "practice_baskets": compared.join(F.broadcast(practices), "practice"),
        "practice_index": intervals.add_intervals(indices, factors).join(F.broadcast(practices), "practice"),
        "correction_factors": factors,
    }


def build(
    inputs: Frames, settings: Settings, keep: Callable[[DataFrame], DataFrame] = DataFrame.persist
) -> dict[str, DataFrame]:
    """All outputs. `keep` says how the engine holds on to a frame that several outputs read."""
    return figures(keep(tally(inputs, settings)), inputs, settings)
