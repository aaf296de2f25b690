"""What changed between two runs: practices that came and went, indices that moved, and the baskets behind that.

Nobody outside the inner circle sees this; all the same, what one basket of a practice did is told where it holds at
least ten combinations in both runs, and what is left over when the told ones are subtracted holds as many.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from zorgstat import exact
from zorgstat.behandelindex.baskets import CLASSES, class_of
from zorgstat.pipelines import BEFORE_AND_AFTER, Frames

FEWEST = 10  # combinations of a basket in a practice; of fewer no figure is told
NAMED = 3  # baskets of a practice that moved
EDGES = (1, 5, 10, 20)  # of the bins of changes, in index points, up and down
HAIR = 1e-9  # index points: less is no change
PARTS = ("change", "own_mean", "mix", "national_mean")
SIDES = ("below", "around", "above", "none")


def put_side_by_side(before: DataFrame, after: DataFrame, key: list[str], figures: list[str]) -> DataFrame:
    """One row per key that either has: every figure as <name>_before and <name>_after, null where there is no row."""
    sides = [
        frame.select(*key, *[F.col(name).alias(f"{name}_{side}") for name in figures])
        for frame, side in ((before, "before"), (after, "after"))
    ]
    return sides[0].join(sides[1], key, "full_outer")


def compare_practices(before: Frames, after: Frames) -> DataFrame:
    """Every practice of either run.

    In:  practice_index of both runs.
    Out: practice_agb, combinations, index, index_rounded, ci_lower, ci_upper (each _before and _after), presence (both,
         appeared, disappeared), change (of the unrounded index, in index points; null unless both), has_interval (in
         both runs: more than ten combinations), side_before, side_after (the interval lies below 100, around it, above
         it, or there is none).
    """
    figures = ["combinations", "index", "index_rounded", "ci_lower", "ci_upper"]
    practices = put_side_by_side(before["practice_index"], after["practice_index"], ["practice_agb"], figures)
    return practices.select(
        "*",
        F.when(F.col("index_before").isNull(), "appeared")
        .when(F.col("index_after").isNull(), "disappeared")
        .otherwise("both")
        .alias("presence"),
        (F.col("index_after") - F.col("index_before")).alias("change"),
        (F.col("ci_lower_before").isNotNull() & F.col("ci_lower_after").isNotNull()).alias("has_interval"),
        *[
            F.when(F.col(f"ci_upper_{side}") < 100, "below")
            .when(F.col(f"ci_lower_{side}") > 100, "above")
            .when(F.col(f"ci_lower_{side}").isNotNull(), "around")
            .otherwise("none")
            .alias(f"side_{side}")
            for side in BEFORE_AND_AFTER
        ],
    )


def count_presence(practices: DataFrame) -> DataFrame:
    """Out: presence, practices, combinations_before, combinations_after (0 where the practices are not in the run).

    Not to be told as it is: `gives_away`.
    """
    return practices.groupBy("presence").agg(
        F.count(F.lit(1)).alias("practices"),
        *[F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in ("combinations_before", "combinations_after")],
    )


def gives_away(practices: int, combinations: int, listed: Sequence[int | None]) -> bool:
    """Does a sum over the practices of one run only tell of a small one, to a reader who subtracts the listed ones?

    He knows of each other practice that it has at least one combination, and at most as many as the smallest listed one
    (nine where one is listed without its number). Where what is left lies within ten of the least or of the most that
    so many practices can have, the sum must be withheld. Elsewhere nine or more numbers are possible for each; a single
    other practice is then told exactly, and has more than ten.
    In:  practices (in the sum), combinations (the sum), listed (from `list_unmatched`; null: fewer than ten).
    """
    told = [one for one in listed if one is not None]
    others, left = practices - len(told), combinations - sum(told)
    most = min(told) if told and len(told) == len(listed) else FEWEST - 1
    return others > 0 and min(left - others, others * most - left) < FEWEST


def list_unmatched(practices: DataFrame, most: int) -> DataFrame:
    """The largest practices of one run only; of those with few combinations no figures.

    Out: presence (appeared, disappeared), place, practice_agb, combinations, index_rounded (null: fewer than ten).
    """
    combinations = F.coalesce("combinations_before", "combinations_after")
    index_rounded = F.coalesce("index_rounded_before", "index_rounded_after")
    largest = Window.partitionBy("presence").orderBy(F.desc(combinations), "practice_agb")
    is_told = combinations >= FEWEST
    return (
        practices.where(F.col("presence") != "both")
        .select(
            *("presence", "practice_agb"),
            F.row_number().over(largest).alias("place"),
            F.when(is_told, combinations).alias("combinations"),
            F.when(is_told, index_rounded).alias("index_rounded"),
        )
        .where(F.col("place") <= most)
    )


def count_changes(practices: DataFrame) -> DataFrame:
    """The distribution of the change of the index, over practices in both runs.

    Out: bin (0: no change; 1, 2, ...: up by less than 1 point, by less than 5, ...: `EDGES`; -1, -2, ...: down),
         practices, with_interval (of those, in both runs).
    """
    size = F.abs("change") + HAIR  # a change by a whole number of points may lie a hair below it
    reached = sum((F.when(size >= edge, 1).otherwise(0) for edge in EDGES), F.lit(1))
    up_or_down = F.when(F.col("change") < 0, -1).otherwise(1)
    return (
        practices.where(F.col("presence") == "both")
        .select(F.when(size < 2 * HAIR, 0).otherwise(up_or_down * reached).alias("bin"), "has_interval")
        .groupBy("bin")
        .agg(F.count(F.lit(1)).alias("practices"), F.count_if("has_interval").alias("with_interval"))
    )


def count_sides(practices: DataFrame) -> DataFrame:
    """Where the interval lies, over practices in both runs.

    Out: side_before, side_after, practices, rounded_changed (of those: index_rounded is another).
    """
    return (
        practices.where(F.col("presence") == "both")
        .groupBy("side_before", "side_after")
        .agg(
            F.count(F.lit(1)).alias("practices"),
            F.count_if(F.col("index_rounded_before") != F.col("index_rounded_after")).alias("rounded_changed"),
        )
    )


def find_moved(practices: DataFrame, most: int) -> DataFrame:
    """The practices whose index moved most, of those with an interval in both runs: the others move by a patient.

    Out: as `compare_practices`, + place (1: moved most; ties in the order of practice_agb).
    """
    moved = practices.where(F.col("has_interval") & (F.abs("change") >= HAIR))
    place = F.row_number().over(Window.orderBy(F.desc(F.abs("change")), "practice_agb"))
    return moved.select("*", place.alias("place")).where(F.col("place") <= most)


def explain_changes(before: DataFrame, after: DataFrame) -> DataFrame:
    """What every basket of a practice adds to the change of its index; over all its baskets it adds up to the change.

    A basket is measured against 100, so that to have patients is no merit of its own: it adds the change of
    weight * (practice_mean / national_mean - 1), and 0 where a run does not have it. Weights add up to 1, and so these
    changes to that of the index. Each is taken apart by letting one of the three change while the others stay at the
    mean of before and after. A basket of one run only changes by its weight: that is all mix. Mix is above 0 where a
    basket grew in which the practice lies above the country, or one shrank in which it lies below.
    In:  practice_baskets of both runs, of practices that are in both.
    Out: practice_agb, basket_id, combinations_before, combinations_after (0: not in the run), change, own_mean, mix,
         national_mean (index points; the last three add up to the first).
    """
    figures = ["combinations", "weight", "weighted_index", "basket_index", "practice_mean", "national_mean"]
    both = put_side_by_side(before, after, ["practice_agb", "basket_id"], figures)

    def or_nothing(name: str) -> list[Column]:
        return [F.coalesce(f"{name}_{side}", F.lit(0.0)) for side in BEFORE_AND_AFTER]

    def or_other(name: str) -> list[Column]:
        return [F.coalesce(f"{name}_before", f"{name}_after"), F.coalesce(f"{name}_after", f"{name}_before")]

    weight, weighted_index = or_nothing("weight"), or_nothing("weighted_index")
    own, index = or_other("practice_mean"), or_other("basket_index")
    inverse = [1 / national for national in or_other("national_mean")]
    return both.select(
        *("practice_agb", "basket_id"),
        *[F.coalesce(f"combinations_{side}", F.lit(0)).alias(f"combinations_{side}") for side in BEFORE_AND_AFTER],
        (100 * (_change(weighted_index) - _change(weight))).alias("change"),
        (100 * (_middle(weight) * (_change(own) * _middle(inverse)))).alias("own_mean"),
        (100 * (_change(weight) * (_middle(index) - 1))).alias("mix"),
        (100 * (_middle(weight) * (_middle(own) * _change(inverse)))).alias("national_mean"),
    )


def _change(sides: list[Column]) -> Column:
    return sides[1] - sides[0]


def _middle(sides: list[Column]) -> Column:
    return (sides[0] + sides[1]) / 2


def rank_baskets(explained: DataFrame) -> DataFrame:
    """Which baskets of a practice moved its index most, and of which the figures are told.

    In:  explained (from `explain_changes`).
    Out: + place (1: adds or takes most; ties in the order of basket_id), is_told: among the first three, at least ten
         combinations in both runs, and as many in the rest of the practice, which a reader could subtract.
    """
    of_practice = Window.partitionBy("practice_agb")
    place = F.row_number().over(of_practice.orderBy(F.desc(F.abs("change")), "basket_id"))
    fewest = F.least("combinations_before", "combinations_after")
    ranked = explained.select("*", place.alias("place"), ((place <= NAMED) & (fewest >= FEWEST)).alias("is_large"))
    rest = [
        F.sum(F.when(F.col("is_large"), 0).otherwise(F.col(f"combinations_{side}"))).over(of_practice)
        for side in BEFORE_AND_AFTER
    ]
    last_large = F.max(F.when(F.col("is_large"), F.col("place"))).over(of_practice)
    is_rest = F.count_if(~F.col("is_large")).over(of_practice) > 0
    gives_away = is_rest & (F.least(*rest) < FEWEST)
    is_told = F.col("is_large") & ~(gives_away & (F.col("place") == last_large))
    return ranked.select(*explained.columns, "place", is_told.alias("is_told"))


def name_baskets(ranked: DataFrame) -> DataFrame:
    """The baskets that moved a practice most; without figures where they are not told.

    Out: practice_agb, place, basket_id, the five classes, is_small (fewer than ten combinations in a run), is_told,
         combinations_before, combinations_after, change, own_mean, mix, national_mean (null unless told).
    """
    is_small = F.least("combinations_before", "combinations_after") < FEWEST
    figures = [f"combinations_{side}" for side in BEFORE_AND_AFTER] + [*PARTS]
    return ranked.where(F.col("place") <= NAMED).select(
        *("practice_agb", "place", "basket_id"),
        *[class_of(name).alias(name) for name in CLASSES],
        is_small.alias("is_small"),
        "is_told",
        *[F.when(F.col("is_told"), F.col(name)).alias(name) for name in figures],
    )


def add_up(baskets: DataFrame) -> DataFrame:
    """Out: practice_agb, baskets (their number), change, own_mean, mix, national_mean (exact sums)."""
    return baskets.groupBy("practice_agb").agg(
        F.count(F.lit(1)).alias("baskets"), *[exact.total(F.col(name)).alias(name) for name in PARTS]
    )
