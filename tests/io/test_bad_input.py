"""What a person gets who delivers something wrong: the right figures, or one clear message and nothing published.

Every mutation is done to good inputs on disk and goes through the whole command. On Sail all of them; on Spark, where
a run takes some ten seconds, only those that tell whether the engine itself reads or fails otherwise.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from tests.behandelindex.test_witnesses import assert_same, by_key
from tests.io.bad_input import ALL, ANNA, GOOD, MARK, RAW, Mutation, Place, Tables, all_of, fine, toml
from tests.oracle.behandelindex_duckdb import compute
from tests.support import write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.tables import INPUTS, OUTPUTS
from zorgstat.io import job, publication, session
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store, rows_without_engine
from zorgstat.tables import RUNS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROGRESS = re.compile(r"behandelindex \d{4}-\d \[ *\d+\.\d s\] [a-z ]+")
HEADLINES = {
    2: "zorgstat: the settings or the command:",
    3: "zorgstat: the tables have {count} fault{s}; nothing was computed:",
    4: "zorgstat: checks failed:",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mutation" not in metafunc.fixturenames:
        return
    name = metafunc.config.getoption("--engine")
    if name == "sail":
        chosen = [pytest.param(replace(m, **(m.sail or {})), id=m.name) for m in ALL]
    else:
        slow = pytest.mark.slow(reason="a run on Spark takes some ten seconds; all mutations run on Sail")
        chosen = [pytest.param(m, id=m.name, marks=slow) for m in ALL if m.on_spark]
    metafunc.parametrize("mutation", chosen)


def test_mutations_have_unique_names() -> None:
    assert len({mutation.name for mutation in ALL}) == len(ALL) >= 100


@pytest.fixture
def on_this_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use the engine of all tests instead of starting one."""
    monkeypatch.setattr(session, "start", lambda *args, **kwargs: contextlib.nullcontext(engine))


