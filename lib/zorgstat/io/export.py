"""Current tables of a run in files for others, after the disclosure step (docs/disclosure.md).

Everything is read and hidden first, then written as a whole (`files.write_whole`): nobody finds half an export.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from zorgstat.behandelindex import disclosure as step
from zorgstat.behandelindex.tables import OUTPUTS
from zorgstat.disclosure import Rules, resolve
from zorgstat.errors import SettingsError
from zorgstat.io import config, files, outputs, publication
from zorgstat.io.attempt import ENDED_FROM_OUTSIDE, UNEXPECTED, Attempt, guard
from zorgstat.io.paths import folder_here
from zorgstat.io.place import Place
from zorgstat.io.progress import Reporter, Watch, plain_lines
from zorgstat.io.store import Store
from zorgstat.tables import RUNS, Table
from zorgstat.text import figure, line

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

PIPELINE = "behandelindex"
EXIT_CODES = {
    0: "exported",
    2: "the command line, the rules, or a run or folder that cannot be used",
    3: "a table cannot be read",
    4: "the rules cannot be held to; nothing was exported",
    70: UNEXPECTED,
    130: "stopped with Ctrl-C; the message tells whether the files were written",
    **ENDED_FROM_OUTSIDE,
}
FORMATS = {"csv": files.write_csv, "parquet": files.write_parquet, "xlsx": files.write_workbook}


@dataclass
class Exported:
    """What a person wants to know after an export. `hidden` is for insiders: it is in no file."""

    run_id: str
    folder: str
    files: list[str]
    rows: dict[str, int] = field(default_factory=dict)  # table -> rows
    suppressed: dict[str, int] = field(default_factory=dict)  # table -> of these, rows without figures
    hidden: dict[str, dict[str, int]] = field(default_factory=dict)  # table -> reason -> cells
    compared_with: list[str] = field(default_factory=list)  # earlier publications of the year
    superseded_by: str | None = None  # the current run of the version, if it is not this one

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def export_run(
    place: Place,
    run_id: str,
    folder: str,
    format: str = "csv",
    *,
    rules_file: str | None = None,
    as_json: bool = False,
    watch: Watch = plain_lines,
) -> int:
    """The command: a run of this root, in files for others; what is hidden is told to who runs it."""

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was exported."
        rules = config.read(rules_file, resolve) if rules_file else Rules()
        to = folder_here(folder)
        store = place.open(attempt)
        rows = store.rows(RUNS)
        run_row, earlier_rows = choose(rows, run_id)
        superseded_by = publication.superseded_by(rows, run_row)
        with watch(f"export {run_id}", store.engine) as report:
            done = export(store, run_row, earlier_rows, to, format, rules, report, superseded_by)
        attempt.outcome = "The files were written."
        print(json.dumps(done.as_json()) if as_json else summarise(done))

    return guard(work)


def choose(rows: Sequence[Mapping[str, Any]], run_id: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The row that published a run, and those of every publication of its year before it, the oldest first.

    Withdrawn ones too: who received them still has them. Raises SettingsError for a run that may not be exported.
    """
    chosen = publication.find(rows, run_id)
    if publication.standing(rows, run_id) == "withdrawn":
        raise SettingsError(f"{run_id} was withdrawn; export the run that took its place.")
    year = (chosen["pipeline"], chosen["report_year"])
    of_year = [row for row in rows if row["status"] == "published" and (row["pipeline"], row["report_year"]) == year]
    return chosen, sorted((row for row in of_year if _moment(row) < _moment(chosen)), key=_moment)


def _moment(row: Mapping[str, Any]) -> tuple[datetime, str]:
    return row["at"], row["run_id"]


