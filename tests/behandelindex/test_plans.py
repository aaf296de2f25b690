"""The plan that Spark makes of the heavy part, stated and held (docs/plan.md)."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from pyspark.sql import DataFrame

from tests.oracle import cases
from tests.support import person_key, with_key, write_inputs
from zorgstat.behandelindex import pipeline, selection
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.conf import changed
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store


@pytest.fixture(scope="module")
def plan(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The physical plans of `pipeline.judge` and of all that it keeps, over real tables: a line an operator."""
    tables, raw = cases.generate(1, claims=1000)
    store = Store(engine, str(write_inputs(tmp_path_factory.mktemp("inputs"), tables)))
    inputs, _ = store.read_pinned(INPUTS, {table.name: 0 for table in INPUTS})
    settings = resolve(raw)
    inputs["person_key"] = person_key(engine.spark)
    plan: list[str] = []

    def keep(frame: DataFrame) -> DataFrame:
        plan.extend(str(frame._jdf.queryExecution().executedPlan().toString()).splitlines())  # type: ignore[operator]
        return engine.keep(frame)

    with changed(
        engine.spark, {"spark.sql.shuffle.partitions": "8"}, must=True
    ):  # with one, nothing would need to move
        labels = with_key(keep(selection.number_labels(inputs["insurers"], inputs["claims"], settings)))
        practices = keep(selection.number_practices(inputs["agb_register"]))
        keep(pipeline.judge(inputs, labels, practices, settings, keep))
    return plan


def operators(plan: list[str], name: str) -> list[str]:
    return [line for line in plan if re.search(rf"\b{name}\b", line)]


RECORD = "uzovi, practice_agb, claim_reference"
SAME_PERSON = "coalesce(person, 0), isnull(person), coalesce(stranger, ), isnull(stranger)"
KEY = "treatment_date, performance_code, amount_cents"


def test_rows_move_between_partitions_as_stated(plan: list[str]) -> None:
    """People move once by person (claims, enrolments, high cover); netting moves few rows, by what they look up."""
    by_hash = [line.split("hashpartitioning(")[1] for line in operators(plan, "Exchange hashpartitioning")]
    found = Counter(re.sub(r"#\d+L?|, 8\), .*$", "", key) for key in by_hash)
    assert found == {
        "uzovi": 2,  # the register, and the labels that the claims name
        "person": 3,
        "whose": 1,  # what the credits ask for
        "person, concern_number, av_policy": 1,
        "key_hash": 1,  # keys that credits still ask for
        f"claim_reference, uzovi, practice_agb, {SAME_PERSON}": 1,  # debits
        f"prior_reference, uzovi, practice_agb, {SAME_PERSON}": 1,  # credits, to the debits that they name
        RECORD: 7,  # each debit with its credits; credits and debits that are left; the records of all pairs
        f"uzovi, practice_agb, person, stranger, {KEY}": 1,  # what is left, in turn
    }


def test_claims_are_read_four_times(plan: list[str]) -> None:
    """For the labels that they name (one column), for the credits, for what those touch, and for all the rest."""
    scans = [line for line in operators(plan, "FileScan parquet") if "/claims/" in line]
    columns = {re.sub(r"#\d+L?", "", re.search(r"\[([^\]]*)\]", line)[1]) for line in scans}  # type: ignore[index]
    assert sorted(len(read.split(",")) for read in columns) == [1, 7, 12, 15], columns


def test_no_row_by_row_python_and_no_product(plan: list[str]) -> None:
    text = "\n".join(plan)
    assert "Python" not in text
    assert "CartesianProduct" not in text
    # With the one row of the run's key only, broadcast anew or once more.
    products = {line.split("BroadcastNestedLoopJoin ")[1] for line in operators(plan, "BroadcastNestedLoopJoin")}
    assert products <= {"BuildLeft, Inner", "BuildRight, Inner"}
    key_alone = [
        line for line in plan if re.search(r"(LocalTableScan|ReusedExchange)( \[(person_\w+#\d+L(, )?)+\]|$)", line)
    ]
    assert len(operators(plan, "BroadcastNestedLoopJoin")) == len(key_alone) > 0


def test_claims_are_never_sorted(plan: list[str]) -> None:
    """Sorts are of candidates for netting, of groups and people by person, and of small registers."""
    keys = [re.sub(r"#\d+L?", "", line.split("Sort [")[1]) for line in plan if "- Sort [" in line]
    first = {key.split(" ")[0] for key in keys}
    of_candidates = {"uzovi", "claim_reference", "prior_reference"}
    assert first <= of_candidates | {"person", "practice_agb", "_w0", "score"}
    assert not [key for key in keys if "bsn" in key]


def test_counting_is_by_hash(plan: list[str]) -> None:
    """But where a text is asked for: a person's postcode or latest package, and the first credit that names a debit."""
    keys = {re.search(r"SortAggregate\(key=\[(\w+)#", line)[1] for line in operators(plan, "SortAggregate")}  # type: ignore[index]
    assert keys == {"person", "uzovi"}
