"""Tables as they are written and read, on either engine: what is in their log, files and moments."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from zorgstat.behandelindex.tables import INSURERS
from zorgstat.conf import changed
from zorgstat.errors import LockedError
from zorgstat.io import delta_rs, session, spark
from zorgstat.io.engine import Engine
from zorgstat.io.spark import ALWAYS
from zorgstat.io.store import RETENTION, Pin, Store
from zorgstat.tables import RUNS

TIME_ZONE, TIMESTAMPS = "spark.sql.session.timeZone", "spark.sql.parquet.outputTimestampType"


def test_a_replaced_table_has_no_bsn_in_its_log_and_keeps_its_versions(engine: Engine, tmp_path: Path) -> None:
    """Also where somebody else made the table, and Delta would keep the lowest and highest bsn of every file.

    A boolean has none, and Delta on Spark refuses a table that asks for it.
    """
    foreign = tmp_path / "claims"
    write_deltalake(str(foreign), pa.table({"bsn": ["111222333"], "amount": pa.array([1], pa.int32())}))
    made = engine.spark.createDataFrame([("999806294", 2, True)], "bsn string, amount int, physical boolean")
    store = Store(engine, str(tmp_path))
    for name in ("claims", "enrolments"):
        store.replace(made, name)
        table = DeltaTable(str(tmp_path / name))
        assert table.to_pyarrow_table().to_pylist() == [{"bsn": "999806294", "amount": 2, "physical": True}]
        configuration = table.metadata().configuration
        assert configuration["delta.dataSkippingStatsColumns"] == "amount"
        assert RETENTION.keys() <= configuration.keys()
        logs = [file.read_text() for file in (tmp_path / name / "_delta_log").glob("*.json")]
        assert not any("999806294" in log for log in logs)


def rename_file(table: Path, version: int, name: str) -> None:
    log = table / "_delta_log" / f"{version:020}.json"
    [path] = re.findall(r'"path":"([^"]+)"', log.read_text())
    (table / path).rename(table / name)
    log.write_text(log.read_text().replace(path, name))


def test_spark_reads_plain_tables_by_their_files(engine: Engine, tmp_path: Path) -> None:
    """Any version, without a query over the table's log; what only Delta understands, and odd names, by the log."""
    rows = pa.table({"n": pa.array([1, 2, 3], pa.int64()), "letter": ["a", "b", None]})

    def stored(name: str, **options: Any) -> str:
        path = str(tmp_path / name)
        for place in range(rows.num_rows):
            write_deltalake(path, rows.slice(place, 1), mode="append", **options)
        return path

    plain, others = stored("plain"), [stored("by letter", partition_by=["letter"]), stored("ödd"), stored("hidden")]
    empty = str(tmp_path / "empty")
    write_deltalake(empty, rows.schema.empty_table())
    rename_file(tmp_path / "hidden", version=0, name="_hidden.parquet")  # Spark would pass over it
    with_features = stored("features")
    log = tmp_path / "features" / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('"minReaderVersion":1', '"minReaderVersion":2'))

    whole = [(plain, 0), (plain, 2), (empty, 0)]
    assert [len(delta_rs.plain_files(*table).paths) for table in whole] == [1, 3, 0]  # type: ignore[union-attr]
    assert [delta_rs.plain_files(path, 0) for path in (*others, with_features)] == [None] * 4
    for path in (plain, *others):
        found = [engine.read(path, version).orderBy("n").toArrow() for version in (0, 2)]
        assert [table.to_pylist() for table in found] == [rows.to_pylist()[:1], rows.to_pylist()]
    assert engine.read(plain, 2).schema == engine.spark.read.format("delta").load(plain).schema
    assert (engine.read(empty, 0).schema, engine.read(empty, 0).collect()) == (engine.read(plain, 2).schema, [])


def test_rows_that_the_log_does_not_count_are_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "table"
    write_deltalake(str(path), pa.table({"n": pa.array([1, 2, 3], pa.int64())}))
    write_deltalake(str(path), pa.table({"n": pa.array([4], pa.int64())}), mode="append")
    assert [delta_rs.count_of_version(str(path), version) for version in (0, 1)] == [3, 4]
    log = path / "_delta_log" / f"{1:020}.json"
    log.write_text(re.sub(r',"stats":"(\\"|[^"])*"', "", log.read_text()))
    assert [delta_rs.count_of_version(str(path), version) for version in (0, 1)] == [3, None]


