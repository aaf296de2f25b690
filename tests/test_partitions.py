"""Where rows lie changes no row."""

from __future__ import annotations

import contextlib
import io

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.io.engine import Engine
from zorgstat.partitions import everywhere, gather

MANY = 200_000  # too many for Sail to hold in each partition of its own accord


def sides(engine: Engine) -> tuple[DataFrame, DataFrame]:
    """Kept, so that the engine knows how many they are."""
    numbers = engine.keep(engine.spark.range(MANY).select((F.col("id") * 7).alias("number"), "id"))
    return numbers, engine.keep(engine.spark.range(3 * MANY).select(F.col("id").alias("number"), F.lit("x").alias("x")))


def plan(frame: DataFrame) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as told:
        frame.explain()
    return told.getvalue()


def test_a_side_that_is_everywhere_keeps_its_rows_and_the_other_does_not_move(engine: Engine) -> None:
    small, large = sides(engine)
    joined = everywhere(small).join(large, "number")
    assert joined.columns == ["number", "id", "x"]
    look = [F.count("*"), F.sum("id")]
    assert joined.agg(*look).first() == small.join(large, "number").agg(*look).first()
    moves = {"spark": "Exchange hashpartitioning", "sail": "partitioning=Hash"}[engine.name]
    assert moves not in plan(joined)
    if engine.name == "sail":
        assert moves in plan(F.broadcast(small).join(large, "number")), "Sail takes hints now: everywhere can go"


def test_what_is_everywhere_may_hold_nothing(engine: Engine) -> None:
    small, large = sides(engine)
    assert everywhere(small.where("false")).join(large, "number").count() == 0
    with_nulls = small.select(F.nullif("number", F.lit(0)).alias("number"), "id")
    assert everywhere(with_nulls).count() == MANY


def test_rows_that_are_gathered_are_the_same_rows(engine: Engine) -> None:
    small, _ = sides(engine)
    look = [F.count("*"), F.sum("id")]
    assert gather(small, "number").agg(*look).first() == small.agg(*look).first()
