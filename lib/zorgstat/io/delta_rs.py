"""What can be done with a Delta table on this machine without an engine, by delta-rs: in milliseconds, on any engine.

Where delta-rs cannot answer (not installed, or the table is not on this machine) what is asked gives None, and what
would write says so first (`can_append`); what it cannot read raises its own errors.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from zorgstat.io.paths import local_path

try:
    from deltalake import CommitProperties, DeltaTable, QueryBuilder, write_deltalake
except ImportError:  # a cluster has pyspark and delta only
    DeltaTable = None  # type: ignore[assignment,misc]


if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

IN_SPARK = {"integer": "int", "long": "bigint"}
LATEST_WRITER = 2  # of Delta's protocol; what came later asks things of a writer that Spark's own knows better
MOST_FILES = 1000  # Spark looks each of them up
ODD_NAME = r"[^A-Za-z0-9_./=+,@ -]|/[._][^/]*$"


@dataclass(frozen=True)
class State:
    """The present version of a table."""

    version: int
    id: str
    moment: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class PlainFiles:
    """Parquet files that are all of a version, as they are."""

    paths: Sequence[str]
    schema: Mapping[str, Any]  # as Delta's log has it, in Spark's own form


def is_table(path: str) -> bool | None:
    folder = local_path(path)
    if DeltaTable is None or folder is None:
        return None
    return bool(DeltaTable.is_deltatable(str(folder)))


def state(path: str) -> State | None:
    table = _open(path)
    if table is None:
        return None
    metadata = table.metadata()
    properties = {key: str(value) for key, value in metadata.configuration.items() if value is not None}
    latest = next(iter(_commits(path, f"{table.version():020}")), {})
    return State(table.version(), str(metadata.id), str(latest.get("timestamp")), properties)


def plain_files(path: str, version: int) -> PlainFiles | None:
    """The files of a version, if whoever reads them reads the table. Then Spark need not work through its log.

    Not so (None) where Delta's features leave out rows, rename columns or keep values outside of the files, and where
    their names could mean more than one file, or none: Spark passes over those that begin with a dot or a line.
    """
    table = _open(path, version)
    if table is None or table.protocol().min_reader_version > 1 or table.metadata().partition_columns:
        return None
    paths = table.file_uris()
    if len(paths) > MOST_FILES or any(re.search(ODD_NAME, path) for path in paths):
        return None
    return PlainFiles(paths, json.loads(table.schema().to_json()))


def size(path: str) -> int | None:
    """Bytes of the files of the present version; none where there is no table."""
    known = is_table(path)
    if not known:
        return None if known is None else 0
    table = _open(path)
    assert table is not None  # of what `is_table`
    return int(sum(table.get_add_actions()["size_bytes"].to_pylist()))


def rows(path: str) -> list[dict[str, Any]] | None:
    """Every row, for tables of a few rows."""
    table = _open(path)
    return None if table is None else _select(table)


def rows_of_runs(path: str, run_ids: Collection[str]) -> list[dict[str, Any]] | None:
    """As `rows`, of these runs."""
    table = _open(path)
    if table is None:
        return None
    return (
        _select(table, f"where run_id in ({', '.join(repr(run_id) for run_id in sorted(run_ids))})") if run_ids else []
    )


def rows_of_version(path: str, version: int) -> list[dict[str, Any]] | None:
    """As `rows`, as the table was in a version."""
    table = _open(path, version)
    return None if table is None else _select(table)


def table_of_version(path: str, version: int, columns: Collection[str]) -> pa.Table | None:
    """As `rows_of_version`, as Arrow: of these columns those that the table has."""
    table = _open(path, version)
    if table is None:
        return None
    import pyarrow as pa

    there = ", ".join(f'"{field.name}"' for field in table.schema().fields if field.name in columns)
    read = pa.table(_read(table, columns=there))
    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    return read.cast(pa.schema([(field.name, plain.get(field.type, field.type)) for field in read.schema]))


def count_of_version(path: str, version: int) -> int | None:
    """How many rows the table had in a version, as far as its log tells."""
    table = _open(path, version)
    if table is None:
        return None
    counts = table.get_add_actions(flatten=True)["num_records"].to_pylist()
    return None if None in counts else sum(counts)


def columns(path: str) -> dict[str, tuple[str, bool]]:
    """Type of each column in Spark's words, and may it be null; of a table that delta-rs can open."""
    table = _open(path)
    assert table is not None  # asked of tables that `is_table`
    fields = json.loads(table.schema().to_json())["fields"]
    return {
        field["name"]: (IN_SPARK.get(str(field["type"]), str(field["type"])), field["nullable"]) for field in fields
    }


