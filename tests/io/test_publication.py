"""What a row in `runs` does: who sees which rows, when a run is one too many, and who else can read the tables."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.oracle import cases
from tests.support import Reached, until, write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.selection import OUTCOME_NAMES
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS, OUTPUTS, PRACTICE_INDEX
from zorgstat.errors import CheckError, LockedError, SettingsError, TableError
from zorgstat.io import delta_rs, publication, run
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store
from zorgstat.tables import RUNS, Table

TABLES, RAW = cases.generate(7, claims=300)
SETTINGS = resolve(RAW)
DELTA_TYPES = {"int": "integer", "bigint": "long"}


@dataclass(frozen=True)
class Shelf:
    """One version, run three times: at first, once more, and once more because somebody insists."""

    engine: Engine
    inputs: Path
    output: Path
    first: run.Result
    again: run.Result
    forced: run.Result

    def copy(self, folder: Path) -> Path:
        """The outputs elsewhere, to change."""
        shutil.copytree(self.output, folder)
        return folder

    def current(self, output: Path) -> tuple[set[str], int]:
        """What a reader of practice_index sees: the runs, and the number of rows."""
        report = SETTINGS.report
        store = Store(self.engine, str(output))
        rows = publication.published(store, PRACTICE_INDEX, report.year, report.version).collect()
        return {row["run_id"] for row in rows}, len(rows)


@pytest.fixture(scope="module")
def shelf(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("publication")
    inputs, output = write_inputs(folder / "in", TABLES), folder / "out"
    results = [
        run.execute(BEHANDELINDEX, engine, SETTINGS, str(inputs), str(output), force=force)
        for force in (False, False, True)
    ]
    return Shelf(engine, inputs, output, *results)


def test_engine_and_delta_rs_write_the_same_rows(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where delta-rs cannot, as on a cluster, the engine's own Delta writes, and adds to what delta-rs wrote."""
    output = shelf.copy(tmp_path / "out")
    with monkeypatch.context() as without:
        without.setattr(delta_rs, "can_append", lambda path: False)
        by_engine = run.execute(BEHANDELINDEX, shelf.engine, SETTINGS, str(shelf.inputs), str(output), force=True)
    assert by_engine.checksums == shelf.first.checksums
    assert by_engine.row_counts == shelf.first.row_counts
    writers = {
        version["engineInfo"].split("/")[0].split(":")[0]
        for table in (*OUTPUTS, RUNS)
        for version in DeltaTable(str(output / table.name)).history()
    }
    assert len(writers) == 2, writers
    assert shelf.current(output)[0] == {by_engine.run_id}


def test_a_table_that_asks_more_of_its_writers_is_left_to_the_engine(tmp_path: Path) -> None:
    table = DeltaTable.create(str(tmp_path / "table"), pa.schema([("n", pa.int64())]))
    assert delta_rs.can_append(str(tmp_path / "table"))
    assert delta_rs.can_append(str(tmp_path / "nothing yet"))
    assert not delta_rs.can_append("s3a://bucket/table")
    table.alter.add_constraint({"positive": "n > 0"})
    assert not delta_rs.can_append(str(tmp_path / "table"))


def read(output: Path, table: Table | str) -> list[dict[str, Any]]:
    name = table if isinstance(table, str) else table.name
    return DeltaTable(str(output / name)).to_pyarrow_table().to_pylist()


def add_row(output: Path, table: Table, row: dict[str, Any]) -> None:
    """As another program would: with delta-rs."""
    folder = str(output / table.name)
    write_deltalake(folder, pa.Table.from_pylist([row], DeltaTable(folder).to_pyarrow_table().schema), mode="append")


def withdraw(output: Path, run_id: str) -> None:
    row = next(row for row in read(output, RUNS) if row["run_id"] == run_id)
    add_row(
        output, RUNS, {**row, "status": "withdrawn", "at": datetime.now(timezone.utc), "reason": "a label came twice"}
    )


def begins(shelf: Shelf, inputs: Path, output: Path) -> bool:
    """Is there something to compute, or is it published already?"""
    try:
        result = run.execute(
            BEHANDELINDEX, shelf.engine, SETTINGS, str(inputs), str(output), report=until("check inputs")
        )
    except Reached:
        return True
    assert result.status == "already published"
    return False


