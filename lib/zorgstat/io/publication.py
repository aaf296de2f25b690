"""Rows first, the line in `runs` last: that line publishes (docs/tables.md).

A correction is a new run; rows of a published run never change. The current run of a (pipeline, year, version) is the
published one with the highest sequence that was not withdrawn later.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import __version__
from zorgstat.checks import Finding
from zorgstat.errors import LockedError, SettingsError
from zorgstat.io.names import PIPELINES
from zorgstat.io.paths import in_sql, table_path
from zorgstat.io.store import Pin, Store
from zorgstat.packing import literal
from zorgstat.tables import RUNS, Table

RUN_ID = re.compile(r"(?P<pipeline>[a-z]+)-(?P<year>\d{4})-(?P<version>\d)-(?P<sequence>\d{3,})-[0-9a-f]{6}")


@dataclass(frozen=True)
class Run:
    """One attempt to publish a report version."""

    run_id: str
    pipeline: str
    report_year: int
    report_version: int
    sequence: int
    stamps: Mapping[str, Any] = field(default_factory=dict)

    def stamp(self, frame: DataFrame) -> DataFrame:
        """Adds what every output row carries of the settings, and run_id."""
        stamps = {**self.stamps, "run_id": self.run_id}
        columns = {name: literal(of) if isinstance(of, date) else F.lit(of) for name, of in stamps.items()}
        return frame.select("*", *[column.alias(name) for name, column in columns.items()])


def of_version(rows: Iterable[Mapping[str, Any]], pipeline: str, year: int, version: int) -> list[Mapping[str, Any]]:
    """The rows of `runs` about one report version."""
    wanted = (pipeline, year, version)
    return [row for row in rows if (row["pipeline"], row["report_year"], row["report_version"]) == wanted]


def current(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of the rows of one report version: the row that published the current run, or None."""
    listed = list(rows)
    withdrawn = {row["run_id"] for row in listed if row["status"] == "withdrawn"}
    published = [row for row in listed if row["status"] == "published" and row["run_id"] not in withdrawn]
    return max(published, key=_order, default=None)


def _order(row: Mapping[str, Any]) -> tuple[int, str, str]:
    """Sequences are unique where commits take turns; elsewhere the later row counts."""
    return row["sequence"], str(row["at"]), row["run_id"]


def standing(rows: Sequence[Mapping[str, Any]], run_id: str) -> str:
    """What a reader makes of a published run: current, superseded (a later one is current) or withdrawn."""
    row = find(rows, run_id)
    if any(other["run_id"] == run_id and other["status"] == "withdrawn" for other in rows):
        return "withdrawn"
    return "superseded" if superseded_by(rows, row) else "current"


def superseded_by(rows: Iterable[Mapping[str, Any]], row: Mapping[str, Any]) -> str | None:
    """The current run of the version of a published run, where that is another one."""
    latest = current(of_version(rows, row["pipeline"], row["report_year"], row["report_version"]))
    return latest["run_id"] if latest is not None and latest["run_id"] != row["run_id"] else None


def find(rows: Iterable[Mapping[str, Any]], run_id: str) -> Mapping[str, Any]:
    """The row that published a run. Raises SettingsError when there is none."""
    for row in rows:
        if row["run_id"] == run_id and row["status"] == "published":
            return row
    shown = run_id if run_id.isprintable() else ascii(run_id)
    raise SettingsError(f"{shown}: no such run was published here; `zorgstat runs list` shows those that were.")


def next_run(
    rows: Iterable[Mapping[str, Any]], pipeline: str, year: int, version: int, stamps: Mapping[str, Any]
) -> Run:
    """The next attempt. Its id ends in letters of its own: a run that was cut off may have left rows behind."""
    sequence = max((row["sequence"] for row in rows), default=0) + 1
    run_id = f"{pipeline}-{year}-{version}-{sequence:03d}-{secrets.token_hex(3)}"
    return Run(run_id, pipeline, year, version, sequence, stamps)


def fingerprint(pins: Mapping[str, Pin], settings: Mapping[str, Any]) -> dict[str, str]:
    """What decides the figures, as `runs` keeps it: equal for a run that would only repeat another."""
    return {
        "inputs": _json({name: pin.version for name, pin in pins.items()}),
        "input_identities": _json({name: pin.identity for name, pin in pins.items()}),
        "settings": _json(settings),
        "software": __version__,
    }


