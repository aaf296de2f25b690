"""What is written is what was computed: rows and checksums of both, whatever their order or layout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import checks
from zorgstat.checks import Finding
from zorgstat.errors import CheckError, TableError
from zorgstat.io.publication import Run, lost_rows
from zorgstat.io.store import Store, Sums, sum_up
from zorgstat.io.together import by_name
from zorgstat.pipelines import Frames, Pipeline
from zorgstat.tables import OF_EVERY_PIPELINE, Table


def write(store: Store, tables: Sequence[Table], frames: Mapping[str, DataFrame], run: Run) -> dict[str, Sums]:
    """Appends the frames, with the columns of the run; by table what they come to as they were computed."""

    def append(table: Table) -> Sums:
        return store.append(run.stamp(frames[table.name]), table, run.run_id)

    with store.writing():
        return by_name(append, {table.name: table for table in tables})


def check_types(store: Store, tables: Sequence[Table]) -> None:
    """Raises TableError when a table that is there is another one: nothing could be added to it, or read from it.

    A column of `runs`, findings or metrics that may be null may be missing: other programs need not tell it.
    """
    faults = []
    for table in tables:
        present = store.columns(table)
        names = {name.lower(): name for name in present}
        for column in table.columns:
            there = names.get(column.name.lower())
            if there is None and present and not (column.nullable and table in OF_EVERY_PIPELINE):
                faults.append(f"output {table.name}: column {column.name} is missing; expected {column.type}.")
            elif there is not None and there != column.name:
                faults.append(f"output {table.name}: column {there} must be written {column.name}.")
            elif there is not None and present[there][0] != column.type:
                faults.append(f"output {table.name}: column {there} is {present[there][0]}, expected {column.type}.")
        faults += [
            f"output {table.name}: column {name} must have a value, and a run has none for it; allow null."
            for name, (_, may_be_null) in sorted(present.items())
            if not may_be_null and name.lower() not in table.names
        ]
    if faults:
        raise TableError(faults)


def check_counts(store: Store, tables: Sequence[Table], row: Mapping[str, Any]) -> None:
    """Raises CheckError when a published run (a row of `runs`) has not as many rows as it says."""
    stored = of_run(store, tables, row["run_id"])
    lost = lost_rows(row, by_name(lambda frame: frame.count(), stored))
    if lost:
        raise CheckError(
            "\n".join([*lost, f"{row['run_id']} is not whole any more: --force publishes the figures anew."])
        )


def same_as(row: Mapping[str, Any], sums: Mapping[str, Sums]) -> Finding:
    """A run on the same inputs, settings and software comes to the same figures."""
    before = json.loads(row["checksums"])
    others = [table for table, of_table in sums.items() if before.get(table) != of_table.checksum]
    told = f"the same rows as {row['run_id']}"
    if others:
        told = f"{', '.join(others)}: not as in {row['run_id']}; withdraw that run if these figures are right"
    return Finding.error("same_as_before", len(others), told)


def sums(tables: Sequence[Table], frames: Mapping[str, DataFrame]) -> dict[str, Sums]:
    declared = {table.name: table for table in tables}
    return by_name(lambda table: sum_up(checks.as_declared(frames[table.name], table), table), declared)


def of_run(store: Store, tables: Sequence[Table], run_id: str) -> dict[str, DataFrame]:
    """The stored rows of one run."""
    return {table.name: store.read(table).where(F.col("run_id") == run_id) for table in tables}


def looks(pipeline: Pipeline, stored: Frames) -> dict[str, DataFrame]:
    """One look at each table, as a frame of one row: are they the rows that were computed, is there a value where there
    must be one, and the pipeline's measures?
    """
    measures = pipeline.measures()
    return {
        table.name: stored[table.name].agg(
            *checks.sums(table), *checks.null_counts(table), *measures.get(table.name, [])
        )
        for table in pipeline.outputs
    }


def verify(
    tables: Sequence[Table], seen: Mapping[str, Mapping[str, Any]], computed: Mapping[str, Sums]
) -> tuple[dict[str, Sums], list[Finding]]:
    """What the stored rows come to by table, and what is wrong with them. In: seen (by table the row of `looks`)."""
    nulls = [
        checks.describe_fault(table, name, count)
        for table in tables
        for name, count in seen[table.name].items()
        if name.startswith("null:") and count
    ]
    back = {name: Sums(int(row["rows"]), row["checksum"]) for name, row in seen.items()}
    others = differences(computed, back, "computed", "stored")
    findings = [
        Finding.error("stored_as_computed", len(others), " ".join(others) or "stored rows are those computed"),
        Finding.error("values_are_there", len(nulls), " ".join(nulls) or "no value is missing in the stored rows"),
    ]
    return back, findings


def differences(one: Mapping[str, Sums], other: Mapping[str, Sums], name: str, other_name: str) -> list[str]:
    """A line for every table of the first whose rows are not the same in the second."""
    lines = []
    for table, sums in one.items():
        against = other.get(table, Sums(0, ""))
        if sums.rows != against.rows:
            lines.append(f"{table}: {sums.rows:,} rows {name}, {against.rows:,} {other_name}.")
        elif sums.checksum != against.checksum:
            lines.append(f"{table}: as many rows {name} as {other_name}, {sums.rows:,}, but not the same ones.")
    return lines
