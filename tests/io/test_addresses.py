"""Roots that only Spark can open, as on object stores: a whole life of a run, and addresses with something wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.oracle import cases
from tests.support import write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS, PRACTICE_INDEX
from zorgstat.errors import SettingsError, TableError
from zorgstat.io import publication, run
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store
from zorgstat.tables import RUNS

TABLES, RAW = cases.generate(7, claims=300)
SETTINGS = resolve(RAW)
Name = Callable[[Path], str]


@pytest.fixture
def name(engine: Engine) -> Iterator[Name]:
    """Gives a folder an address, in a file system that Hadoop puts together of others: to zorgstat it is a store."""
    authority = f"store{secrets.token_hex(4)}"  # Hadoop remembers each as it was
    key = f"fs.viewfs.mounttable.{authority}.link./data"

    def mount(folder: Path) -> str:
        engine.spark.conf.set(key, folder.as_uri())
        return f"viewfs://{authority}/data"

    yield mount
    engine.spark.conf.unset(key)


def test_the_life_of_a_run(engine: Engine, name: Name, tmp_path: Path) -> None:
    """Spark pins, reads and writes, where in a folder delta-rs does: the same figures, told and found again."""
    write_inputs(tmp_path / "in", TABLES)
    root = name(tmp_path)
    inputs, output = f"{root}/in", f"{root}/out"
    in_a_folder = run.execute(BEHANDELINDEX, engine, SETTINGS, str(tmp_path / "in"), str(tmp_path / "folder"))
    first, again = [run.execute(BEHANDELINDEX, engine, SETTINGS, inputs, output) for _ in range(2)]
    assert (first.status, again.status, again.run_id) == ("published", "already published", first.run_id)
    assert first.checksums == in_a_folder.checksums
    assert first.figures == again.figures == in_a_folder.figures
    assert not (tmp_path / "out" / "_locks").exists()

    store, report = Store(engine, output), SETTINGS.report
    rows = store.rows(RUNS)
    assert [row["run_id"] for row in rows] == [first.run_id]
    assert {told for told, _ in store.commits(RUNS)} == {first.run_id}
    index = publication.published(store, PRACTICE_INDEX, report.year, report.version)
    assert index.count() == first.row_counts["practice_index"] > 0
    publication.withdraw(store, publication.find(rows, first.run_id), "to be read no more")
    assert publication.published(store, PRACTICE_INDEX, report.year, report.version).count() == 0


def test_tables_that_are_missing(engine: Engine, name: Name, tmp_path: Path) -> None:
    root = f"{name(tmp_path)}/none"
    with pytest.raises(TableError) as caught:
        run.execute(BEHANDELINDEX, engine, SETTINGS, root, str(tmp_path / "out"))
    assert list(caught.value.faults) == [
        f"{table.name}: the table is missing; expected a Delta table in {root}/{table.name}." for table in INPUTS
    ]


@pytest.mark.parametrize("root", ["viewfs://mounted-nowhere/data", "s3://bucket/x", "s3a://bucket/x"])
def test_an_address_that_cannot_be_opened(engine: Engine, tmp_path: Path, root: str) -> None:
    """Nothing of it is there, Spark knows no such store, or lacks its jars: not seven tables that are damaged."""
    inputs = write_inputs(tmp_path / "in", TABLES)
    for places in (root, str(tmp_path / "out")), (str(inputs), root):
        with pytest.raises(SettingsError, match=rf"^{root} cannot be opened \(\w.*\). Is the address right, and"):
            run.execute(BEHANDELINDEX, engine, SETTINGS, *places)
    assert not (tmp_path / "out" / "runs").exists()


def test_an_output_that_is_another_table(engine: Engine, name: Name, tmp_path: Path) -> None:
    inputs = write_inputs(tmp_path / "in", TABLES)
    output = tmp_path / "out"
    table = f"delta.`{output}/practice_index`"
    engine.spark.sql(f"CREATE TABLE {table} (practice_agb int, remark string NOT NULL) USING delta")
    with pytest.raises(TableError) as caught:
        run.execute(BEHANDELINDEX, engine, SETTINGS, str(inputs), name(output))
    assert "output practice_index: column practice_agb is int, expected string." in caught.value.faults
    assert caught.value.faults[-1] == (
        "output practice_index: column remark must have a value, and a run has none for it; allow null."
    )
