"""What the yardsticks share: a pipeline in DuckDB, from the command line to one line of JSON.

They do less than the job: they look whether the inputs are there, but check nothing in them (nulls, closed lists,
duplicate keys), do not verify what they wrote, and publish nothing: an output holds the rows of the last call, with
run_id "duckdb".
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from deltalake import write_deltalake

from bench import stored
from zorgstat.io import config
from zorgstat.pipelines import Pipeline, Settings

Phases = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Yardstick:
    """What is done in turn, by phase, and then a query for every output."""

    pipeline: Pipeline
    phases: Callable[[duckdb.DuckDBPyConnection, Any], Phases]
    outputs: Mapping[str, str]

    def main(self, started: float) -> None:
        """The command; prints the seconds per phase as JSON. In: started (when it did, by `time.perf_counter`)."""
        parser = argparse.ArgumentParser(description=f"{self.pipeline.name} in DuckDB.")
        parser.add_argument("settings", type=Path)
        parser.add_argument("--input", type=Path, required=True)
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--threads", type=int, default=2)
        asked = parser.parse_args()
        settings = config.load(self.pipeline, asked.settings)
        seconds = {"start": time.perf_counter() - started}
        seconds |= self.run(settings, asked.input, asked.output, asked.threads)
        seconds["total"] = time.perf_counter() - started
        print(json.dumps({phase: round(value, 3) for phase, value in seconds.items()}))

    def run(self, settings: Settings, inputs: Path, outputs: Path, threads: int = 2) -> dict[str, float]:
        """Seconds per phase."""
        with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as connection:
            phases: Phases = {
                "open": lambda: self._open(connection, inputs),
                **self.phases(connection, settings),
                "write": lambda: self._write(connection, settings, outputs),
            }
            seconds = {}
            for name, phase in phases.items():
                begun = time.perf_counter()
                phase()
                seconds[name] = time.perf_counter() - begun
            return seconds

    def _open(self, connection: duckdb.DuckDBPyConnection, root: Path) -> None:
        """A view per input table."""
        for table in self.pipeline.inputs:
            connection.execute(f"CREATE TEMP VIEW {table.name} AS FROM {stored.rows(root, table)}")

    def _write(self, connection: duckdb.DuckDBPyConnection, settings: Settings, root: Path) -> None:
        """The columns that docs/tables.md declares, in their types and order."""
        stamps = [f"{_literal(value)} AS {name}" for name, value in settings.stamps.items()]
        for name, query in self.outputs.items():
            rows = connection.sql(f"SELECT *, {', '.join(stamps)}, 'duckdb' AS run_id FROM ({query})")
            write_deltalake(root / name, rows, mode="overwrite", schema_mode="overwrite")


def set_variables(connection: duckdb.DuckDBPyConnection, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        connection.execute(f"SET VARIABLE {name} = $1", [value])


def _literal(value: int | date) -> str:
    return f"DATE '{value}'" if isinstance(value, date) else f"{value}::INT"
