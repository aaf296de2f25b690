"""A table is declared once: columns, types, key, closed lists. Reading, writing, docs and tests follow from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: its Spark SQL type, what it means, and whether it may be null.

    `values` is the closed list of values that it may take, if there is one: anything else is a fault of the table.
    `adds_up` says that a rule adds its numbers up: together they must fit in a bigint (of a table without a key).
    """

    name: str
    type: str
    meaning: str
    nullable: bool = False
    values: tuple[str, ...] = ()
    adds_up: bool = False


@dataclass(frozen=True)
class Table:
    """One Delta table, in a folder of its own name.

    `key` is unique when given. A row that misses part of its key (where that part is nullable) is not compared.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.key and any(column.adds_up for column in self.columns):
            raise ValueError(f"{self.name} has a key: whether its numbers can be added up is not looked at.")

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def schema(self) -> str:
        """The columns as a DDL string, for `arrow.frame` and `cast`."""
        return ", ".join(f"`{column.name}` {column.type}" for column in self.columns)

    @property
    def has_doubles(self) -> bool:
        return any(column.type == "double" for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


RUN_COLUMNS = (
    Column("report_year", "int", "year that the figures are about"),
    Column("report_version", "int", "1: to 30 June, 2: to 30 September, 3: to 31 December"),
    Column("run_id", "string", "the run that wrote the row; the row counts when `runs` says that it was published"),
)

RUNS = Table(
    "runs",
    "One row publishes a run, another withdraws it; nothing else does.",
    key=("run_id", "status"),
    columns=(
        Column("run_id", "string", "pipeline, year, version and sequence in one readable name"),
        Column("pipeline", "string", "behandelindex or wlz"),
        Column("report_year", "int", "year that the figures are about"),
        Column("report_version", "int", "version of the year; the quarter for wlz"),
        Column("sequence", "bigint", "1, 2, 3, ... within pipeline, year and version"),
        Column("status", "string", "what the row does to the run", values=("published", "withdrawn")),
        Column("at", "timestamp", "when the row was written"),
        Column("reason", "string", "why a run was withdrawn", nullable=True),
        Column("inputs", "string", "JSON: input table -> Delta version that was read"),
        Column("settings", "string", "JSON: every setting, defaults filled in"),
        Column("software", "string", "version of zorgstat"),
        Column("row_counts", "string", "JSON: output table -> rows of this run"),
        Column("checksums", "string", "JSON: output table -> checksum of its rows, whatever their order or layout"),
        # Other programs need not tell these.
        Column(
            "input_identities",
            "string",
            "JSON: input table -> the table's own id and the moment of its version",
            nullable=True,
        ),
        Column("engine", "string", "engine and version that computed the run", nullable=True),
    ),
)

RUN_FINDINGS = Table(
    "run_findings",
    "What the checks of a run found, of runs that were not published too. A count of 0: the check holds.",
    key=("run_id", "rule"),
    columns=(
        Column("run_id", "string", "the run"),
        Column("rule", "string", "the check"),
        Column("severity", "string", "an error keeps a run from being published", values=("error", "warning")),
        Column("count", "bigint", "how often; 0: the check holds"),
        Column("detail", "string", "in words, without records or people"),
    ),
)

RUN_METRICS = Table(
    "run_metrics",
    "What each phase of a run took, of runs that failed their checks too. Null where the engine does not tell.",
    key=("run_id", "phase"),
    columns=(
        Column("run_id", "string", "the run"),
        Column("phase", "string", "the phase; docs/runs.md"),
        Column("place", "int", "1, 2, 3, ...: the order of the phases"),
        Column("seconds", "double", "wall time"),
        Column("rows_read", "bigint", "rows read from tables and kept frames", nullable=True),
        Column("bytes_read", "bigint", "bytes of those", nullable=True),
        Column("rows_written", "bigint", "rows written to tables", nullable=True),
        Column("bytes_written", "bigint", "bytes of those", nullable=True),
        Column("shuffle_bytes", "bigint", "bytes that moved between partitions", nullable=True),
        Column("spill_bytes", "bigint", "bytes that did not fit in memory and went to disk", nullable=True),
        Column("tasks", "bigint", "tasks done", nullable=True),
    ),
)

OF_EVERY_PIPELINE = (RUNS, RUN_FINDINGS, RUN_METRICS)