def test_what_was_added_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut takes nothing of a commit any more: its files, those of its checkpoint, and the folders of both."""
    root = tmp_path / "out"
    rows = pa.table({"n": [1], "name": ["ë, 1"]})  # written in another way in the log than on the disk
    of_table: dict[str, Any] = {"partition_by": ["name"], "configuration": {"delta.checkpointInterval": "1"}}
    write_deltalake(str(root / "table"), rows, **of_table)
    before = {path for path in root.rglob("*") if path.is_file() and path.name != "_last_checkpoint"}
    on_disk: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda opened: on_disk.add(os.fstat(opened).st_ino))
    delta_rs.append(str(root / "table"), rows, {}, "a run")
    expected = {root, *root.rglob("*")} - before
    assert {path.suffix for path in expected} == {"", ".json", ".parquet"}
    assert {path for path in {root, *root.rglob("*")} if path.stat().st_ino in on_disk} == expected


def test_a_session_that_was_there_keeps_its_settings(engine: Engine) -> None:
    others = {**dict.fromkeys(ALWAYS, "true"), TIME_ZONE: "Europe/Amsterdam", TIMESTAMPS: "INT96"}
    with changed(engine.spark, others), session.start("spark") as found:
        assert found.spark is engine.spark
        assert {key: found.spark.conf.get(key) for key in ALWAYS} == ALWAYS
    with changed(engine.spark, others):
        with session.start("spark"):
            pass
        assert {key: engine.spark.conf.get(key) for key in ALWAYS} == others
    assert {key: engine.spark.conf.get(key) for key in ALWAYS} == ALWAYS


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no run had the session, which all tests have."""
    monkeypatch.setattr(spark, "IN_USE", threading.RLock())


@pytest.mark.usefixtures("idle")
def test_a_session_is_found_from_another_thread(engine: Engine) -> None:
    """Otherwise it would be built again, which gives the same one, and stopped at the end."""

    def start() -> bool:
        with session.start("spark") as found:
            return found.spark is engine.spark

    with ThreadPoolExecutor() as pool:
        assert pool.submit(start).result()
    assert engine.spark.range(1).count() == 1


@pytest.mark.usefixtures("idle")
def test_a_session_that_was_there_has_one_run_at_a_time(engine: Engine) -> None:
    """The first that ends puts back its settings, and the other would read texts in another way."""

    def start() -> None:
        with session.start("spark"):
            pass

    with ThreadPoolExecutor() as pool:
        with session.start("spark"), pytest.raises(LockedError, match="another run of this notebook or job"):
            pool.submit(start).result()
        pool.submit(start).result()


@pytest.mark.slow
def test_a_session_that_was_stopped_is_not_found() -> None:
    """By its context, as some notebooks do: it is still called active then."""
    code = """
from zorgstat.io import session
from zorgstat.io.size import Size

with session.start(size=Size.DEMO) as engine:
    engine.spark.sparkContext.stop()
    with session.start(size=Size.DEMO) as again:
        print(again.spark.range(3).count())
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout == "3\n"


def test_moments_are_in_utc_whoever_reads_them(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine gives them in the time of this process, without saying so."""
    at = datetime(2023, 8, 14, 9, 30, tzinfo=timezone.utc)
    store = Store(engine, str(tmp_path))
    row = {name: "{}" for name in RUNS.names} | {"report_year": 2023, "report_version": 2, "sequence": 1, "at": at}
    store.add_rows([tuple(row[name] for name in RUNS.names)], RUNS, "run")
    try:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("TZ", "Europe/Amsterdam")
            time.tzset()
            [read] = store.rows(RUNS)
            elsewhere.setattr(delta_rs, "is_table", lambda path: None)
            [by_engine] = store.rows(RUNS)
    finally:
        time.tzset()
    assert [(one["at"], one["at"].utcoffset()) for one in (read, by_engine)] == [(at, timedelta(0))] * 2


def test_a_table_is_the_same_one_in_every_time_zone(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Spark tells of its versions: otherwise figures would be published again from a machine elsewhere."""
    write_deltalake(str(tmp_path / INSURERS.name), pa.table({"uzovi": ["0101"]}))
    store, seen = Store(engine, str(tmp_path)), []
    monkeypatch.setattr(delta_rs, "DeltaTable", None)
    try:
        for zone in ("UTC", "America/New_York"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            seen.append(store.pin([INSURERS]))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert seen[0] == seen[1]
    assert not seen[0][1]


def test_how_long_versions_are_kept_is_read_from_the_properties() -> None:
    def too_short(duration: str) -> list[str]:
        return Pin(0, "id@moment", dict.fromkeys(RETENTION, duration)).too_short

    for duration in ("interval 365 days", "interval 8760 hours", "INTERVAL 53 WEEKS", "interval 364 days 24 hours"):
        assert too_short(duration) == [], duration
    for duration in ("interval 364 days", "interval 364 days 23 hours", "interval 52 weeks"):
        assert too_short(duration) == list(RETENTION), duration
    assert too_short("interval 2 years") == []  # not read: Delta itself has accepted it
    assert Pin(0, "id@moment").too_short == list(RETENTION)  # what Delta does of itself
