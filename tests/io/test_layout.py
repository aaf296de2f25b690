"""Tables laid out by person: the same figures, nothing lost for readers, no bsn where it must not be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars
import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from tests.oracle import cases
from tests.support import citizens, write_inputs
from zorgstat.behandelindex.tables import CLAIMS, ENROLMENTS
from zorgstat.errors import LockedError
from zorgstat.io import job, layout, locks
from zorgstat.io.engine import Engine
from zorgstat.io.layout import FILE_SIZE, SETTINGS, STATISTICS, Change
from zorgstat.io.store import Store

TABLES, _ = cases.generate(7, claims=300)
CITIZENS = citizens(TABLES)
ROWS = len(TABLES["claims"])
SCRIPT = str(Path(sys.executable).with_name("zorgstat"))


@dataclass(frozen=True)
class Moved:
    """A delivery before and after: claims as `synth` writes them, enrolments from a program that knows no privacy."""

    store: Store
    root: Path
    first: Mapping[str, Any]
    claims: Change
    enrolments: Change
    begun_before: int  # claims that a reader found who had opened the table before
    second: Mapping[str, Any]

    def log(self, table: str, since: int = 0) -> str:
        """Every file of Delta's log from a version on, as text."""
        files = [path for path in (self.root / table / "_delta_log").rglob("*") if path.is_file()]
        new = [path for path in files if path.name >= f"{since:020d}"]
        return "\n".join(path.read_bytes().decode("latin-1") for path in new)


def write_claims(store: Store) -> None:
    """Claims in three files in order of receipt, with the bsn kept out of the statistics."""
    rows = store.engine.spark.createDataFrame(TABLES["claims"])
    store.replace(rows.repartitionByRange(3, "claim_date"), "claims")


@pytest.fixture
def small_files(engine: Engine) -> Iterator[None]:
    engine.spark.conf.set(FILE_SIZE, "4000")
    yield
    engine.spark.conf.unset(FILE_SIZE)


@pytest.fixture(scope="module")
def moved(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Moved:
    """The runs are done by Sail: it gives the figures of Spark in seconds."""
    folder = tmp_path_factory.mktemp("layout")
    inputs, output, settings = write_inputs(folder / "in", TABLES), folder / "out", folder / "settings.toml"
    settings.write_text("report = { year = 2022, version = 2 }\n")
    shutil.rmtree(inputs / "claims")
    store = Store(engine, str(inputs))
    write_claims(store)
    command = ["behandelindex", "run", settings, "--input", inputs, "--output", output, "--engine", "sail", "--json"]

    def published() -> dict[str, Any]:
        ran = subprocess.run([SCRIPT, *map(str, command)], capture_output=True, text=True, timeout=120, check=True)
        return dict(json.loads(ran.stdout))

    first = published()
    reader = engine.spark.read.format("delta").load(str(inputs / "claims"))
    engine.spark.conf.set(FILE_SIZE, "4000")
    try:
        claims, enrolments = layout.lay_out(store, CLAIMS), layout.lay_out(store, ENROLMENTS)
        assert engine.spark.conf.get(FILE_SIZE) == "4000"
    finally:
        engine.spark.conf.unset(FILE_SIZE)
    begun_before = reader.where("length(claim_reference) >= 0").count()
    return Moved(store, inputs, first, claims, enrolments, begun_before, second=published())


def test_the_figures_stay_the_same_to_the_bit(moved: Moved) -> None:
    """And the run after it is a new one: it read another version."""
    first, second = moved.first, moved.second
    assert (first["status"], second["status"]) == ("published", "published")
    assert second["run_id"] != first["run_id"]
    assert second["treatments"] > 0
    assert (second["checksums"], second["records"]) == (first["checksums"], first["records"])


def test_a_person_lies_in_one_file(moved: Moved) -> None:
    claims = moved.store.engine.spark.read.format("delta").load(str(moved.root / "claims"))
    files = claims.groupBy("bsn").agg(F.countDistinct("_metadata.file_path").alias("files"))
    assert files.where("files > 1").count() == 0
    before, after = moved.claims.before, moved.claims.after
    assert (before.rows, after.rows, before.since, after.since) == (ROWS, ROWS, None, after.version)
    assert (before.version, after.version, before.files) == (0, 1, 3)
    assert after.files > 3


def test_readers_of_earlier_versions_go_on(moved: Moved) -> None:
    """Those who had begun, those who pinned a version, and programs that are not Spark."""
    assert moved.begun_before == ROWS
    path, version = str(moved.root / "claims"), moved.claims.before.version
    spark = moved.store.engine.spark.read.format("delta")
    earlier, latest = spark.option("versionAsOf", version).load(path), spark.load(path)
    assert earlier.count() == ROWS
    assert earlier.exceptAll(latest).count() == latest.exceptAll(earlier).count() == 0
    key = list(CLAIMS.names)
    then = DeltaTable(path, version=version).to_pyarrow_table().sort_by([(name, "ascending") for name in key])
    now = DeltaTable(path).to_pyarrow_table().sort_by([(name, "ascending") for name in key])
    assert then.equals(now)
    assert len(polars.read_delta(path)) == ROWS
    protocol = DeltaTable(path).protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)


