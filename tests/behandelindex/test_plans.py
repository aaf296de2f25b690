"""The plan that Spark makes of the heavy part, stated and held (docs/plan.md)."""

from __future__ import annotations

import re

import pytest

from tests.oracle import cases
from tests.support import person_key, with_key, write_inputs
from zorgstat.behandelindex import pipeline, selection
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.io.session import Engine
from zorgstat.io.store import Store


@pytest.fixture(scope="module")
def plan(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The physical plan of `pipeline.tally` over real tables, a line an operator, with as many partitions as in use."""
    tables, raw = cases.generate(1, claims=1000)
    store = Store(engine, str(write_inputs(tmp_path_factory.mktemp("inputs"), tables)))
    inputs, _ = store.read_pinned(INPUTS, {table.name: 0 for table in INPUTS})
    settings = resolve(raw)
    inputs["person_key"] = person_key(engine.spark)
    labels = engine.keep(with_key(selection.number_labels(inputs["insurers"], inputs["claims"], settings)))
    practices = engine.keep(selection.number_practices(inputs["agb_register"]))
    engine.spark.conf.set("spark.sql.shuffle.partitions", "8")
    tally = pipeline.tally(inputs, labels, practices, settings, engine.keep)
    plan = str(tally._jdf.queryExecution().executedPlan().toString()).splitlines()
    engine.spark.conf.set("spark.sql.shuffle.partitions", "1")
    engine.release()
    return plan


def operators(plan: list[str], name: str) -> list[str]:
    return [line for line in plan if re.search(rf"\b{name}\b", line)]


def test_rows_move_between_partitions_as_stated(plan: list[str]) -> None:
    """People move once by person (claims, enrolments, high cover), the few candidates once, the tally once."""
    by_hash = operators(plan, "Exchange hashpartitioning")
    keys = sorted(re.search(r"hashpartitioning\(([^)]*)\)", line)[1] for line in by_hash)  # type: ignore[index]
    found = [re.sub(r"#\d+L?|, \d+$", "", key) for key in keys]
    assert [key for key in found if key == "person"] == ["person"] * 3
    assert sorted(set(found) - {"person"}) == [
        "outcome, label, practice, basket_id",
        "person, group, av_policy",
        "uzovi",  # of the labels that the claims name
        "uzovi, practice_agb, person, stranger",
    ]


def test_claims_are_read_four_times(plan: list[str]) -> None:
    """For the labels that they name (one column), for the credits, for what those touch, and for all the rest."""
    scans = [line for line in operators(plan, "FileScan parquet") if "/claims]" in line]
    columns = {re.sub(r"#\d+L?", "", re.search(r"\[([^\]]*)\]", line)[1]) for line in scans}  # type: ignore[index]
    assert sorted(len(read.split(",")) for read in columns) == [1, 12, 13, 15], columns


def test_no_row_by_row_python_and_no_product(plan: list[str]) -> None:
    text = "\n".join(plan)
    assert "Python" not in re.sub(r"ExistingRDD|LogicalRDD", "", text).replace("MapInPython", "Python!")
    assert "CartesianProduct" not in text
    # With the one row of the run's key only.
    products = {line.split("BroadcastNestedLoopJoin ")[1] for line in operators(plan, "BroadcastNestedLoopJoin")}
    assert products <= {"BuildLeft, Cross", "BuildRight, Cross"}
    assert len(operators(plan, "Cross")) == len([line for line in plan if "ExistingRDD[person_factor" in line])


def test_claims_are_never_sorted(plan: list[str]) -> None:
    """Sorts are of candidates for netting, of groups and people by person, and of small registers."""
    keys = [re.sub(r"#\d+L?", "", line.split("Sort [")[1]) for line in plan if "- Sort [" in line]
    first = {key.split(" ")[0] for key in keys}
    assert first <= {"uzovi", "person", "practice_agb", "concern", "score", "postcode4"}
    assert not [key for key in keys if key.startswith("uzovi") and "practice_agb" not in key and "bsn" in key]


def test_counting_is_by_hash(plan: list[str]) -> None:
    """Only of people the latest text is asked: their postcode, and their package where that is a concern's policy."""
    sorted_aggregates = operators(plan, "SortAggregate")
    assert sorted_aggregates
    assert all("key=[person#" in line for line in sorted_aggregates), sorted_aggregates