def commits(path: str) -> Sequence[Mapping[str, Any]] | None:
    """What the commits that are still in the log tell of themselves, the latest first."""
    return None if _open(path) is None else _commits(path)


def set_properties(path: str, properties: Mapping[str, str]) -> bool:
    """As a version of its own. False where delta-rs cannot."""
    table = _open(path)
    if table is not None:
        table.alter.set_table_properties(dict(properties))
    return table is not None


def can_append(path: str) -> bool:
    """Can delta-rs add rows, to a table that is there or to a new one?"""
    known = is_table(path)
    if not known:
        return known is not None
    table = _open(path)
    return table is not None and table.protocol().min_writer_version <= LATEST_WRITER


def append(path: str, rows: pa.Table, properties: Mapping[str, str], user_metadata: str) -> int:
    """Adds rows in one commit, and columns that the table has not; a table that is not there gets the properties.

    For who knows that delta-rs can (`can_append`). All that the commit needs is on the disk afterwards: otherwise
    a power cut could empty the file of the commit, and rows would be gone without a word. Out: bytes of the files that
    were added.
    """
    folder = local_path(path)
    assert folder is not None
    told = CommitProperties(custom_metadata={"userMetadata": user_metadata})
    write_deltalake(
        str(folder), rows, mode="append", schema_mode="merge", configuration=dict(properties), commit_properties=told
    )
    log, version = folder / "_delta_log", f"{DeltaTable(str(folder)).version():020}"
    actions = map(json.loads, (log / f"{version}.json").read_bytes().splitlines())
    added = [action["add"] for action in actions if "add" in action]
    files = [folder / unquote(add["path"]) for add in added]
    files += [*log.glob(f"{version}*"), *log.glob("_last_checkpoint")]  # some commits come with a checkpoint
    _fsync([*files, *{above for file in files for above in file.parents if above.is_relative_to(folder.parent)}])
    return sum(add["size"] for add in added)


def _fsync(paths: Iterable[Path]) -> None:
    """Returns when the disk has them, as far as the file system knows how; of a folder that is the names in it.

    Raises OSError when the disk fails, or has no room.
    """
    for path in paths if os.name == "posix" else ():
        try:
            opened = os.open(path, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
        except OSError as error:
            if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
                raise


def described_columns(path: str, version: int) -> set[str]:
    """The columns of which the table tells more than name and type: a comment, a length, a name of its own in files."""
    table = _open(path, version)
    fields = json.loads(table.schema().to_json())["fields"] if table is not None else []
    return {field["name"] for field in fields if field["metadata"]}


def misspelt_columns(path: str, version: int) -> dict[str, str]:
    """Columns that a file has in another letter case than the table: the name in the file -> that of the table.

    So it can be after CONVERT TO DELTA: Spark reads such a column, others find nothing in it. None for names that are
    mapped, and where there are too many files to look at.
    """
    table = _open(path, version)
    if table is None or table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        return {}
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    files = table.file_uris()
    names = {field["name"].lower(): field["name"] for field in json.loads(table.schema().to_json())["fields"]}
    stored = {name for file in files for name in pq.read_schema(file).names} if len(files) <= MOST_FILES else set()
    return {name: names[name.lower()] for name in stored if names.get(name.lower(), name) != name}


def _commits(path: str, name: str = r"\d{20}") -> list[dict[str, Any]]:
    """What commits tell of themselves, the latest first. To do so is optional in Delta, and old ones are gone.

    Not by `DeltaTable.history`: delta-rs 1.6 does not take that the version before a CONVERT or a CLONE is -1.
    """
    folder = local_path(path)
    assert folder is not None  # of a table that is open
    files = [file for file in (folder / "_delta_log").glob("*.json") if re.fullmatch(name, file.stem)]
    actions = [json.loads(line) for file in sorted(files, reverse=True) for line in file.read_bytes().splitlines()]
    return [action["commitInfo"] for action in actions if "commitInfo" in action]


def _select(table: DeltaTable, which: str = "") -> list[dict[str, Any]]:
    read = _read(table, which)
    columns = [read.column(name).to_pylist() for name in read.column_names]
    return [dict(zip(read.column_names, values, strict=True)) for values in zip(*columns, strict=True)]


def _read(table: DeltaTable, which: str = "", columns: str = "*") -> Any:
    return QueryBuilder().register("rows", table).execute(f"select {columns} from rows {which}").read_all()


def _open(path: str, version: int | None = None) -> DeltaTable | None:
    folder = local_path(path)
    return None if DeltaTable is None or folder is None else DeltaTable(str(folder), version=version)
