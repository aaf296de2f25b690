"""The order of the rules: from inputs to the five outputs (method 1.4, figure 1).

What Spark makes of it: docs/plan.md.
"""

from __future__ import annotations

from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import privacy
from zorgstat.behandelindex import (
    baskets,
    checks,
    classes,
    compare_summary,
    intervals,
    netting,
    patients,
    practice_index,
    selection,
    summary,
    synth,
)
from zorgstat.behandelindex.settings import Settings, resolve
from zorgstat.behandelindex.tables import CLAIMS, INPUTS, OUTPUTS
from zorgstat.partitions import Keep
from zorgstat.pipelines import Frames, Pipeline


def build(inputs: Frames, settings: Settings, keep: Keep) -> dict[str, DataFrame]:
    """The five outputs by name, without the columns of the run (docs/tables.md).

    In: the seven inputs by name (docs/tables.md), and person_key (`privacy.PERSON_KEY`); `keep` says how the engine
    holds on to a frame that is read more than once.
    """
    numbered = selection.number_labels(inputs["insurers"], inputs["claims"], settings)
    # The key of people is in memory only: beside the people that are kept it would tell who they are.
    labels = privacy.with_key(keep(numbered), inputs["person_key"])
    # Kept before they are joined: on Sail a literal, or a column that a filter fixes, is not safe to group by behind an
    # outer join (docs/engines.md).
    practices = keep(selection.number_practices(inputs["agb_register"]))
    judged = keep(judge(inputs, labels, practices, settings, keep))
    return figures(judged, labels, practices, settings, keep)


def judge(inputs: Frames, labels: DataFrame, practices: DataFrame, settings: Settings, keep: Keep) -> DataFrame:
    """From every claim to judged groups of like treatments: the one heavy part.

    Out: person, label, practice, outcome, basket_id (null for what does not count), records.
    """
    claims, person_key = inputs["claims"], inputs["person_key"]
    judge_delivery = partial(selection.judge_delivery, settings=settings)
    judge_label = partial(selection.judge_label, labels=labels)
    requests = keep(netting.requests(claims, person_key))
    touched = judge_label(judge_delivery(netting.touched(claims, requests, person_key)))
    paired = netting.take_back(privacy.name_people(touched), keep)
    as_if_unpaired = privacy.name_people(privacy.with_key(judge_delivery(claims), person_key)).select(
        "*", F.lit(False).alias("is_paired"), F.lit(1).alias("records")
    )
    records = as_if_unpaired.unionByName(netting.moves(paired).select(as_if_unpaired.columns))
    groups = (
        judge_label(selection.judge_treatment(records, settings))
        .transform(selection.number_features, practices)
        .transform(selection.group_like_treatments)
    )
    people = patients.attributes(inputs["enrolments"], labels, settings).transform(
        classes.add_patient_classes, classes.rank_postcodes(inputs["ses_woa"]), settings
    )
    covers = classes.high_covers(inputs["av_classes"], inputs["av_packages"], labels, settings)
    return (
        # One row per person, looked up where the groups of a person are: no need to sort them.
        groups.join(people.hint("shuffle_hash"), "person", "left")
        .join(covers.hint("shuffle_hash"), "person", "left")
        .transform(classes.add_insurance_class, labels, settings)
        .transform(selection.judge_person, settings)
        .transform(baskets.put_in_baskets)
        .select("person", "label", "practice", "outcome", "basket_id", "records")
    )


def figures(
    judged: DataFrame, labels: DataFrame, practices: DataFrame, settings: Settings, keep: Keep
) -> dict[str, DataFrame]:
    """From judged groups to the five outputs."""
    counted = keep(baskets.count_practice_baskets(judged))
    national = baskets.national_baskets(counted)
    compared = keep(practice_index.compare_baskets(counted, national).join(F.broadcast(practices), "practice"))
    indices = keep(practice_index.index_practices(compared, baskets.count_patients(judged)))
    factors = intervals.correction_factors(intervals.spread(indices), settings)
    return {
        "outcomes": selection.count_outcomes(judged, labels),
        "national_baskets": national,
        "practice_baskets": compared,
        "practice_index": intervals.add_intervals(indices, factors),
        "correction_factors": factors,
    }


BEHANDELINDEX = Pipeline(
    name="behandelindex",
    inputs=INPUTS,
    outputs=OUTPUTS,
    main_input=CLAIMS,
    resolve=resolve,
    build=build,
    remarks=checks.remarks,
    measures=checks.measures,
    more_measures=lambda outputs: [checks.weights(outputs["practice_baskets"])],
    judge=checks.judge,
    queries=summary.queries,
    figures=summary.figures,
    describe=summary.describe,
    comparison=compare_summary.COMPARISON,
    synth=synth.tables,
)