def test_the_same_figures_are_published_once_unless_forced(shelf: Shelf) -> None:
    """A repeated run changes nothing; a forced one is the next run, with the same checksums, and the current one."""
    assert [result.status for result in (shelf.first, shelf.again, shelf.forced)] == [
        "published",
        "already published",
        "published",
    ]
    assert shelf.again.run_id == shelf.first.run_id != shelf.forced.run_id
    assert (shelf.again.figures["records"], shelf.again.checksums) == (
        shelf.first.figures["records"],
        shelf.first.checksums,
    )
    assert sum(shelf.first.figures["records"].values()) == len(TABLES["claims"])
    assert list(shelf.first.figures["records"]) == [
        name for name in OUTCOME_NAMES if name in shelf.first.figures["records"]
    ]
    rows = sorted(read(shelf.output, RUNS), key=lambda row: row["sequence"])
    assert [(row["run_id"], row["sequence"], row["status"]) for row in rows] == [
        (shelf.first.run_id, 1, "published"),
        (shelf.forced.run_id, 2, "published"),
    ]
    assert rows[0]["checksums"] == rows[1]["checksums"] == json.dumps(shelf.forced.checksums, sort_keys=True)
    assert shelf.current(shelf.output) == ({shelf.forced.run_id}, shelf.forced.figures["practices"])


def test_a_row_in_runs_tells_what_was_read_and_chosen(shelf: Shelf) -> None:
    """Versions, settings with defaults filled in, software and time; nothing about people."""
    row = read(shelf.output, RUNS)[0]
    assert json.loads(row["inputs"]) == {table.name: 0 for table in INPUTS}
    assert json.loads(row["settings"]).keys() == {
        "report", "participating", "netting", "av_source", "av_policy", "correction_factor"
    }  # fmt: skip
    assert (row["pipeline"], row["report_year"], row["report_version"]) == (
        "behandelindex",
        SETTINGS.report.year,
        SETTINGS.report.version,
    )
    assert abs((datetime.now(timezone.utc) - row["at"]).total_seconds()) < 3600
    assert row["engine"].startswith(shelf.engine.name)


def test_a_run_is_new_when_an_input_changed(shelf: Shelf, tmp_path: Path) -> None:
    """A moved delivery is the same one; a new version of one table is not, nor are other tables with versions 0."""
    moved = tmp_path / "moved"
    shutil.copytree(shelf.inputs, moved)
    assert not begins(shelf, moved, shelf.output)
    write_deltalake(str(moved / "ses_woa"), TABLES["ses_woa"], mode="overwrite")
    assert begins(shelf, moved, shelf.output)
    assert begins(shelf, write_inputs(tmp_path / "other", TABLES), shelf.output)
    assert len(read(shelf.output, RUNS)) == 2


def test_a_withdrawn_run_makes_way_for_the_one_before(shelf: Shelf, tmp_path: Path) -> None:
    """The earlier run is current again, and still makes a repetition needless; when it goes too, nothing is left."""
    output = shelf.copy(tmp_path / "out")
    withdraw(output, shelf.forced.run_id)
    assert shelf.current(output) == ({shelf.first.run_id}, shelf.first.figures["practices"])
    assert not begins(shelf, shelf.inputs, output)
    withdraw(output, shelf.first.run_id)
    assert shelf.current(output) == (set(), 0)
    assert begins(shelf, shelf.inputs, output)


def test_a_run_that_repeats_a_withdrawn_one_says_so(shelf: Shelf, tmp_path: Path) -> None:
    """A scheduler that knows nothing of it would bring the figures back without a word."""
    output = shelf.copy(tmp_path / "out")
    for result in (shelf.first, shelf.forced):
        withdraw(output, result.run_id)
    back = run.execute(BEHANDELINDEX, shelf.engine, SETTINGS, str(shelf.inputs), str(output))
    found = {
        result.run_id: next(finding for finding in result.findings if finding.rule == "withdrawn_before")
        for result in (shelf.first, back)
    }
    assert (found[shelf.first.run_id].severity, found[shelf.first.run_id].count) == ("warning", 0)
    assert found[back.run_id].count == 2
    assert f"{shelf.first.run_id} was withdrawn: a label came twice" in found[back.run_id].detail


def test_a_run_is_superseded_by_the_current_one(shelf: Shelf) -> None:
    first, forced = sorted(read(shelf.output, RUNS), key=lambda row: row["sequence"])
    assert publication.superseded_by([first, forced], first) == forced["run_id"]
    assert publication.superseded_by([first, forced], forced) is None
    withdrawn = {**forced, "status": "withdrawn"}
    assert publication.superseded_by([first, forced, withdrawn], first) is None


def test_rows_that_no_run_published_are_not_seen(shelf: Shelf, tmp_path: Path) -> None:
    """A run that was cut off leaves rows behind; the figures of the current run stay as they are."""
    output = shelf.copy(tmp_path / "out")
    row = read(output, PRACTICE_INDEX)[0]
    add_row(output, PRACTICE_INDEX, {**row, "run_id": "behandelindex-2022-2-003-abcdef"})
    assert shelf.current(output) == ({shelf.forced.run_id}, shelf.forced.figures["practices"])


