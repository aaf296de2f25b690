"""The notebook runs as it is over a version that was really published, and shows what the tables say."""

from __future__ import annotations

import math
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame

from tests.oracle import cases
from tests.support import environment, write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.behandelindex.settings import resolve
from zorgstat.io import run
from zorgstat.io.engine import Engine

Rows = list[dict[str, Any]]
NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "behandelindex.py"


class Shown:
    """What the notebook displayed, next to the tables that it read."""

    def __init__(self, displayed: list[Rows], output: Path) -> None:
        self.funnel, self.percentiles, self.histogram, self.intervals, self.practice, self.baskets = displayed
        self.output = output

    def rows(self, table: str) -> Rows:
        return DeltaTable(str(self.output / table)).to_pyarrow_table().to_pylist()


@pytest.fixture(scope="module")
def shown(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    tables, raw = cases.generate(1, 1000)
    folder = tmp_path_factory.mktemp("notebook")
    settings = resolve(raw)
    run.execute(
        BEHANDELINDEX,
        engine,
        settings,
        str(write_inputs(folder / "in", tables)),
        str(folder / "out"),
        report=lambda phase: None,
    )
    displayed: list[Rows] = []

    def display(frame: DataFrame) -> None:
        displayed.append([row.asDict() for row in frame.collect()])

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZORGSTAT_ROOT", str(folder / "out"))
        patch.setenv("ZORGSTAT_YEAR", str(settings.report.year))
        patch.setenv("ZORGSTAT_VERSION", str(settings.report.version))
        patch.delenv("ZORGSTAT_PRACTICE", raising=False)
        runpy.run_path(str(NOTEBOOK), init_globals={"spark": engine.spark, "display": display})
    return Shown(displayed, folder / "out")


@pytest.mark.slow
def test_it_starts_spark_where_there_is_none(shown: Shown) -> None:
    asked = environment(ZORGSTAT_ROOT=str(shown.output), ZORGSTAT_YEAR="2023", ZORGSTAT_VERSION="3")
    ran = subprocess.run([sys.executable, NOTEBOOK], env=asked, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.count("small_baskets_matter")) == (0, 2), ran.stderr


def test_it_is_a_databricks_notebook() -> None:
    assert NOTEBOOK.read_text(encoding="utf-8").startswith("# Databricks notebook source\n")


def test_the_funnel_adds_up(shown: Shown) -> None:
    records = {name: 0 for name in OUTCOME_NAMES}
    for row in shown.rows("outcomes"):
        records[row["outcome"]] += row["records"]
    assert {row["outcome"]: row["records"] for row in shown.funnel} == {k: n for k, n in records.items() if n}
    assert [row["outcome"] for row in shown.funnel] == [name for name in OUTCOME_NAMES if records[name]]
    reached = sum(records.values())
    for row in shown.funnel:
        assert row["reached"] == reached
        reached -= row["records"]
    assert reached == 0


def test_the_distribution_covers_every_practice(shown: Shown) -> None:
    practices = shown.rows("practice_index")
    for row in shown.percentiles:
        indices = [p["index"] for p in practices if (p["correction_factor"] is not None) == row["has_interval"]]
        assert row["practices"] == len(indices)
        assert (row["p0"], row["p100"]) == pytest.approx((min(indices), max(indices)), abs=0.05001)
    assert sum(row["practices"] for row in shown.percentiles) == len(practices)
    by_bin: dict[int, int] = {}
    for practice in practices:
        if practice["correction_factor"] is not None:
            start = 5 * math.floor(practice["index"] / 5)
            by_bin[start] = by_bin.get(start, 0) + 1
    assert [(row["index_from"], row["practices"]) for row in shown.histogram] == sorted(by_bin.items())


def test_every_interval_lies_below_around_or_above_100(shown: Shown) -> None:
    practices = shown.rows("practice_index")
    assert sum(row["practices"] for row in shown.intervals) == len(practices)
    for row in shown.intervals:
        placed = row["below_100"] + row["around_100"] + row["above_100"]
        assert placed == (0 if row["correction_factor"] is None else row["practices"])
    assert sum(row["small_baskets_matter"] for row in shown.intervals) == sum(
        practice["small_baskets_matter"] for practice in practices
    )


def test_the_baskets_explain_the_practice(shown: Shown) -> None:
    [practice] = shown.practice
    assert practice["combinations"] == max(row["combinations"] for row in shown.rows("practice_index"))
    moves = {
        row["basket_id"]: 100 * (row["weighted_index"] - row["weight"])
        for row in shown.rows("practice_baskets")
        if row["practice_agb"] == practice["practice_agb"]
    }
    assert sum(moves.values()) == pytest.approx(practice["index"] - 100)
    most = sorted(moves, key=lambda basket: (-abs(moves[basket]), basket))[:15]
    assert [row["basket_id"] for row in shown.baskets] == most
    assert [row["moves"] for row in shown.baskets] == [moves[basket] for basket in most]
    first = shown.baskets[0]
    assert 1 + sum(size * place for size, place in zip((450, 90, 9, 3, 1), class_places(first), strict=True)) == most[0]


def class_places(row: dict[str, Any]) -> tuple[int, int, int, int, int]:
    """The classes of a displayed basket by their names, counted from 0."""
    return (
        ("M", "V").index(row["sex"]),
        ("0-17", "18-44", "45-64", "65-74", "75-120").index(row["age"]),
        (
            *("xx00-xx09", "xx10-xx19", "xx20-xx28", "xx31-xx39", "xx40-xx48"),
            *("xx50-xx56", "xx60-xx69", "xx70-xx79", "xx80-xx89", "xx90-xx99"),
        ).index(row["pathology"]),
        ("Bzv", "supplementary low", "supplementary high").index(row["insurance"]),
        ("low", "middle", "high").index(row["ses"]),
    )
