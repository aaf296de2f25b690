"""Spark with Comet: where it is used, and what is installed for it (`make setup SPARK=4.1`)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import functions as F

from zorgstat.behandelindex import synth
from zorgstat.conf import changed
from zorgstat.io import comet
from zorgstat.io.engine import Engine

ROOT = Path(__file__).parents[2]
JAR, DELTA = Path("comet-spark-spark4.1_2.13-1.2.0.jar"), Path("delta-spark_4.1_2.13-4.4.0.jar")


def lock(spark: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ROOT / "conf/setup/lock.sh"), spark], capture_output=True, text=True, check=False, timeout=60
    )


def test_it_is_used_where_its_jar_is_and_its_code_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert comet.is_there([DELTA, JAR])
    assert not comet.is_there([DELTA])
    monkeypatch.setattr("sys.platform", "darwin")
    assert not comet.is_there([DELTA, JAR])


def test_each_spark_has_its_own_pyspark_and_all_else_alike() -> None:
    with_4_2, with_4_1 = (lock(spark).stdout.splitlines() for spark in ("4.2", "4.1"))
    assert with_4_2 == (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    [earlier] = [line for line in with_4_1 if line.startswith("pyspark==")]
    [later] = [line for line in with_4_2 if line.startswith("pyspark==")]
    assert (earlier, later) == ("pyspark==4.1.4 \\", "pyspark==4.2.0 \\")
    at = with_4_2.index(later)
    alike = [*with_4_2[:at], *with_4_2[at + 2 :]]  # without it and its hash
    assert with_4_1[: len(alike)] == alike
    assert [line for line in with_4_1[len(alike) :] if not line.startswith("#")][:1] == [earlier]
    assert len(with_4_1) == len(alike) + 3


def test_another_spark_is_refused() -> None:
    asked = lock("4.3")
    assert asked.returncode == 2
    assert asked.stdout == ""
    assert asked.stderr == "SPARK is 4.3; use 4.2 or 4.1.\n"


def test_it_works_and_claims_are_made_without_it(engine: Engine, request: pytest.FixtureRequest) -> None:
    """As `make test-comet` asks for; otherwise Spark plans alone."""
    by_comet = request.config.getoption("--comet")
    numbers = engine.spark.range(1000).groupBy((F.col("id") % 7).alias("rest")).agg(F.sum("id").alias("total"))
    assert ("Comet" in plan_of(numbers)) == by_comet
    assert engine.version == pyspark.__version__ + (" with Comet" if by_comet else "")
    with changed(engine.spark, comet.OFF):
        assert engine.version == pyspark.__version__
        claims = synth.tables(engine.spark, 1000, 1, 2023)["claims"]
        assert "Comet" not in plan_of(claims)
        assert claims.count() > 900


def test_what_is_kept_is_read_where_it_lies(engine: Engine, request: pytest.FixtureRequest) -> None:
    """And no more is planned: by Comet in its own columns, which are let go; of a checkpoint Java does that."""
    by_comet = request.config.getoption("--comet")
    totals = engine.spark.range(1000).groupBy((F.col("id") % 7).alias("rest")).agg(F.sum("id").alias("total"))
    with changed(engine.spark, {"spark.sql.adaptive.enabled": "false"}):
        again = engine.keep(totals).groupBy("rest").agg(F.max("total").alias("total"))
        [leaf] = again._jdf.queryExecution().optimizedPlan().collectLeaves().mkString("|").split("|")
        assert leaf.startswith("InMemoryRelation" if by_comet else "LogicalRDD")
        above, _, _ = plan_of(again).partition("CometInMemoryTableScan" if by_comet else "Scan ExistingRDD")
        assert "Exchange" not in above
        assert "ToColumnar" not in above
        assert dict(again.collect()) == {rest: sum(range(rest, 1000, 7)) for rest in range(7)}
    engine.release()
    if by_comet:
        assert not engine.spark.sparkContext._jsc.getPersistentRDDs()  # type: ignore[attr-defined]


def plan_of(frame: object) -> str:
    return str(frame._jdf.queryExecution().executedPlan().toString())  # type: ignore[attr-defined]
