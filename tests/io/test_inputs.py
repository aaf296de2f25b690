"""What is wrong with a delivery, told at once and in words: deliveries with faults go through a whole run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest

from tests.oracle import cases
from tests.support import Reached, citizens, until, write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.errors import TableError
from zorgstat.io import run
from zorgstat.io.session import Engine
from zorgstat.tables import Table

TABLES, RAW = cases.generate(7, claims=300)
CITIZENS = citizens(TABLES)


@dataclass(frozen=True)
class Fault:
    """`line` is what the user reads (* stands for anything); `change` makes rows wrong, `damage` what is on disk."""

    table: str
    line: str
    change: Callable[[pa.Table], pa.Table] = lambda rows: rows
    damage: Callable[[Path], object] = lambda folder: None


def column(name: str, values: Callable[[list[Any]], list[Any]], type_: pa.DataType | None = None) -> Any:
    """Other values in a column, and another type where one is given."""

    def change(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index(name)
        made = pa.array(values(rows[name].to_pylist()), type_ or rows.schema.field(name).type)
        return rows.set_column(place, name, made)

    return change


def first(count: int, value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [value] * count + values[count:]


def last(count: int, value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: values[:-count] + [value] * count


def twice(start: int, count: int) -> Callable[[pa.Table], pa.Table]:
    """These rows once more, before all others."""
    return lambda rows: pa.concat_tables([rows.slice(start, count), rows])


def rename(old: str, new: str) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: rows.rename_columns([new if name == old else name for name in rows.column_names])


def as_csv(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    pyarrow.csv.write_csv(TABLES[folder.name], folder / "part-0.csv")


def log_of(folder: Path) -> Path:
    return folder / "_delta_log" / f"{0:020d}.json"


MISSING = Fault("av_packages", "av_packages: the table is missing; expected a Delta table in *", damage=shutil.rmtree)
NOT_DELTA = Fault("enrolments", "enrolments: * is not a Delta table: it has no _delta_log.*", damage=as_csv)
SHAPES = [
    Fault("claims", "claims: column channel is missing; expected string *", lambda rows: rows.drop_columns("channel")),
    Fault("claims", "claims: column status is missing; expected string *", rename("status", "claim_status")),
    Fault(
        "claims",
        "claims: column csi_code is bigint, expected string.",
        column("csi_code", lambda values: [9] * len(values), pa.int64()),
    ),
    Fault(
        "av_classes",
        "av_classes: column report_year is bigint, expected int.",
        column("report_year", lambda values: values, pa.int64()),
    ),
    Fault(
        "ses_woa",
        "ses_woa: column score is string, expected double.",
        column("score", lambda values: ["0.5"] * len(values), pa.string()),
    ),
]
CONTENTS = [
    Fault("claims", "claims: 4 rows share their key (uzovi, practice_agb, claim_reference) *", twice(100, 2)),
    Fault("claims", "claims: column uzovi is null in 1 rows; *", column("uzovi", last(1, None))),
    Fault("claims", "claims: column amount_cents is null in 3 rows; *", column("amount_cents", last(3, None))),
    Fault("claims", "claims: column debit_credit is something else than D, C *", column("debit_credit", first(2, "X"))),
    Fault("insurers", "insurers: 2 rows share their key (uzovi) *", twice(3, 1)),
    Fault("insurers", "insurers: column kind is something else than *in 1 rows.", column("kind", last(1, "unknown"))),
    Fault("agb_register", "agb_register: 6 rows share their key (agb, kind) *", twice(0, 3)),
    Fault("agb_register", "agb_register: column name is null in 2 rows; *", column("name", last(2, None))),
    Fault("ses_woa", "ses_woa: 2 rows share their key (postcode4) *", twice(0, 1)),
    Fault("av_classes", "av_classes: column av_class * low, high in 5 rows.", column("av_class", last(5, "medium"))),
]
KEY_OF_CLASSES = Fault("av_classes", "av_classes: 4 rows share their key (uzovi, bsn, report_year) *", twice(0, 2))
EVERY_NULL = [
    Fault("enrolments", "enrolments: column valid_from is null in 2 rows; *", column("valid_from", first(2, None))),
    Fault("av_packages", "av_packages: column package is null in 1 rows; *", column("package", first(1, None))),
]
DAMAGES = [
    Fault(
        "ses_woa",
        "ses_woa: * cannot be read as a Delta table (*). Is its log or a file damaged, or missing?",
        damage=lambda folder: next(folder.glob("*.parquet")).unlink(),
    ),
    Fault(
        "agb_register",
        "agb_register: * cannot be read as a Delta table (*). Is its log or a file damaged, or missing?",
        damage=lambda folder: next(folder.glob("*.parquet")).write_bytes(b"PAR1 900000012"),
    ),
    Fault(
        "insurers",
        "insurers: * cannot be read as a Delta table (*). Is its log or a file damaged, or missing?",
        damage=lambda folder: log_of(folder).write_text('{"add": 900000012'),
    ),
]
ALL = [MISSING, NOT_DELTA, *SHAPES, *CONTENTS, KEY_OF_CLASSES, *EVERY_NULL, *DAMAGES]
TOGETHER = [[MISSING, NOT_DELTA, *SHAPES, *CONTENTS], [KEY_OF_CLASSES, *EVERY_NULL, *DAMAGES]]


def deliver(root: Path, faults: Sequence[Fault]) -> str:
    tables = dict(TABLES)
    for fault in faults:
        tables[fault.table] = fault.change(tables[fault.table])
    write_inputs(root, tables)
    for fault in faults:
        fault.damage(root / fault.table)
    return str(root)


def test_all_faults_are_told_at_once(engine: Engine, tmp_path: Path) -> None:
    """Of any kind, in any table, each with its count, and nothing is written; one by one too, where that is quick."""
    for place, faults in enumerate([*TOGETHER, *([fault] for fault in ALL if engine.name == "sail")]):
        output = tmp_path / f"out{place}"
        with pytest.raises(TableError) as raised:
            run.execute(BEHANDELINDEX, engine, resolve(RAW), deliver(tmp_path / f"in{place}", faults), str(output))
        told, expected = sorted(raised.value.faults), sorted(fault.line for fault in faults)
        assert [line for line in told if not any(fnmatchcase(line, pattern) for pattern in expected)] == []
        assert [pattern for pattern in expected if not any(fnmatchcase(line, pattern) for line in told)] == []
        assert len(told) == len(expected)
        assert not any(bsn in line for bsn in [*CITIZENS, "900000012"] for line in told)
        assert not any("\n" in line for line in told)
        assert {folder.name for folder in output.iterdir()} <= {"_locks", "_logs"}
    assert engine.log is not None
    log = engine.log.read_text(encoding="utf-8", errors="replace")
    assert not any(bsn in log for bsn in CITIZENS)


def test_more_than_declared_and_nothing_where_it_may_be_is_fine(engine: Engine, tmp_path: Path) -> None:
    """Extra columns, NaN scores, references that recur without a practice, and claims of which little is known."""

    def without_practice(rows: pa.Table) -> pa.Table:
        return column("practice_agb", first(2, None))(twice(100, 1)(twice(100, 1)(rows)))

    def nulls(table: Table) -> Callable[[pa.Table], pa.Table]:
        def change(rows: pa.Table) -> pa.Table:
            for declared in table.columns:
                if declared.nullable and declared.name not in table.key:
                    rows = column(declared.name, last(3, None))(rows)
            return rows.append_column("delivered_by", pa.array(["x"] * len(rows)))

        return change

    fine = [Fault(table.name, "", nulls(table)) for table in INPUTS]
    fine += [Fault("claims", "", without_practice), Fault("ses_woa", "", column("score", first(9, float("nan"))))]
    with pytest.raises(Reached):
        run.execute(
            BEHANDELINDEX,
            engine,
            resolve(RAW),
            deliver(tmp_path / "in", fine),
            str(tmp_path / "out"),
            report=until("build"),
        )