def test_bad_input_gives_right_figures_or_a_message(
    mutation: Mutation, engine: Engine, on_this_engine: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_ends_well(mutation, engine, tmp_path, capsys)


def test_all_faults_are_told_at_once(
    engine: Engine, on_this_engine: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of any kind, in any table."""
    parts = [mutation for mutation in ALL if mutation.name in TOGETHER]
    together = Mutation(
        "all at once",
        3,
        tuple(line for mutation in parts for line in mutation.lines),
        change=all_of(*[mutation.change for mutation in parts]),
        damage=lambda place: [mutation.damage(place) for mutation in parts],
    )
    assert {mutation.name for mutation in parts} == TOGETHER
    assert_ends_well(together, engine, tmp_path, capsys)


TOGETHER = {
    *("table missing", "folder of csv", "data file gone", "log is no json"),
    *("column missing", "zeros lost", "nulls in claims", "claims delivered twice", "debit_credit is 'd'"),
    *("class high and low", "class of a person unknown"),
}


@pytest.mark.slow(reason="four runs; minutes on Spark")
def test_what_was_published_stays(
    engine: Engine, on_this_engine: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However the next run of the version ends, readers see the rows of the one before."""
    assert_ends_well(fine("good"), engine, tmp_path, capsys)
    stored, [run] = Store(engine, str(tmp_path / "out")), runs_in(tmp_path / "out")

    def visible() -> list[int]:
        return [publication.published(stored, table, 2023, 3).count() for table in OUTPUTS]

    before = visible()
    assert min(before) > 0
    for name in ("year 2005", "data file with zeros for diagnosis_code", "all claims rejected"):
        shutil.rmtree(tmp_path / "in")
        mutation = next(mutation for mutation in ALL if mutation.name == name)
        assert_ends_well(mutation, engine, tmp_path, capsys, before=[run])
        assert visible() == before


def assert_ends_well(
    mutation: Mutation,
    engine: Engine,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    before: Sequence[Mapping[str, Any]] = (),
) -> None:
    """In the right figures, or in the right message and nothing more in `runs` than before."""
    place = Place(folder / "in", folder / "out", folder / "2023-3.toml")
    tables = mutation.change(GOOD)
    write_inputs(place.inputs, tables)
    asked = RAW if mutation.settings is None else mutation.settings
    settings = asked if isinstance(asked, str | bytes) else toml(asked)
    place.settings.write_bytes(settings if isinstance(settings, bytes) else settings.encode())
    mutation.damage(place)
    input_root, output_root = mutation.roots(place)
    logged = engine.log.stat().st_size if engine.log else 0

    code = job.reports(BEHANDELINDEX, [str(place.settings)], input_root, output_root)

    screen = capsys.readouterr()
    shown = screen.out + screen.err
    message = [line for line in screen.err.splitlines() if not PROGRESS.fullmatch(line)]
    assert code == mutation.code, "\n".join(message)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert not re.search(r"Traceback|Error:|Exception(?!\))", shown)  # in brackets: the name of a kind of error
    everywhere = shown + log_since(engine, logged)
    assert [re.sub(r"\w", "#", value[:20]) for value in private(tables) if value in everywhere] == []
    if code:
        assert screen.out == ""
        assert_message(mutation, message)
        assert runs_in(place.output) == list(before)
        assert code == 4 or before or folders_in(place.output) <= {"_locks", "_logs"}
    if code in (0, 4):
        text = settings.decode() if isinstance(settings, bytes) else settings
        raw = tomllib.loads(text.removeprefix("\ufeff").replace("\r", "\n"))
        expected = compute(declared((mutation.seen or mutation.change)(GOOD)), raw)
        assert (expected["practice_index"].num_rows == 0) == (code == 4)
        assert_figures(Path(output_root.removeprefix("file://")), expected, {run["run_id"] for run in before})


def log_since(engine: Engine, size: int) -> str:
    if engine.log is None:
        return ""
    with engine.log.open(encoding="utf-8", errors="replace") as log:
        log.seek(size)
        return log.read()


def private(tables: Tables) -> set[str]:
    """What no screen and no log may show: people, practices, references, and what is marked."""
    columns = [tables[name][column].to_pylist() for name, column in PRIVATE if column in tables[name].column_names]
    values = {
        value
        for column in columns
        for value in column
        # zeros alone stand in the names of Delta's commits
        if isinstance(value, str) and len(value.strip("0")) >= 4 and len(value) >= 6
    }
    return {MARK, ANNA, ANNA[1:], *[value for value in values if re.search(r"\d", value)]}  # words may be anybody's


PRIVATE = [
    *[("claims", column) for column in ("bsn", "practice_agb", "claim_reference", "prior_reference")],
    *[("enrolments", "bsn"), ("enrolments", "postcode"), ("av_packages", "bsn"), ("av_classes", "bsn")],
]


def assert_message(mutation: Mutation, message: list[str]) -> None:
    """One block: a headline and the lines that are expected, nothing else."""
    headline, *lines = message
    count = len(mutation.lines)
    assert headline == HEADLINES[mutation.code].format(count=count, s="s" if count > 1 else "")
    assert all(line.startswith("  ") and len(line) < 500 for line in lines)
    told = [line.removeprefix("  ") for line in lines]
    assert [line for line in told if not any(fnmatchcase(line, pattern) for pattern in mutation.lines)] == []
    assert [pattern for pattern in mutation.lines if not any(fnmatchcase(line, pattern) for line in told)] == []
    assert len(told) == count


def runs_in(output: Path) -> list[dict[str, Any]]:
    return rows_without_engine(str(output), RUNS) or []


def folders_in(output: Path) -> set[str]:
    return {folder.name for folder in output.iterdir()} if output.is_dir() else set()


def declared(tables: Tables) -> Tables:
    """Without columns that nobody asked for."""
    names = {table.name: set(table.names) for table in INPUTS}
    return {name: rows.select([n for n in rows.column_names if n in names[name]]) for name, rows in tables.items()}


def assert_figures(output: Path, expected: Tables, earlier_runs: set[str]) -> None:
    """All rows that this run wrote are the witness's; of nothing counted it has outcomes only."""
    for table in OUTPUTS if expected["practice_index"].num_rows else OUTPUTS[:1]:
        rows = DeltaTable(str(output / table.name)).to_pyarrow_table().to_pylist()
        own = [row for row in rows if row["run_id"] not in earlier_runs]
        assert_same(table, by_key(table, own), by_key(table, expected[table.name].to_pylist()))
