"""Rows first, the line in `runs` last: that line publishes (docs/tables.md).

A correction is a new run; rows of a published run never change. The current run of a (pipeline, year, version) is the
published one with the highest sequence that was not withdrawn later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import __version__
from zorgstat.io.store import Pin, Store
from zorgstat.tables import RUNS, Table


@dataclass(frozen=True)
class Run:
    """One attempt to publish a report version."""

    run_id: str
    pipeline: str
    report_year: int
    report_version: int
    sequence: int

    def stamp(self, frame: DataFrame) -> DataFrame:
        """Adds report_year, report_version and run_id."""
        stamps = {name: F.lit(getattr(self, name)) for name in ("report_year", "report_version", "run_id")}
        return frame.select("*", *[value.alias(name) for name, value in stamps.items()])


def of_version(rows: Iterable[Mapping[str, Any]], pipeline: str, year: int, version: int) -> list[Mapping[str, Any]]:
    """The rows of `runs` about one report version."""
    wanted = (pipeline, year, version)
    return [row for row in rows if (row["pipeline"], row["report_year"], row["report_version"]) == wanted]


def current(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of the rows of one report version: the row that published the current run, or None."""
    listed = list(rows)
    withdrawn = {row["run_id"] for row in listed if row["status"] == "withdrawn"}
    published = [row for row in listed if row["status"] == "published" and row["run_id"] not in withdrawn]
    return max(published, key=lambda row: row["sequence"], default=None)


def next_run(rows: Iterable[Mapping[str, Any]], pipeline: str, year: int, version: int) -> Run:
    """The next attempt. Its id ends in letters of its own: a run that was cut off may have left rows behind."""
    sequence = max((row["sequence"] for row in rows), default=0) + 1
    run_id = f"{pipeline}-{year}-{version}-{sequence:03d}-{secrets.token_hex(3)}"
    return Run(run_id, pipeline, year, version, sequence)


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


def publish(
    store: Store, run: Run, fingerprint: Mapping[str, str], row_counts: Mapping[str, int], checksums: Mapping[str, str]
) -> None:
    """Writes the one row that makes readers see the run."""
    row = {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "report_year": run.report_year,
        "report_version": run.report_version,
        "sequence": run.sequence,
        "status": "published",
        "at": datetime.now(timezone.utc),
        "reason": None,
        **fingerprint,
        "row_counts": _json(row_counts),
        "checksums": _json(checksums),
        "engine": f"{store.engine.name} {store.engine.version}",
    }
    values = tuple(row[name] for name in RUNS.names)
    store.append(store.engine.spark.createDataFrame([values], RUNS.schema), RUNS)


def published(
    store: Store, table: Table, report_year: int, report_version: int, pipeline: str = "behandelindex"
) -> DataFrame:
    """The rows of the current run: how everybody reads. No rows when nothing is published (or all was withdrawn)."""
    run = current(of_version(store.runs(), pipeline, report_year, report_version))
    return store.read(table).where(F.col("run_id") == (run["run_id"] if run else ""))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