def test_what_decides_the_figures_tells_a_repetition() -> None:
    """Inputs, settings, and the software too."""
    told = publication.fingerprint({}, {})
    assert publication.repeats({**told, "run_id": "a"}, told)
    assert not [name for name in told if publication.repeats({**told, name: "another"}, told)]


def test_the_row_that_published_a_run_is_found_wherever_it_lies() -> None:
    withdrawn, published = ({"run_id": "a", "status": status} for status in ("withdrawn", "published"))
    assert publication.find([withdrawn, published], "a") is published
    with pytest.raises(SettingsError, match="a: no such run was published here"):
        publication.find([withdrawn], "a")


def test_the_next_run_has_the_next_number_and_a_name_of_its_own() -> None:
    """Whatever was withdrawn, a row more, or is not there any more; two attempts at one number differ in name."""
    rows = [{"sequence": sequence} for sequence in (2, 7, 2, 2)]
    attempts = [publication.next_run(rows, "wlz", 2023, 2, {}) for _ in range(2)]
    assert [run.sequence for run in attempts] == [8, 8]
    assert attempts[0].run_id != attempts[1].run_id
    assert all(run.run_id.startswith("wlz-2023-2-008-") for run in attempts)
    assert publication.next_run([], "wlz", 2023, 2, {}).sequence == 1


def test_a_run_that_another_one_overtook_is_not_published(shelf: Shelf, tmp_path: Path) -> None:
    """Where there are no locks two runs of a version may come to the same number."""
    output = shelf.copy(tmp_path / "out")
    store, report = Store(shelf.engine, str(output)), SETTINGS.report
    late = publication.Run("behandelindex-2022-2-002-abcdef", "behandelindex", report.year, report.version, sequence=2)
    with pytest.raises(LockedError, match=f"{shelf.forced.run_id} was published meanwhile"):
        publication.publish(store, late, {}, {}, {})
    assert len(read(output, RUNS)) == 2


def test_views_show_what_published_shows(shelf: Shelf, tmp_path: Path) -> None:
    """The highest sequence, whatever the clock said; not what was withdrawn; odd rows of others hide nothing."""
    output = shelf.copy(tmp_path / "out")

    def seen() -> set[str]:
        for statement in publication.views(str(output), [PRACTICE_INDEX]):
            shelf.engine.spark.sql(statement)
        view = shelf.engine.spark.table(f"{PRACTICE_INDEX.name}_current")
        return {row["run_id"] for row in view.select("run_id").collect()}

    runs = DeltaTable(str(output / RUNS.name))
    of_first = f"run_id = '{shelf.first.run_id}'"
    runs.update(new_values={"at": datetime(2099, 1, 1, tzinfo=timezone.utc)}, predicate=of_first)
    assert seen() == shelf.current(output)[0] == {shelf.forced.run_id}
    add_row(output, RUNS, {**read(output, RUNS)[0], "run_id": None, "status": "withdrawn"})
    assert seen() == shelf.current(output)[0] == {shelf.forced.run_id}
    withdraw(output, shelf.forced.run_id)
    assert seen() == shelf.current(output)[0] == {shelf.first.run_id}


def test_a_run_with_rows_too_many_is_not_taken_for_published(shelf: Shelf, tmp_path: Path) -> None:
    """Nor is one with too few: tests/io/test_runs.py."""
    output = shelf.copy(tmp_path / "out")
    [row, *_] = [row for row in read(output, PRACTICE_INDEX) if row["run_id"] == shelf.forced.run_id]
    add_row(output, PRACTICE_INDEX, {**row, "practice_agb": "04999999"})
    with pytest.raises(CheckError, match="is not whole any more"):
        begins(shelf, shelf.inputs, output)