def export(
    store: Store,
    run_row: Mapping[str, Any],
    earlier_rows: Iterable[Mapping[str, Any]],
    folder: Path,
    format: str,
    rules: Rules,
    report: Reporter = print,
    superseded_by: str | None = None,
) -> Exported:
    """Writes the tables of a published run to a new folder, as others may see them.

    In: run_row and earlier_rows (from `choose`), format (of `FORMATS`), superseded_by (`publication.superseded_by`).
    Raises SettingsError, before anything is computed where possible, and leaves the folder as it was.
    """
    if format not in FORMATS:
        raise SettingsError(f"format is {format}; use {', '.join(FORMATS)}.")
    if run_row["pipeline"] != PIPELINE:
        raise SettingsError(
            f"{run_row['run_id']} is a run of {run_row['pipeline']}; export knows {PIPELINE} only. "
            "A Wlz statement leaves as documents: zorgstat wlz documents."
        )
    files.refuse_used(folder)
    earlier = _different(earlier_rows) if rules.between_versions else []
    try:
        report("hide")
        now, *before = [outputs.of_run(store, OUTPUTS, row["run_id"]) for row in (run_row, *earlier)]
        disclosed = step.disclose(now, before, rules, store.engine.keep)
        report("read")
        content = {table: _collect(disclosed.tables[table.name], table) for table in step.EXPORTS}
        hidden = [row.asDict() for row in disclosed.hidden.orderBy("table", "hidden").collect()]
    finally:
        store.engine.release()
    report("write")
    compared_with = [row["run_id"] for row in earlier]
    page = describe(run_row, compared_with, superseded_by, rules, content)
    written = files.write_whole(folder, lambda partial: FORMATS[format](partial, content, page, run_row))
    by_table: dict[str, dict[str, int]] = {}
    for row in hidden:
        by_table.setdefault(row["table"], {})[row["hidden"]] = int(row["cells"])
    return Exported(
        run_id=run_row["run_id"],
        folder=str(folder),
        files=written,
        rows={table.name: len(rows) for table, rows in content.items()},
        suppressed={table.name: _suppressed(table, rows) for table, rows in content.items()},
        hidden=by_table,
        compared_with=compared_with,
        superseded_by=superseded_by,
    )


def describe(
    run_row: Mapping[str, Any],
    compared_with: list[str],
    superseded_by: str | None,
    rules: Rules,
    content: Mapping[Table, pa.Table],
) -> list[tuple[str, str]]:
    """What goes with the files, as headings and paragraphs: which run, which rules, how to read what is not there.

    Nothing that the tables themselves do not show: how many cells are hidden for which reason is for insiders.
    """
    few = f"fewer than {rules.threshold} people"
    hidden = f"Figures about {few}, and figures that would give them away by subtraction from a total."
    if compared_with:
        hidden += f" Also figures that differ by {few} from an earlier publication of the year."
    return [
        ("Behandelindex", f"{run_row['report_year']}, version {run_row['report_version']}"),
        ("Run", run_row["run_id"] + (f", superseded by {superseded_by}" if superseded_by else "")),
        ("Published", f"{run_row['at']:%Y-%m-%d %H:%M} UTC, by zorgstat {run_row['software']}"),
        ("Rules", ", ".join(f"{name} = {json.dumps(value)}" for name, value in rules.as_json().items())),
        ("Compared with", ", ".join(compared_with) or "no earlier publication of the year"),
        ("Hidden", hidden),
        ("is_suppressed", "Where it is true, the figures of the row are hidden: their fields are empty."),
        *step.NOTES,
        (
            "Codes",
            "are text: 0400 is not 400. A program that guesses types, as Excel does when it opens a csv file, takes "
            "them for numbers and drops the zeros. The dictionary tells the type of every column.",
        ),
        *((f"Rows of {table.name}", _count(table, rows)) for table, rows in content.items()),
    ]


def _count(table: Table, rows: pa.Table) -> str:
    suppressed = f", {_suppressed(table, rows):,} of them suppressed" if "is_suppressed" in table.names else ""
    return f"{len(rows):,}{suppressed}"


def _different(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those that repeat the figures of one before them: they tell nothing new."""
    by_figures: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        by_figures.setdefault(f"{row['report_version']} {row['checksums']}", row)
    return list(by_figures.values())


def _collect(frame: DataFrame, table: Table) -> pa.Table:
    """All rows in the order of their key, with the declared types."""
    try:
        return files.typed(frame.toArrow(), table)
    except ImportError:
        raise SettingsError("an export needs the library pyarrow: pip install zorgstat.") from None


def _suppressed(table: Table, rows: pa.Table) -> int:
    return sum(rows["is_suppressed"].to_pylist()) if "is_suppressed" in table.names else 0


def summarise(done: Exported) -> str:
    """For who runs the command: what was written, and how much is hidden for which reason."""
    lines = [
        f"{done.run_id}: exported to {done.folder}",
        *([line("superseded by", done.superseded_by)] if done.superseded_by else []),
        line("files", ", ".join(Path(file).name for file in done.files)),
        line("compared with", ", ".join(done.compared_with) or "no earlier publication of the year"),
    ]
    for table, rows in done.rows.items():
        hidden = ", ".join(f"{reason} {cells:,}" for reason, cells in done.hidden.get(table, {}).items())
        lines.append(figure(table, f"{rows:,} rows", f"   hidden: {hidden}" if hidden else ""))
    return "\n".join(lines)