def test_no_citizen_comes_into_the_log(moved: Moved) -> None:
    """Not even where the log held some already: then the table is told to keep them out, and its owner hears of it."""
    assert len(CITIZENS) > 20
    assert not any(bsn in moved.log("claims") for bsn in CITIZENS)
    statistic = re.compile(r'\\"bsn\\":')
    assert statistic.search(moved.log("enrolments"))
    assert not statistic.search(moved.log("enrolments", since=1) + moved.log("claims"))
    assert not any(bsn in moved.log("enrolments", since=1) for bsn in CITIZENS)
    assert (moved.claims.was_in_log, moved.enrolments.was_in_log) == (False, True)
    kept = DeltaTable(str(moved.root / "enrolments")).metadata().configuration[STATISTICS].split(",")
    assert kept == [name for name in ENROLMENTS.names if name != "bsn"]


def test_what_lies_so_already_is_left_alone(moved: Moved) -> None:
    change = layout.lay_out(moved.store, CLAIMS)
    assert change.before == change.after == layout.look(moved.store, CLAIMS)
    assert change.after.version == moved.claims.after.version


def test_the_command_tells_and_does(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], small_files: None
) -> None:
    """A look changes nothing; then it is done; then rows come and it is no longer so."""
    store = Store(engine, str(tmp_path))
    write_claims(store)
    lies = lambda: layout.look(store, CLAIMS)  # noqa: E731
    before = lies()
    assert job.optimize(str(tmp_path), dry_run=True) == 0
    told = capsys.readouterr()
    assert told.out.startswith("claims: not laid out by person\n")
    assert re.search(rf"rows +{ROWS}\n +files +3\n +bytes +{before.bytes:,}\n", told.out)
    assert lies() == before
    assert job.optimize(str(tmp_path), ["claims", "claims"]) == 0
    after = lies()
    told = capsys.readouterr()
    assert re.search(r"claims: laid out by person in \d+\.\d s\n +version +0 +-> +1\n", told.out)
    assert re.search(rf"bytes +{before.bytes:,} +-> +{after.bytes:,}\n", told.out)
    assert not any(bsn in told.out + told.err for bsn in CITIZENS)
    engine.spark.createDataFrame(TABLES["claims"].slice(0, 1)).write.format("delta").mode("append").save(
        str(tmp_path / "claims")
    )
    assert (after.since, lies().since) == (1, None)


def test_stopped_it_leaves_the_table_and_the_session_as_they_were(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody else could write to the folder meanwhile."""
    store = Store(engine, str(tmp_path))
    write_claims(store)
    before, sql = layout.look(store, CLAIMS), layout._sql

    def stopped(store: Store, table: Any, statement: str) -> Any:
        if statement.startswith("OPTIMIZE"):
            with pytest.raises(LockedError), locks.hold(str(tmp_path), "commit", wait=False):
                pass
            raise KeyboardInterrupt
        return sql(store, table, statement)

    monkeypatch.setattr(layout, "_sql", stopped)
    assert job.optimize(str(tmp_path)) == 130
    assert "stopped" in capsys.readouterr().err
    assert layout.look(store, CLAIMS) == before
    assert not [key for key in (*SETTINGS, FILE_SIZE) if key in dict(engine.spark.conf.getAll)]


def test_what_cannot_be_done_is_told(engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All missing tables at once, before the first is touched; another engine before it starts."""
    write_claims(Store(engine, str(tmp_path)))
    assert job.optimize(str(tmp_path), ["claims", "enrolments", "av_classes"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert all(f"  {name}: the table is missing; expected" in told.err for name in ("enrolments", "av_classes"))
    assert DeltaTable(str(tmp_path / "claims")).version() == 0
    assert job.optimize(str(tmp_path), engine="sail") == 2
    assert "the engine sail has no OPTIMIZE; use --engine spark." in capsys.readouterr().err