def repeats(row: Mapping[str, Any], fingerprint: Mapping[str, str]) -> bool:
    """Was this run made from the same inputs, settings and software?"""
    return all(row.get(name) == value for name, value in fingerprint.items())


def withdrawn_before(rows: Iterable[Mapping[str, Any]], fingerprint: Mapping[str, str]) -> Finding:
    """Would a run publish again what was withdrawn, perhaps by a scheduler that knows nothing of it?"""
    same = [row for row in rows if row["status"] == "withdrawn" and repeats(row, fingerprint)]
    told = "; ".join(f"{row['run_id']} was withdrawn: {row['reason']}" for row in same)
    return Finding.warning(
        "withdrawn_before", len(same), told or "none with these inputs, settings and software was withdrawn"
    )


def lost_rows(row: Mapping[str, Any], stored: Mapping[str, int]) -> list[str]:
    """A line for every table of which a published run has not as many rows as it says. In: stored (rows by table)."""
    return [
        f"{table}: {count:,} rows of {row['run_id']} were published, {stored[table]:,} are stored."
        for table, count in json.loads(row["row_counts"]).items()
        if stored.get(table, count) != count
    ]


def publish(
    store: Store, run: Run, fingerprint: Mapping[str, str], row_counts: Mapping[str, int], checksums: Mapping[str, str]
) -> None:
    """Writes the one row that makes readers see the run. For who holds the folder (`Store.writing`).

    Raises LockedError when somebody published this version meanwhile: where there are no locks, that can be.
    """
    for other in of_version(store.rows(RUNS), run.pipeline, run.report_year, run.report_version):
        if other["sequence"] >= run.sequence:
            raise LockedError(f"{other['run_id']} was published meanwhile, by another run of this version.")
    row = {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "report_year": run.report_year,
        "report_version": run.report_version,
        "sequence": run.sequence,
        **fingerprint,
        "row_counts": _json(row_counts),
        "checksums": _json(checksums),
        "engine": f"{store.engine.name} {store.engine.version}",
    }
    _add(store, row, "published", None)


def withdraw(store: Store, row: Mapping[str, Any], reason: str) -> None:
    """Writes the row that makes readers leave a run alone; its rows stay. For who holds the folder (`writing`)."""
    _add(store, row, "withdrawn", reason)


def _add(store: Store, row: Mapping[str, Any], status: str, reason: str | None) -> None:
    row = {**row, "status": status, "reason": reason, "at": datetime.now(timezone.utc)}
    values = tuple(row.get(name) for name in RUNS.names)
    store.add_rows([values], RUNS, row["run_id"])


def published(store: Store, table: Table, report_year: int, report_version: int) -> DataFrame:
    """The rows of the current run: how everybody reads. No rows when nothing is published (or all was withdrawn).

    In: table (an output of a pipeline; raises SettingsError for others), report_version (of the Wlz: the quarter).
    """
    pipeline = next((name for name, pipeline in PIPELINES.items() if table in pipeline.outputs), None)
    if pipeline is None:
        raise SettingsError(f"{table.name} is no output of a pipeline.")
    run = current(of_version(store.rows(RUNS), pipeline, report_year, report_version))
    return store.read(table).where(F.col("run_id") == (run["run_id"] if run else ""))


def views(root: str, tables: Iterable[Table]) -> list[str]:
    """SQL for Spark and Sail: `runs_current`, and `<table>_current` with the rows of the current runs."""

    def stored(table: Table) -> str:
        return in_sql(table_path(root, table.name))

    current_runs = f"""\
CREATE OR REPLACE TEMPORARY VIEW runs_current AS
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY pipeline, report_year, report_version
    ORDER BY sequence DESC, at DESC, run_id DESC) AS latest
  FROM {stored(RUNS)}
  WHERE status = 'published' AND run_id NOT IN (
    SELECT run_id FROM {stored(RUNS)} WHERE status = 'withdrawn' AND run_id IS NOT NULL)
) WHERE latest = 1"""
    return [
        current_runs,
        *(
            f"CREATE OR REPLACE TEMPORARY VIEW {table.name}_current AS\n"
            f"SELECT * FROM {stored(table)} WHERE run_id IN (SELECT run_id FROM runs_current)"
            for table in tables
        ),
    ]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
