"""Are the inputs as declared? Every fault of every table in one message, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat import arrow, checks, privacy
from zorgstat.checks import Finding
from zorgstat.errors import TableError
from zorgstat.io.engine import Engine, is_unreadable_file
from zorgstat.io.store import RERUN_DAYS, Pin, Store
from zorgstat.io.together import by_name, in_parallel, only_row
from zorgstat.privacy import PERSON_KEY
from zorgstat.tables import Table


def check(
    inputs: Store, tables: Sequence[Table], frames: Mapping[str, DataFrame], faults: Sequence[str]
) -> dict[str, int]:
    """Rows by table. Raises TableError with the faults known so far and every fault in the contents of a table.

    In: frames (by table, the columns that are as declared); faults (of whole tables and of their other columns).
    """

    def inspect(table: Table) -> tuple[int, list[str]]:
        frame = frames[table.name]
        sound = _with_columns(table, frame.columns)
        try:
            seen = only_row(checks.count_broken(frame, sound))
            counts = only_row(checks.count_faults(frame, sound)) if seen["broken"] else {}
            if seen["repeated"]:  # hashes may agree by chance
                counts[f"duplicate:{', '.join(sound.key)}"] = checks.find_duplicates(frame, sound)
        except Exception as error:
            if not is_unreadable_file(error):
                raise
            return 0, [inputs.why_unreadable(table, error)]
        return seen["rows"], [checks.describe_fault(sound, fault, count) for fault, count in counts.items() if count]

    found = by_name(inspect, {table.name: table for table in tables if table.name in frames})
    faults = [*faults, *(fault for _, table_faults in found.values() for fault in table_faults)]
    if faults:
        raise TableError(faults)
    return {name: rows for name, (rows, _) in found.items()}


def with_person_key(engine: Engine, frames: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    """The inputs, and what a person's number is made with in this run."""
    drawn = arrow.frame(engine.spark, [privacy.draw_key()], PERSON_KEY.schema)
    return {**frames, PERSON_KEY.name: drawn}


def unreadable(inputs: Store, tables: Sequence[Table], frames: Mapping[str, DataFrame]) -> list[str]:
    """A line for every table that cannot be read to the end: `check` asks only for the columns that have rules.

    For after a failure: it reads everything.
    """

    def read(table: Table) -> list[str]:
        frame = frames[table.name]
        try:
            only_row(frame.agg(F.max(F.xxhash64(*frame.columns))))
        except Exception as error:
            return [inputs.why_unreadable(table, error)] if is_unreadable_file(error) else []
        return []

    return [line for lines in in_parallel(read, tables) for line in lines]


def retention(pins: Mapping[str, Pin]) -> Finding:
    """Will the versions that this run reads still be there when somebody asks for it again?"""
    tables = {name: pin.too_short for name, pin in pins.items() if pin.too_short}
    properties = sorted({name for names in tables.values() for name in names})
    detail = (
        f"{', '.join(tables)}: their versions may be gone within {RERUN_DAYS} days, and this run cannot be made again "
        f"then; set {' and '.join(properties)} to 'interval {RERUN_DAYS} days'"
        if tables
        else f"every version read is kept for {RERUN_DAYS} days"
    )
    return Finding.warning("retention_too_short", len(tables), detail)


def _with_columns(table: Table, names: Sequence[str]) -> Table:
    """The part of a declaration that these columns can be held against."""
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns, key=table.key if set(table.key) <= set(names) else ())