@pytest.mark.parametrize("table", [*OUTPUTS, RUNS], ids=lambda table: table.name)
def test_other_programs_read_the_tables(shelf: Shelf, table: Table) -> None:
    """delta-rs, Polars and DuckDB see the same rows, as many as `runs` says; columns and types are those declared."""
    folder = str(shelf.output / table.name)
    delta = DeltaTable(folder)
    assert delta.protocol().min_reader_version == 1
    assert {field.name: field.type.type for field in delta.schema().fields} == {
        column.name: DELTA_TYPES.get(column.type, column.type) for column in table.columns
    }
    by_delta_rs = delta.to_pyarrow_table().to_pylist()
    by_polars = polars.read_delta(folder).to_dicts()
    # the files that the log names: DuckDB's own reader of the log is an extension that has to be downloaded
    with duckdb.connect() as connection:
        by_duckdb = connection.read_parquet(delta.file_uris()).to_arrow_table().to_pylist()
    assert by_key(table, by_delta_rs) == by_key(table, by_polars) == by_key(table, by_duckdb)
    if table is not RUNS:
        for row in read(shelf.output, RUNS):
            found = sum(other["run_id"] == row["run_id"] for other in by_delta_rs)
            assert found == json.loads(row["row_counts"])[table.name] > 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda rows: rows.drop_columns("index"), "output practice_index: column index is missing; expected double."),
        (
            lambda rows: rows.drop_columns("ci_lower"),
            "output practice_index: column ci_lower is missing; expected int.",
        ),
        (
            lambda rows: rows.rename_columns([name.upper() for name in rows.column_names]),
            "output practice_index: column PRACTICE_AGB must be written practice_agb.",
        ),
        (
            lambda rows: rows.set_column(0, "practice_agb", pa.array([1] * rows.num_rows)),
            "output practice_index: column practice_agb is bigint, expected string.",
        ),
        (
            lambda rows: rows.append_column(pa.field("note", pa.string(), nullable=False), [["his"] * len(rows)]),
            "output practice_index: column note must have a value, and a run has none for it; allow null.",
        ),
    ],
)
def test_outputs_that_are_other_tables_are_refused(
    shelf: Shelf, tmp_path: Path, change: Callable[[pa.Table], pa.Table], fault: str
) -> None:
    """Before anything is computed, also where the run was published already."""
    output = shelf.copy(tmp_path / "out")
    folder = str(output / PRACTICE_INDEX.name)
    write_deltalake(folder, change(DeltaTable(folder).to_pyarrow_table()), mode="overwrite", schema_mode="overwrite")
    with pytest.raises(TableError) as refused:
        begins(shelf, shelf.inputs, output)
    assert fault in refused.value.faults


def test_an_input_that_goes_while_a_run_checks_itself(shelf: Shelf, tmp_path: Path) -> None:
    inputs, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(shelf.inputs, inputs)

    def remove(phase: str) -> None:
        if phase == "check":
            shutil.rmtree(inputs / "insurers")

    with pytest.raises(TableError, match="insurers: the table is missing"):
        run.execute(BEHANDELINDEX, shelf.engine, SETTINGS, str(inputs), str(output), report=remove)
    assert shelf.current(output) == (set(), 0)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda table: table.delete("basket_id > 450"), "stored_as_computed: national_baskets: [0-9,]+ rows computed"),
        (
            lambda table: table.update({"treatments": "treatments + 1"}),
            "stored_as_computed: national_baskets: as many rows computed as stored",
        ),
        (
            lambda table: table.update({"sex": "CAST(NULL AS STRING)"}),
            "values_are_there: national_baskets: column sex is null",
        ),
    ],
    ids=["rows are lost", "a figure is another", "a value is missing"],
)
def test_rows_that_are_not_stored_as_computed_are_not_published(
    shelf: Shelf, tmp_path: Path, spoil: Callable[[DeltaTable], object], told: str
) -> None:
    """What was found is kept for who looks for the reason."""
    output = tmp_path / "out"

    def spoil_what_was_written(phase: str) -> None:
        if phase == "verify":
            spoil(DeltaTable(str(output / "national_baskets")))

    with pytest.raises(CheckError, match=told):
        run.execute(
            BEHANDELINDEX, shelf.engine, SETTINGS, str(shelf.inputs), str(output), report=spoil_what_was_written
        )
    assert shelf.current(output) == (set(), 0)
    found = {row["rule"]: row["count"] for row in read(output, "run_findings")}
    assert found[told.partition(":")[0]] == 1


def test_inputs_are_checked_anew_when_one_of_them_changed(shelf: Shelf, tmp_path: Path) -> None:
    """A session remembers tables that it found to be as declared: those, and no later version of them."""
    inputs, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(shelf.inputs, inputs)
    with pytest.raises(Reached):
        run.execute(BEHANDELINDEX, shelf.engine, SETTINGS, str(inputs), str(output), report=until("build"))
    twice = pa.concat_tables([TABLES["insurers"], TABLES["insurers"]])
    write_deltalake(str(inputs / "insurers"), twice, mode="overwrite")
    with pytest.raises(TableError, match="rows share their key"):
        run.execute(BEHANDELINDEX, shelf.engine, SETTINGS, str(inputs), str(output), report=until("build"))


def by_key(table: Table, rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    keyed = {tuple(row[name] for name in table.key): row for row in rows}
    assert len(keyed) == len(rows)
    return keyed
