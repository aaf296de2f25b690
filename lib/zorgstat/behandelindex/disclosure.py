"""What others than the practice itself may see of the five outputs (docs/disclosure.md, decision 8).

practice_baskets is the inside of a grid whose totals are practice_index and national_baskets, so the three are hidden
together. outcomes is a grid of labels and outcomes. correction_factors is about no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zorgstat import disclosure
from zorgstat.behandelindex.selection import Outcome
from zorgstat.behandelindex.tables import (
    CORRECTION_FACTORS,
    NATIONAL_BASKETS,
    OUTCOMES,
    PRACTICE_BASKETS,
    PRACTICE_INDEX,
)
from zorgstat.disclosure import Rules
from zorgstat.partitions import Keep
from zorgstat.pipelines import Frames
from zorgstat.tables import RUN_COLUMNS, Table

RUN = tuple(column.name for column in RUN_COLUMNS)
CLASSES = ("sex", "age_class", "pathology_class", "insurance_class", "ses_class")

# What a row is about. Everything else is a figure: weight alone tells the combinations of a basket.
KEPT = {
    "outcomes": ("uzovi", "concern", "outcome", *RUN),
    "national_baskets": ("basket_id", *CLASSES, *RUN),
    "practice_index": ("practice_agb", *RUN),
}
# Each of these is one more equation between the baskets of a practice, exact to fifteen digits: with a few baskets
# hidden, it has one solution in whole people. The method publishes whole index points.
EQUATIONS = ("expected_treatments", "index", "index_excl_small")

OUTCOMES_SHOWN = disclosure.declare(OUTCOMES, KEPT["outcomes"])
NATIONAL_SHOWN = disclosure.declare(NATIONAL_BASKETS, KEPT["national_baskets"])
INDEX_SHOWN = disclosure.declare(PRACTICE_INDEX, KEPT["practice_index"], left_out=EQUATIONS)
BASKETS_SHOWN = replace(
    PRACTICE_BASKETS,
    description=f"{PRACTICE_BASKETS.description} What is not here is hidden or empty: which of the two is not told.",
)
EXPORTS: tuple[Table, ...] = (OUTCOMES_SHOWN, NATIONAL_SHOWN, BASKETS_SHOWN, INDEX_SHOWN, CORRECTION_FACTORS)

# What a reader of an export must know, under headings.
NOTES = (
    ("practice_baskets", "A basket of a practice that is not in the table is hidden or empty: which is not told."),
    (
        "Left out",
        f"{', '.join(EQUATIONS)}: unrounded, they would give hidden figures away. Records of the reserved labels "
        "(treaty patients, asylum seekers, military staff).",
    ),
)

BASKETS_GRID, OUTCOMES_GRID = "practice by basket", "label by outcome"


@dataclass(frozen=True)
class Disclosed:
    """What may be shown, by table (columns: `EXPORTS`), and how much is hidden (table, hidden, cells): for insiders."""

    tables: dict[str, DataFrame]
    hidden: DataFrame


def disclose(outputs: Frames, earlier: Sequence[Frames], rules: Rules, keep: Keep) -> Disclosed:
    """The outputs of a run as others may see them.

    In: the five outputs by name, of this run, and of every earlier publication of the year, the oldest first. Each of
    those is judged by the same rules, and with what came before it, so that what was hidden then is known now.
    """
    judged: list[DataFrame] = []
    for frames in [*(earlier if rules.between_versions else ()), outputs]:
        judged.append(disclosure.hide(cells(frames), judged, rules, keep))
    return Disclosed(shown(outputs, judged[-1]), count_hidden(judged[-1]))


def cells(outputs: Frames) -> DataFrame:
    """Everything with people in it, as cells of two grids (columns: `disclosure.hide`).

    Out: people are combinations (within a practice and a basket they are people), patients of a practice, and records
    of an outcome (at least as many as people). A hidden basket of a practice leaves no row behind; all else that is
    hidden keeps its row, which tells that somebody is there.
    """
    everywhere = F.lit(None).cast("string")
    baskets, practices = F.col("basket_id").cast("string"), F.col("practice_agb")
    parts = [
        (outputs["practice_baskets"], BASKETS_GRID, practices, baskets, "combinations", 0),
        (outputs["practice_index"], BASKETS_GRID, practices, everywhere, "patients", 1),
        (outputs["national_baskets"], BASKETS_GRID, everywhere, baskets, "combinations", 1),
        (_outcomes(outputs), OUTCOMES_GRID, F.col("uzovi"), F.col("outcome"), "records", 1),
    ]
    return reduce(DataFrame.unionByName, [_cells(*part) for part in parts])


def _cells(frame: DataFrame, grid: str, row: Column, column: Column, people: str, at_least: int) -> DataFrame:
    return frame.select(
        F.lit(grid).alias("grid"),
        row.alias("row"),
        column.alias("column"),
        F.col(people).alias("people"),
        F.lit(at_least).cast("bigint").alias("at_least"),
    )


def _outcomes(outputs: Frames) -> DataFrame:
    """Without the reserved labels, of which nothing leaves the inner circle, and without labels that are no label.

    Where a label is unknown, uzovi is what somebody delivered: anything but four digits may be any number at all.
    """
    is_code = (F.length("uzovi") == 4) & F.col("uzovi").rlike("^[0-9]{4}")
    is_reserved = F.col("outcome") == Outcome.RESERVED_UZOVI.name.lower()
    return outputs["outcomes"].where(~is_reserved & (F.col("concern").isNotNull() | is_code))


def shown(outputs: Frames, judged: DataFrame) -> dict[str, DataFrame]:
    """The five outputs, as `cells` and `disclosure.hide` judged them; columns as in `EXPORTS`."""
    verdicts = judged.select("*", F.col("hidden").isNotNull().alias("is_suppressed"))
    in_baskets = verdicts.where(F.col("grid") == BASKETS_GRID)
    is_basket, is_practice = F.col("column").isNotNull(), F.col("row").isNotNull()
    basket_id = F.col("column").cast("int").alias("basket_id")
    agb = F.col("row").alias("practice_agb")
    practices = in_baskets.where(~is_basket).select(agb, "is_suppressed")
    baskets = in_baskets.where(~is_practice).select(basket_id, "is_suppressed")
    inside = in_baskets.where(is_basket & is_practice & ~F.col("is_suppressed")).select(agb, basket_id)
    outcomes = verdicts.where(F.col("grid") == OUTCOMES_GRID).select(
        F.col("row").alias("uzovi"), F.col("column").alias("outcome"), "is_suppressed"
    )
    return {
        "outcomes": _blank(_outcomes(outputs).join(outcomes, ["uzovi", "outcome"]), OUTCOMES_SHOWN),
        "national_baskets": _blank(outputs["national_baskets"].join(baskets, "basket_id"), NATIONAL_SHOWN),
        "practice_baskets": outputs["practice_baskets"]
        .join(inside, ["practice_agb", "basket_id"], "left_semi")
        .select(*BASKETS_SHOWN.names),
        "practice_index": _blank(outputs["practice_index"].join(practices, "practice_agb"), INDEX_SHOWN),
        "correction_factors": outputs["correction_factors"].select(*CORRECTION_FACTORS.names),
    }


def _blank(frame: DataFrame, exported: Table) -> DataFrame:
    return disclosure.blank(frame, exported, KEPT[exported.name])


def count_hidden(judged: DataFrame) -> DataFrame:
    """How many cells are hidden, and why. Not for an export: with the totals it would narrow down what is hidden.

    Out: table, hidden (small, difference, complement), cells.
    """
    table = (
        F.when(F.col("grid") == OUTCOMES_GRID, "outcomes")
        .when(F.col("row").isNull(), "national_baskets")
        .when(F.col("column").isNull(), "practice_index")
        .otherwise("practice_baskets")
    )
    hidden = judged.where(F.col("hidden").isNotNull())
    return hidden.groupBy(table.alias("table"), "hidden").agg(F.count(F.lit(1)).alias("cells"))
