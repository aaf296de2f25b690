"""The deliveries, folders and settings files of test_bad_input: a good one, and what is done to it."""

from __future__ import annotations

import json
import math
import shutil
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from deltalake import DeltaTable, write_deltalake
from deltalake.schema import Field, PrimitiveType

from tests.oracle import cases
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.tables import Table

Tables = dict[str, pa.Table]
Change = Callable[[Tables], Tables]
Rows = Callable[[pa.Table], pa.Table]
Row = Mapping[str, Any]
Log = list[dict[str, Any]]

GOOD, RAW = cases.generate(2, claims=300)
ANNA = "912345603"  # passes the eleven test, and no seed gives it
MARK = "GEHEIM"  # stands in records that a message must not quote
LONG = MARK * 1700
LONG_NAME = "Zorg" * 2500  # names in settings may be quoted
ODD_NAME = "Zorg \U0001f9b4 é 'x' \"y\" `z` \\ \x00 \n \u2028 \x1b[31m %s {0} $1"
ODD = f"{MARK} \U0001f9b4 é 'x' \"y\" `z` \\ \x00 \n %s {{0}} $1"
MISSING = "the table is missing; expected a Delta table in *"
NO_LOG = "* is not a Delta table: it has no _delta_log. Convert the delivery to Delta first."
UNREADABLE = "* cannot be read as a Delta table (*). Is its log or a file damaged, missing, or *"

TEMPLATES: dict[str, Row] = {
    "claims": {
        "uzovi": "0101",
        "practice_agb": "04000001",
        "claim_reference": "own",
        "prior_reference": None,
        "debit_credit": "D",
        "bsn": ANNA,
        "treatment_date": date(2023, 3, 1),
        "claim_date": date(2023, 4, 1),
        "performance_code": "1000",
        "diagnosis_code": "0000",
        "csi_code": "009",
        "amount_cents": 3000,
        "status": "approved",
        "channel": "vecozo",
        "care_setting": "practice",
    },
    "enrolments": {
        "uzovi": "0101",
        "bsn": ANNA,
        "birth_date": date(1980, 1, 1),
        "sex": "V",
        "postcode": "1234AB",
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
    },
    "insurers": {"uzovi": "0801", "concern": "CZ", "kind": "insurer"},
    "agb_register": {"agb": "04000001", "kind": "therapist", "name": MARK, "started_on": None, "ended_on": None},
    "av_packages": {
        "uzovi": "0101",
        "bsn": ANNA,
        "package": "P",
        "insured_sessions": 9,
        "valid_from": date(2023, 1, 1),
        "valid_to": None,
    },
    "av_classes": {"uzovi": "0601", "bsn": ANNA, "report_year": 2023, "av_class": "low"},
    "ses_woa": {"postcode4": "1234", "score": 0.5},
}


@dataclass(frozen=True)
class Place:
    """Where a mutation is played: folders that it may damage, and the settings file."""

    inputs: Path
    output: Path
    settings: Path

    def table(self, name: str) -> Path:
        return self.inputs / name


@dataclass(frozen=True)
class Mutation:
    """One thing done to good inputs, and how the run must end.

    With `code` 0 the figures are those of the witness, for the tables as changed (or for `seen`, where what is on disk
    means something else). Otherwise `lines` are the lines that the user reads, each with * for anything.
    `change` is done to rows, `damage` to what is on disk; `settings` is the file, or what is written in it.
    """

    name: str
    code: int = 0
    lines: tuple[str, ...] = ()
    change: Change = dict
    damage: Callable[[Place], object] = lambda place: None
    settings: str | bytes | Mapping[str, Any] | None = None  # None: those of the good inputs
    roots: Callable[[Place], tuple[str, str]] = lambda place: (str(place.inputs), str(place.output))
    seen: Change | None = None
    on_spark: bool = False  # the handful that runs on Spark too
    sail: Mapping[str, Any] | None = None  # where Sail ends otherwise: the fields that differ


# -- changes of rows -------------------------------------------------------------------------------------------------


def of(table: str, *changes: Rows) -> Change:
    """Changes the rows of one table, one after the other."""

    def change(tables: Tables) -> Tables:
        rows = tables[table]
        for each in changes:
            rows = each(rows)
        return {**tables, table: rows}

    return change


def all_of(*changes: Change) -> Change:
    def change(tables: Tables) -> Tables:
        for each in changes:
            tables = each(tables)
        return tables

    return change


def column(name: str, values: Callable[[list[Any]], list[Any]], type_: pa.DataType | None = None) -> Rows:
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


def every(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [value] * len(values)


def typed(name: str, value: Any, type_: pa.DataType) -> Rows:
    """One value of another type in every row of a column."""
    return column(name, every(value), type_)


def as_type(name: str, type_: pa.DataType) -> Rows:
    """The same values, declared otherwise."""
    return column(name, lambda values: values, type_)


def twice(start: int, count: int) -> Rows:
    """These rows once more, before all others."""
    return lambda rows: pa.concat_tables([rows.slice(start, count), rows])


def rename(old: str, new: str) -> Rows:
    return lambda rows: rows.rename_columns([new if name == old else name for name in rows.column_names])


def without(name: str) -> Rows:
    return lambda rows: rows.drop_columns(name)


def none(rows: pa.Table) -> pa.Table:
    return rows.slice(0, 0)


def add(table: str, *rows: Row) -> Change:
    """More rows, each a template with some columns otherwise; claims get references of their own."""

    def change(tables: Tables) -> Tables:
        def numbered(place: int) -> Row:
            return {"claim_reference": f"own {place}"} if table == "claims" else {}

        made = [{**TEMPLATES[table], **numbered(place), **row} for place, row in enumerate(rows)]
        added = pa.Table.from_pylist(made, schema=cases.SCHEMAS[table])
        return {**tables, table: pa.concat_tables([tables[table], added])}

    return change


def only(table: str, *rows: Row) -> Change:
    """These rows and no others."""
    return all_of(of(table, none), add(table, *rows))


VISIT = all_of(add("claims", {}), add("enrolments", {}))  # Anna, who is counted


def credit(reference: str, prior: str | None, **given: Any) -> Row:
    return {"claim_reference": reference, "debit_credit": "C", "prior_reference": prior, **given}


# -- damage on disk --------------------------------------------------------------------------------------------------


def folder(table: str, harm: Callable[[Path], object]) -> Callable[[Place], object]:
    return lambda place: harm(place.table(table))


def data_file(table: str, harm: Callable[[Path], object]) -> Callable[[Place], object]:
    return lambda place: harm(next(place.table(table).rglob("*.parquet")))


def log_file(folder: Path, version: int = 0) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def text_of_log(table: str, text: str | bytes) -> Callable[[Place], object]:
    content = text if isinstance(text, bytes) else text.encode()
    return lambda place: log_file(place.table(table)).write_bytes(content)


def actions(table: str, edit: Callable[[Log], Log | None]) -> Callable[[Place], object]:
    """Edits the first commit of a table: a list of actions, changed in place or given anew."""

    def damage(place: Place) -> None:
        path = log_file(place.table(table))
        log = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        edited = edit(log)
        path.write_text("".join(json.dumps(action) + "\n" for action in (log if edited is None else edited)))

    return damage


def action(log: Log, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry[kind] for entry in log if kind in entry)
    return found


def fields(edit: Callable[[list[dict[str, Any]]], None]) -> Callable[[Log], None]:
    """Edits the fields of the schema that the log tells of."""

    def change(log: Log) -> None:
        metadata = action(log, "metaData")
        schema = json.loads(metadata["schemaString"])
        edit(schema["fields"])
        metadata["schemaString"] = json.dumps(schema)

    return change


def field_told(name: str, **told: Any) -> Callable[[Log], None]:
    return fields(lambda all_: [field.update(told) for field in all_ if field["name"] == name] and None)


def needs_feature(name: str, **protocol: Any) -> Callable[[Log], None]:
    """The table may only be read by who knows this feature."""

    def edit(log: Log) -> None:
        action(log, "protocol").update(
            {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": [name],
                "writerFeatures": [name],
                **protocol,
            }
        )

    return edit


def rewritten(table: str, change: Rows) -> Callable[[Place], object]:
    """A data file that holds something else than the log's schema says."""

    def harm(path: Path) -> None:
        pyarrow.parquet.write_table(change(pyarrow.parquet.read_table(path)), path)

    def damage(place: Place) -> None:
        data_file(table, harm)(place)
        size = next(place.table(table).rglob("*.parquet")).stat().st_size

        def tell(log: Log) -> None:
            action(log, "add").update(size=size)
            action(log, "add").pop("stats", None)

        actions(table, tell)(place)

    return damage


def zeros_in(table: str, name: str) -> Callable[[Place], object]:
    """The pages of one column are lost; the rest of the file is as it was."""

    def harm(path: Path) -> None:
        group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        chunk = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema == name)
        start, size = chunk.dictionary_page_offset or chunk.data_page_offset, chunk.total_compressed_size
        content = path.read_bytes()
        path.write_bytes(content[:start] + bytes(size) + content[start + size :])

    return data_file(table, harm)


def stored(table: str, *parts: Rows, **options: Any) -> Callable[[Place], object]:
    """Writes the table anew, in parts, each in a commit of its own."""

    def damage(place: Place) -> None:
        path = place.table(table)
        rows = DeltaTable(str(path)).to_pyarrow_table()
        shutil.rmtree(path)
        for part in parts or (lambda rows: rows,):
            write_deltalake(str(path), part(rows), mode="append", **options)

    return damage


def history(table: str, *steps: Callable[[DeltaTable], object]) -> Callable[[Place], object]:
    """What a table may go through, such that its rows are the same in the end."""

    def damage(place: Place) -> None:
        for step in steps:
            step(DeltaTable(str(place.table(table))))

    return damage


def emptied(table: DeltaTable) -> None:
    table.delete()


def without_files(table: str) -> Callable[[Place], object]:
    """A schema, and no file."""

    def damage(place: Place) -> None:
        path = place.table(table)
        schema = DeltaTable(str(path)).schema()
        shutil.rmtree(path)
        DeltaTable.create(str(path), schema)

    return damage


def as_csv(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()
    pyarrow.csv.write_csv(GOOD[path.name], path / "part-0.csv")


def as_parquet(path: Path) -> None:
    shutil.rmtree(path / "_delta_log")


def as_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text(MARK)


def emptied_folder(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


def without_log_entries(path: Path) -> None:
    log_file(path).unlink()


def log_as_file(path: Path) -> None:
    shutil.rmtree(path / "_delta_log")
    (path / "_delta_log").write_text(MARK)


def behind_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def dangling(path: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to("nowhere")


def deletion_vector(table: str, rows: Sequence[int]) -> Callable[[Place], object]:
    """Takes rows out as Delta does by default since 3: by their numbers, beside the file."""

    def edit(log: Log) -> None:
        needs_feature("deletionVectors")(log)
        action(log, "metaData")["configuration"]["delta.enableDeletionVectors"] = "true"
        bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16) + struct.pack(f"<{len(rows)}H", *sorted(rows))
        told = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
        action(log, "add")["deletionVector"] = {
            "storageType": "i",
            "pathOrInlineDv": z85(told),
            "sizeInBytes": len(told),
            "cardinality": len(rows),
        }

    return actions(table, edit)


def z85(data: bytes) -> str:
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    words = struct.unpack(f">{len(data) // 4}I", data)
    return "".join(letters[word // 85**place % 85] for word in words for place in (4, 3, 2, 1, 0))


def except_rows(table: str, rows: Iterable[int]) -> Change:
    gone = set(rows)
    return of(table, lambda kept: kept.take([row for row in range(len(kept)) if row not in gone]))


def mapped_columns(table: str) -> Callable[[Place], object]:
    """Columns have other names in the files than in the table."""

    def edit(log: Log) -> None:
        action(log, "protocol").update({"minReaderVersion": 2, "minWriterVersion": 5})
        config = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "99"}
        action(log, "metaData")["configuration"].update(config)

        def map_all(all_: list[dict[str, Any]]) -> None:
            for place, field in enumerate(all_, start=1):
                told = {"delta.columnMapping.id": place, "delta.columnMapping.physicalName": f"col-{place}"}
                field["metadata"] = told

        fields(map_all)(log)

    def damage(place: Place) -> None:
        actions(table, edit)(place)
        rewritten(table, lambda rows: rows.rename_columns([f"col-{n}" for n in range(1, len(rows.column_names) + 1)]))(
            place
        )

    return damage


# -- settings --------------------------------------------------------------------------------------------------------


json_of = partial(json.dumps, ensure_ascii=False)


def toml(raw: Mapping[str, Any]) -> str:
    """A settings file; JSON's strings, lists and numbers are TOML's."""
    lines = [f"{key} = {json_of(value)}" for key, value in raw.items() if not isinstance(value, Mapping)]
    for key, value in raw.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *[f"{json_of(name)} = {json_of(choice)}" for name, choice in value.items()]]
    return "\n".join(lines) + "\n"


REPORT = "report = { year = 2023, version = 3 }\n"


# -- what is done, and how it must end -------------------------------------------------------------------------------


def faults(code: int, name: str, *lines: str, **given: Any) -> Mutation:
    return Mutation(name, code, lines, **given)


refused = partial(faults, 3)
settings_refused = partial(faults, 2)
NOTHING = (
    "something_counted: 0 records count as a treatment; there is no result to publish",
    "This version was not published.",
)


def nothing_counted(name: str, change: Change = dict, **given: Any) -> Mutation:
    return Mutation(name, 4, NOTHING, change, **given)


def fine(name: str, change: Change = dict, **given: Any) -> Mutation:
    return Mutation(name, 0, (), change, **given)


def null(table: str, name: str, count: int) -> str:
    return f"{table}: column {name} is null in {count} rows; it must have a value in every row."


def duplicate(table: str, key: str, count: int) -> str:
    return f"{table}: {count} rows share their key ({key}) with another row; it must be unique."


def other(table: str, name: str, values: str, count: int) -> str:
    return f"{table}: column {name} must be one of {values}; {count} rows hold something else."


def is_type(table: str, name: str, type_: str, expected: str = "string") -> str:
    return f"{table}: column {name} is {type_}, expected {expected}."


def never_null(table: Table) -> list[str]:
    return [column.name for column in table.columns if not column.nullable]


WHOLE_TABLES = [
    refused("table missing", f"av_packages: {MISSING}", damage=folder("av_packages", shutil.rmtree)),
    refused(
        "all tables missing",
        *[f"{table.name}: {MISSING}" for table in INPUTS],
        damage=lambda place: shutil.rmtree(place.inputs),
    ),
    refused("input root is a file", *[f"{t.name}: {MISSING}" for t in INPUTS], damage=lambda p: as_file(p.inputs)),
    refused("empty folder", f"claims: {NO_LOG}", damage=folder("claims", emptied_folder)),
    refused("folder of csv", f"enrolments: {NO_LOG}", damage=folder("enrolments", as_csv)),
    refused("folder of parquet", f"claims: {NO_LOG}", damage=folder("claims", as_parquet)),
    refused("table is a file", f"insurers: {NO_LOG}", damage=folder("insurers", as_file)),
    refused("table is a link to nothing", f"ses_woa: {MISSING}", damage=folder("ses_woa", dangling)),
    refused("log without entries", f"ses_woa: {UNREADABLE}", damage=folder("ses_woa", without_log_entries)),
    refused("log is a file", f"ses_woa: {UNREADABLE}", damage=folder("ses_woa", log_as_file)),
    refused("log is no json", f"insurers: {UNREADABLE}", damage=text_of_log("insurers", f'{{"add": {ANNA}')),
    refused("log is binary", f"insurers: {UNREADABLE}", damage=text_of_log("insurers", b"\x00\xff" * 99)),
    refused("log is empty", f"insurers: {UNREADABLE}", damage=text_of_log("insurers", "")),
    refused("log knows no action", f"insurers: {UNREADABLE}", damage=text_of_log("insurers", f'{{"{MARK}": 1}}\n')),
    refused(
        "log without schema",
        f"claims: {UNREADABLE}",
        damage=actions("claims", lambda log: [entry for entry in log if "metaData" not in entry]),
    ),
    refused(
        "log without protocol",
        f"claims: {UNREADABLE}",
        damage=actions("claims", lambda log: [entry for entry in log if "protocol" not in entry]),
    ),
    refused(
        "schema is no json",
        f"claims: {UNREADABLE}",
        damage=actions("claims", lambda log: action(log, "metaData").update(schemaString=MARK)),
    ),
    refused(
        "column of an unknown type",
        f"claims: {UNREADABLE}",
        damage=actions("claims", field_told("amount_cents", type="money")),
    ),
    refused(
        "table of a later Delta",
        f"claims: {UNREADABLE}",
        damage=actions("claims", lambda log: action(log, "protocol").update(minReaderVersion=99)),
        on_spark=True,
    ),
    refused(
        "table with a feature that nobody knows",
        f"claims: {UNREADABLE}",
        damage=actions("claims", needs_feature(MARK)),
    ),
    refused(
        "first entry of the log gone",
        f"claims: {UNREADABLE}",
        damage=lambda place: (
            stored("claims", lambda rows: rows.slice(0, 100), lambda rows: rows.slice(100))(place),
            log_file(place.table("claims")).unlink(),
        ),
    ),
    refused("data file gone", f"ses_woa: {UNREADABLE}", damage=data_file("ses_woa", Path.unlink)),
    refused("data file empty", f"claims: {UNREADABLE}", damage=data_file("claims", lambda path: path.write_bytes(b""))),
    refused(
        "data file cut off",
        f"claims: {UNREADABLE}",
        damage=data_file("claims", lambda path: path.write_bytes(path.read_bytes()[:-100])),
    ),
    refused(
        "data file is no parquet",
        f"agb_register: {UNREADABLE}",
        damage=data_file("agb_register", lambda path: path.write_bytes(f"PAR1 {ANNA} {MARK}".encode())),
    ),
    *[
        refused(f"data file with zeros for {name}", f"{table}: {UNREADABLE}", damage=zeros_in(table, name))
        for table, name in (("claims", "claim_reference"), ("claims", "diagnosis_code"), ("enrolments", "postcode"))
    ],
    refused(
        "data file is a folder",
        f"claims: {UNREADABLE}",
        damage=data_file("claims", lambda path: (path.unlink(), path.mkdir())),
    ),
    refused(
        "data file with text for a number",
        f"claims: {UNREADABLE}",
        damage=rewritten("claims", typed("amount_cents", MARK, pa.string())),
        on_spark=True,
    ),
    refused(
        "data file with text for a date that may be missing",
        f"claims: {UNREADABLE}",
        damage=rewritten("claims", typed("treatment_date", MARK, pa.string())),
        on_spark=True,
    ),
    refused(
        "data file with text for a date",
        f"enrolments: {UNREADABLE}",
        damage=rewritten("enrolments", typed("valid_from", MARK, pa.string())),
    ),
    refused(
        "data file without a column",
        null("claims", "amount_cents", 300),
        damage=rewritten("claims", without("amount_cents")),
    ),
]

SHAPES = [
    refused(
        "column missing",
        "claims: column channel is missing; expected string (vecozo or restitution).",
        change=of("claims", without("channel")),
    ),
    refused(
        "column renamed",
        "claims: column status is missing; expected string (approved or rejected).",
        change=of("claims", rename("status", "claim_status")),
    ),
    refused(
        "key column missing", "ses_woa: column postcode4 is missing; *", change=of("ses_woa", without("postcode4"))
    ),
    refused(
        "all columns missing but one",
        *[f"av_classes: column {name} is missing; *" for name in ("bsn", "report_year", "av_class")],
        change=of("av_classes", lambda rows: rows.select(["uzovi"])),
    ),
    refused(
        "columns of another table",
        *[
            f"claims: column {name} is missing; *"
            for name in GOOD["claims"].column_names
            if name not in ("uzovi", "bsn")
        ],
        change=lambda tables: {**tables, "claims": tables["enrolments"]},
    ),
    refused(
        "columns in capitals",
        "insurers: column uzovi is missing; *",
        "insurers: column concern is missing; *",
        "insurers: column kind is missing; *",
        change=of("insurers", lambda rows: rows.rename_columns([name.upper() for name in rows.column_names])),
        on_spark=True,
    ),
    refused(
        "column with a space behind its name",
        "claims: column bsn is missing; *",
        change=of("claims", rename("bsn", "bsn ")),
    ),
    refused(
        "zeros lost",
        is_type("claims", "csi_code", "bigint"),
        change=of("claims", typed("csi_code", 9, pa.int64())),
    ),
    refused(
        "bsn is a number",
        is_type("enrolments", "bsn", "bigint"),
        change=of("enrolments", typed("bsn", int(ANNA), pa.int64())),
    ),
    refused(
        "amount is an int",
        is_type("claims", "amount_cents", "int", "bigint"),
        change=of("claims", typed("amount_cents", 5, pa.int32())),
    ),
    refused(
        "amount is a double",
        is_type("claims", "amount_cents", "double", "bigint"),
        change=of("claims", typed("amount_cents", 0.5, pa.float64())),
    ),
    refused(
        "amount is a decimal",
        is_type("claims", "amount_cents", "decimal(18,2)", "bigint"),
        change=of("claims", typed("amount_cents", None, pa.decimal128(18, 2))),
    ),
    refused(
        "date is a text",
        is_type("claims", "treatment_date", "string", "date"),
        change=of("claims", typed("treatment_date", "2023-03-01", pa.string())),
    ),
    refused(
        "date is a timestamp",
        is_type("claims", "treatment_date", "timestamp", "date"),
        change=of("claims", typed("treatment_date", datetime(2023, 3, 1), pa.timestamp("us", "UTC"))),
    ),
    refused(
        "date is a timestamp without a zone",
        is_type("claims", "claim_date", "timestamp_ntz", "date"),
        change=of("claims", typed("claim_date", datetime(2023, 3, 1), pa.timestamp("us"))),
    ),
    refused(
        "year is a bigint",
        is_type("av_classes", "report_year", "bigint", "int"),
        change=of("av_classes", as_type("report_year", pa.int64())),
    ),
    refused(
        "year is a smallint",
        is_type("av_classes", "report_year", "smallint", "int"),
        change=of("av_classes", as_type("report_year", pa.int16())),
    ),
    refused(
        "score is a float",
        is_type("ses_woa", "score", "float", "double"),
        change=of("ses_woa", as_type("score", pa.float32())),
    ),
    refused(
        "score is a text",
        is_type("ses_woa", "score", "string", "double"),
        change=of("ses_woa", typed("score", "0,5", pa.string())),
    ),
    refused(
        "code is binary",
        is_type("claims", "status", "binary"),
        change=of("claims", typed("status", b"approved", pa.binary())),
    ),
    refused(
        "code is yes or no",
        is_type("claims", "debit_credit", "boolean"),
        change=of("claims", typed("debit_credit", True, pa.bool_())),
    ),
    refused(
        "code is a list",
        is_type("claims", "status", "array<string>"),
        change=of("claims", typed("status", ["approved"], pa.list_(pa.string()))),
    ),
    refused(
        "code is a struct",
        is_type("insurers", "concern", "struct<name:string>"),
        change=of("insurers", typed("concern", {"name": "CZ"}, pa.struct([("name", pa.string())]))),
    ),
    refused(
        "code is a map",
        is_type("claims", "bsn", "map<string,string>"),
        change=of("claims", typed("bsn", {"a": MARK}, pa.map_(pa.string(), pa.string()))),
    ),
    refused(
        "column of nulls without a type",
        f"claims: {UNREADABLE}",
        change=of("claims", typed("prior_reference", None, pa.null())),
    ),
]

NEVER_NULL = [
    refused(
        f"nulls in {table.name}",
        *[null(table.name, name, 3) for name in never_null(table)],
        change=of(table.name, *[column(name, last(3, None)) for name in never_null(table)]),
    )
    for table in INPUTS
]

CONTENTS = [
    refused(
        "claims delivered twice",
        duplicate("claims", "uzovi, practice_agb, claim_reference", 4),
        change=of("claims", twice(100, 2)),
    ),
    refused("label twice", duplicate("insurers", "uzovi", 2), change=of("insurers", twice(3, 1))),
    refused(
        "label of two concerns",
        duplicate("insurers", "uzovi", 2),
        change=add("insurers", {"uzovi": "0101", "concern": "VGZ"}),
    ),
    refused("provider twice", duplicate("agb_register", "agb, kind", 6), change=of("agb_register", twice(0, 3))),
    refused("postcode twice", duplicate("ses_woa", "postcode4", 2), change=of("ses_woa", twice(0, 1))),
    refused(
        "class twice",
        duplicate("av_classes", "uzovi, bsn, report_year", 4),
        change=of("av_classes", twice(0, 2)),
    ),
    refused(
        "class high and low",
        duplicate("av_classes", "uzovi, bsn, report_year", 2),
        change=add("av_classes", {}, {"av_class": "high"}),
    ),
    refused(
        "odd keys twice",
        duplicate("claims", "uzovi, practice_agb, claim_reference", 4),
        change=add("claims", *[{"claim_reference": reference} for reference in (ODD, ODD, LONG, LONG)]),
    ),
    refused(
        "duplicate beside another fault",
        duplicate("insurers", "uzovi", 2),
        null("insurers", "concern", 1),
        change=add("insurers", {}, {"concern": None}),
    ),
    *[
        refused(
            f"debit_credit is {value!r}",
            other("claims", "debit_credit", "D, C", 2),
            change=of("claims", column("debit_credit", first(2, value))),
        )
        for value in ("d", "", "D ", "D\x00", LONG)
    ],
    refused(
        "kind of a label with a capital",
        other("insurers", "kind", "insurer, mandate, reserved", 1),
        change=of("insurers", column("kind", last(1, "Mandate"))),
    ),
    refused(
        "kind of a provider unknown",
        other("agb_register", "kind", "practice, therapist, institution", 1),
        change=of("agb_register", column("kind", last(1, MARK))),
    ),
    refused(
        "class of a person unknown",
        other("av_classes", "av_class", "low, high", 5),
        change=of("av_classes", column("av_class", last(5, MARK))),
    ),
]

FEW = [
    nothing_counted("claims empty", of("claims", none), on_spark=True),
    nothing_counted("claims without a file", of("claims", none), damage=without_files("claims")),
    nothing_counted("enrolments empty", of("enrolments", none)),
    nothing_counted("enrolments without a file", of("enrolments", none), damage=without_files("enrolments")),
    nothing_counted("insurers empty", of("insurers", none)),
    nothing_counted("providers empty", of("agb_register", none)),
    nothing_counted("every table empty", all_of(*[of(table.name, none) for table in INPUTS])),
    nothing_counted("all claims rejected", of("claims", column("status", every("rejected")))),
    nothing_counted("only credits", of("claims", column("debit_credit", every("C")))),
    nothing_counted("all paid back to the patient", of("claims", column("channel", every("restitution")))),
    nothing_counted("all too late", of("claims", column("claim_date", every(date(2024, 3, 1))))),
    nothing_counted("all of another year", settings={"report": {"year": 2006, "version": 1}}),
    nothing_counted("all of the last year", settings={"report": {"year": 2099, "version": 3}}),
    nothing_counted("nobody takes part", settings={"participating": ["Nobody"]}),
    nothing_counted(
        "all bsn of 8 digits", of("claims", column("bsn", lambda all_: [bsn and bsn[1:9] for bsn in all_]))
    ),
    nothing_counted(
        "every claim taken back",
        all_of(of("claims", none), VISIT, add("claims", credit("back", "own 0"))),
    ),
    nothing_counted("only mandates", of("insurers", column("kind", every("mandate")))),
    nothing_counted(
        "nothing known of a claim",
        of(
            "claims",
            *[typed(c.name, None, cases.SCHEMAS["claims"].field(c.name).type) for c in INPUTS[0].columns if c.nullable],
        ),
    ),
    fine("no covers and no postcodes", all_of(*[of(name, none) for name in ("av_packages", "av_classes", "ses_woa")])),
    fine("packages without a file", of("av_packages", none), damage=without_files("av_packages")),
    fine("postcodes without scores", of("ses_woa", column("score", every(None)))),
    fine("postcodes with scores that are no number", of("ses_woa", column("score", every(math.nan)))),
    fine("one claim that counts", all_of(of("claims", none), VISIT)),
    fine(
        "one row in every table",
        all_of(
            *[
                only(
                    t.name,
                    {"uzovi": "0101"}
                    if t.name == "insurers"
                    else {"kind": "practice"}
                    if t.name == "agb_register"
                    else {},
                )
                for t in INPUTS
            ]
        ),
    ),
]

CODES = "uzovi practice_agb bsn performance_code diagnosis_code csi_code status channel care_setting".split()


def wherever_text_may_stand(text: str, mark: str) -> Change:
    """The mark begins the references of records that must differ."""
    return all_of(
        add(
            "claims",
            {"practice_agb": text},
            {"claim_reference": text},
            credit(text + "2", text),
            *[{"claim_reference": f"{mark}{name}", name: text} for name in CODES],
        ),
        add("enrolments", {"sex": text, "postcode": text}, {"bsn": text}, {"uzovi": text}),
        add("insurers", {"uzovi": text + "L"}, {"uzovi": "0802", "concern": text}),
        add("agb_register", {"agb": text, "kind": "practice", "name": text}),
        add("av_packages", {"package": text}),
        add("av_classes", {"bsn": text}),
        add("ses_woa", {"postcode4": text}),
    )


FAR_DAYS = (date(1, 1, 1), date(1500, 2, 28), date(1582, 10, 10), date(1900, 1, 1), date(9999, 12, 31))
ENDS = (-(2**63), -(2**63) + 1, -1, 0, 1, 2**63 - 1)

VALUES = [
    fine(
        "claims of year 1 and 9999",
        all_of(
            VISIT,
            add("claims", *[{"claim_reference": f"t{d}", "treatment_date": d} for d in FAR_DAYS]),
            add("claims", *[{"claim_reference": f"c{d}", "claim_date": d} for d in FAR_DAYS]),
        ),
        on_spark=True,
    ),
    fine(
        "enrolments of year 1 and 9999",
        all_of(
            VISIT,
            add("enrolments", *[{"valid_from": d, "birth_date": d, "postcode": "1011AB"} for d in FAR_DAYS]),
            add("enrolments", *[{"valid_from": date(2021, 1, 1), "valid_to": d} for d in FAR_DAYS]),
        ),
    ),
    fine(
        "people and providers of year 1 and 9999",
        all_of(
            VISIT,
            of(
                "enrolments",
                column("birth_date", first(50, date(1, 1, 1))),
                column("birth_date", last(50, date(9999, 12, 31))),
            ),
            of(
                "agb_register",
                column("started_on", first(50, date(1, 1, 1))),
                column("ended_on", last(60, date(9999, 12, 31))),
            ),
        ),
    ),
    fine(
        "cover from year 1 to 9999",
        all_of(
            VISIT,
            add(
                "av_packages", *[{"valid_from": date(1, 1, 1), "valid_to": d, "insured_sessions": 99} for d in FAR_DAYS]
            ),
        ),
    ),
    fine(
        "amounts at the ends of bigint",
        all_of(
            VISIT,
            add("claims", *[{"claim_reference": f"d{cents}", "amount_cents": cents} for cents in ENDS]),
            add(
                "claims",
                *[
                    credit(f"c{cents}", f"d{debit}", amount_cents=cents)
                    for cents, debit in zip(ENDS, reversed(ENDS), strict=True)
                ],
            ),
            add("claims", *[credit(f"k{cents}", None, amount_cents=cents) for cents in ENDS]),
        ),
        on_spark=True,
    ),
    fine("all amounts negative", of("claims", column("amount_cents", lambda all_: [-cents for cents in all_]))),
    fine("all amounts zero", of("claims", column("amount_cents", every(0)))),
    fine("all amounts the largest", of("claims", column("amount_cents", every(2**63 - 1)))),
    fine("all amounts the smallest", of("claims", column("amount_cents", every(-(2**63))))),
    fine(
        "sessions at the ends of int",
        all_of(
            add(
                "claims",
                *[
                    {"uzovi": uzovi, "claim_reference": f"s{n}", "bsn": bsn}
                    for n, (uzovi, bsn) in enumerate([("0201", ANNA), ("0301", "912345615"), ("0101", "912345627")])
                ],
            ),
            add("enrolments", *[{"bsn": bsn} for bsn in (ANNA, "912345615", "912345627")]),
            add(
                "av_packages", *[{"uzovi": "0201", "insured_sessions": 2**31 - 1, "package": str(n)} for n in range(3)]
            ),
            add(
                "av_packages",
                *[
                    {"uzovi": "0301", "bsn": "912345615", "insured_sessions": -(2**31), "package": str(n)}
                    for n in range(3)
                ],
            ),
            add("av_packages", *[{"bsn": "912345627", "insured_sessions": s} for s in (-1, 2**31 - 1)]),
        ),
    ),
    fine(
        "years of classes at the ends of int",
        of(
            "av_classes",
            column("report_year", lambda all_: [-(2**31) + n if n % 2 else 2**31 - 1 - n for n in range(len(all_))]),
        ),
    ),
    fine("strings of 10,000 characters", all_of(VISIT, wherever_text_may_stand(LONG, "l")), on_spark=True),
    fine("emoji, quotes and NUL in codes", all_of(VISIT, wherever_text_may_stand(ODD, "o")), on_spark=True),
    fine(
        "codes that end in NUL",
        all_of(
            VISIT,
            add(
                "claims", *[{"claim_reference": f"n{name}", name: f"{TEMPLATES['claims'][name]}\x00"} for name in CODES]
            ),
            add("claims", {"claim_reference": "own\x00"}, {"claim_reference": "own"}, credit("back", "own\x00")),
            add("enrolments", {"bsn": "912345615", "sex": "M\x00", "postcode": "1234AB\x00"}),
        ),
    ),
    fine(
        "keys that differ in case, space or form only",
        all_of(
            VISIT,
            add(
                "claims", *[{"claim_reference": reference} for reference in ("ä", "a\u0308", "Ä", " ä", "ä ", "", " ")]
            ),
            add("agb_register", *[{"agb": agb, "kind": "practice"} for agb in ("ab", "AB", "ab ", "")]),
            add("insurers", {"uzovi": ""}, {"uzovi": " 0101"}, {"uzovi": "0101 "}),
            add("claims", *[{"claim_reference": f"p{agb}", "practice_agb": agb} for agb in ("ab", "AB", "ab ", "")]),
        ),
    ),
    fine(
        "bsn of 8 digits",
        all_of(VISIT, of("claims", column("bsn", lambda all_: [bsn and bsn[1:] for bsn in all_[:50]] + all_[50:]))),
    ),
    fine(
        "codes in other case",
        of("claims", column("status", first(50, "Approved")), column("channel", last(50, "VECOZO"))),
    ),
    fine(
        "concern in other case", of("insurers", column("concern", lambda all_: [concern.upper() for concern in all_]))
    ),
    fine(
        "empty strings",
        all_of(
            VISIT,
            add(
                "claims",
                *[{"claim_reference": f"e{name}", name: ""} for name in CODES],
                credit("", ""),
                credit("e", ""),
            ),
            add("enrolments", {"sex": "", "postcode": "", "valid_from": date(2022, 1, 1)}, {"bsn": ""}, {"uzovi": ""}),
        ),
    ),
    fine(
        "scores at the ends",
        of(
            "ses_woa",
            lambda rows: pa.table(
                {
                    "postcode4": [f"{1000 + n}" for n in range(12)],
                    "score": [
                        math.inf,
                        -math.inf,
                        math.nan,
                        -0.0,
                        0.0,
                        5e-324,
                        -5e-324,
                        1.7e308,
                        -1.7e308,
                        None,
                        0.1,
                        math.nextafter(0.1, 1),
                    ],
                },
                cases.SCHEMAS["ses_woa"],
            ),
        ),
    ),
    fine(
        "enrolments twice, a thousand of one person, and some that end before they begin",
        all_of(
            VISIT,
            of("enrolments", lambda rows: pa.concat_tables([rows, rows])),
            add(
                "enrolments",
                *[{"valid_from": date(2000, 1, 1) + timedelta(n), "postcode": f"{1000 + n}AB"} for n in range(1000)],
                {"valid_from": date(2023, 8, 1), "valid_to": date(2023, 5, 1), "postcode": "1011AB"},
            ),
        ),
    ),
    fine(
        "references that recur without a practice",
        of("claims", twice(100, 1), twice(100, 1), column("practice_agb", first(3, None))),
    ),
    fine("all claims of one person", all_of(VISIT, of("claims", column("bsn", every(ANNA))))),
    fine(
        "all claims of one practice",
        of(
            "claims",
            column("practice_agb", every("04000001")),
            column("claim_reference", lambda all_: [f"{place} {reference}" for place, reference in enumerate(all_)]),
        ),
    ),
    fine("credits before and beyond their debits", of("claims", column("claim_date", lambda all_: all_[::-1]))),
    fine("five thousand unknown labels", add("claims", *[{"uzovi": f"x{n}"} for n in range(5000)])),
]


def more_columns(*named: str) -> Change:
    def change(rows: pa.Table) -> pa.Table:
        for name in named:
            rows = rows.append_column(name, pa.array([MARK] * len(rows)))
        return rows.append_column("more", pa.array([{"a": [1]}] * len(rows)))

    return all_of(*[of(table.name, change) for table in INPUTS])


LAYOUTS = [
    fine(
        "more columns",
        more_columns("label", "outcome", "records", "n", "rows", "faults", "concern2", "person"),
    ),
    fine("columns with odd names", more_columns("a b", "a.b", "`", "é\U0001f9b4", "x;y", '"'), seen=dict),
    fine(
        "columns in another order, and a log that tells little",
        of("claims", lambda rows: rows.select(rows.column_names[::-1])),
        damage=lambda place: (
            actions("claims", lambda log: action(log, "add").pop("stats") and None)(place),
            actions("enrolments", lambda log: [entry for entry in log if "commitInfo" not in entry])(place),
        ),
    ),
    fine(
        "texts of other arrow types",
        all_of(
            of("claims", *[as_type(name, pa.large_string()) for name in ("uzovi", "bsn", "status")]),
            of("enrolments", *[as_type(name, pa.string_view()) for name in ("uzovi", "bsn", "postcode")]),
            of("insurers", lambda rows: rows.set_column(1, "concern", rows["concern"].dictionary_encode())),
        ),
        seen=dict,
    ),
    fine("partitioned by label", damage=stored("claims", partition_by=["uzovi"])),
    fine("partitioned by a date with nulls", damage=stored("claims", partition_by=["treatment_date", "channel"])),
    fine("partitioned by an amount", damage=stored("claims", partition_by=["amount_cents"])),
    fine("partitioned by year", damage=stored("av_classes", partition_by=["report_year", "av_class"])),
    fine(
        "partitioned by score",
        of("ses_woa", column("score", lambda all_: [n / 8 for n in range(len(all_))])),
        damage=stored("ses_woa", partition_by=["score"]),
    ),
    fine(
        "one row a file",
        damage=stored("ses_woa", *[partial(lambda n, rows: rows.slice(n, 1), n) for n in range(len(GOOD["ses_woa"]))]),
    ),
    fine(
        "neighbouring scores in files of their own",
        all_of(
            VISIT,
            only(
                "ses_woa",
                *[
                    {"postcode4": f"{1239 - n}", "score": score}
                    for n, score in enumerate(
                        [0.1 + 0.2, math.nextafter(0.3, 0), 0.3, 0.1 + 0.7, 0.7999999999999999, 0.8]
                    )
                ],
            ),
            *[
                add("enrolments", {"bsn": bsn, "postcode": f"{1239 - n}AB"})
                for n, bsn in enumerate(["912345615", "912345627", "912345639", "912345640"])
            ],
            *[
                add("claims", {"bsn": bsn, "claim_reference": bsn})
                for bsn in ["912345615", "912345627", "912345639", "912345640"]
            ],
        ),
        damage=stored("ses_woa", *[partial(lambda n, rows: rows.slice(n, 1), n) for n in range(6)]),
    ),
    fine(
        "a table that was restored",
        damage=history("claims", emptied, lambda table: table.restore(0)),
    ),
    fine("a table that was emptied", of("av_classes", none), damage=history("av_classes", emptied)),
    fine(
        "a table put together anew",
        damage=lambda place: (
            stored("claims", lambda r: r.slice(0, 99), lambda r: r.slice(99))(place),
            history(
                "claims",
                lambda t: t.optimize.compact(),
                lambda t: t.vacuum(0, dry_run=False, enforce_retention_duration=False),
                lambda t: t.create_checkpoint(),
                lambda t: t.cleanup_metadata(),
            )(place),
        ),
    ),
    fine(
        "a column that came later",
        of("claims", column("care_setting", every(None))),
        damage=lambda place: (
            stored("claims", without("care_setting"))(place),
            history("claims", lambda t: t.alter.add_columns([Field("care_setting", PrimitiveType("string"))]))(place),
        ),
    ),
    fine(
        "data file without a column that may be null",
        of("claims", column("care_setting", every(None))),
        damage=rewritten("claims", without("care_setting")),
    ),
    fine(
        "rows taken out by deletion vectors",
        damage=deletion_vector("claims", [*range(0, 60, 2)]),
        seen=except_rows("claims", range(0, 60, 2)),
        on_spark=True,
    ),
    fine("columns mapped to other names", damage=mapped_columns("claims"), on_spark=True),
    fine(
        "char and varchar",
        damage=actions(
            "claims",
            lambda log: (
                [
                    field_told(name, metadata={"__CHAR_VARCHAR_TYPE_STRING": kind})(log)
                    for name, kind in (("bsn", "char(12)"), ("uzovi", "varchar(10)"), ("practice_agb", "char(9)"))
                ]
                and None
            ),
        ),
        on_spark=True,
    ),
    fine("table behind a link", damage=folder("claims", behind_link)),
    fine(
        "a link to nothing beside the data", damage=lambda p: (p.table("claims") / "old.parquet").symlink_to("nowhere")
    ),
]

COLUMNS_TWICE = [
    refused(
        "column twice in the log",
        f"insurers: {UNREADABLE}",
        damage=actions("insurers", fields(lambda all_: all_.append(dict(all_[0])))),
        on_spark=True,
    ),
    refused(
        "column twice but for capitals",
        f"insurers: {UNREADABLE}",
        damage=lambda place: (
            rewritten("insurers", lambda rows: rows.append_column("UZOVI", rows["uzovi"]))(place),
            actions("insurers", fields(lambda all_: all_.append({**all_[0], "name": "UZOVI"})))(place),
        ),
        on_spark=True,
    ),
    refused(
        "column that passes over case",
        "claims: column uzovi is string collate UTF8_LCASE, expected string.",
        sail={"code": 0, "lines": ()},  # it compares bytes all the same
        damage=actions("claims", field_told("uzovi", metadata={"__COLLATIONS": {"uzovi": "spark.UTF8_LCASE"}})),
        on_spark=True,
    ),
]


def file_is(harm: Callable[[Path], object]) -> Callable[[Place], object]:
    return lambda place: harm(place.settings)


def told(key: str) -> str:
    return f"*.toml: {key}"


YEARS = "; use a whole number from 2006 to 2099."
VERSIONS = "; use 1 (to 30 June), 2 (to 30 September) or 3 (whole year)."
SETTINGS_FILES = [
    settings_refused("settings missing", told("there is no such file."), damage=file_is(Path.unlink)),
    settings_refused(
        "settings are a folder",
        told("cannot be read as a text file*"),
        damage=file_is(lambda p: (p.unlink(), p.mkdir())),
    ),
    settings_refused(
        "settings are a link to itself",
        told("cannot be read as a text file*"),
        damage=file_is(lambda p: (p.unlink(), p.symlink_to(p.name))),
    ),
    settings_refused(
        "settings are binary", told("cannot be read as a text file*"), settings=b"\x80\x81" + MARK.encode()
    ),
    settings_refused("settings in UTF-16", told("cannot be read as a text file*"), settings=REPORT.encode("utf-16")),
    settings_refused("settings with NUL", told("is not valid TOML: *"), settings=REPORT + "\x00"),
    settings_refused("settings are JSON", told("is not valid TOML: *"), settings='{"report": {}}'),
    settings_refused("key twice", told("is not valid TOML: *"), settings=REPORT + REPORT),
    settings_refused(
        "table twice", told("is not valid TOML: *"), settings="[netting]\nCZ = 'key'\n[netting]\nCZ = 'none'\n"
    ),
    settings_refused("deep brackets", told("is not valid TOML: *"), settings="participating = " + "[" * 20000),
    settings_refused(
        "number of 5,000 digits",
        told("is not valid TOML: *"),
        settings="report = { year = " + "9" * 5000 + ", version = 3 }",
    ),
    settings_refused(
        "number of 5,000 hexadecimal digits",
        told("report.year is *" + YEARS),
        settings="report = { year = 0x" + "f" * 5000 + ", version = 3 }",
    ),
    settings_refused(
        "file of one long text",
        told("participating is *; use a list of one or more names of concerns."),
        settings=f'participating = "{LONG_NAME}"',
    ),
    *[
        settings_refused(
            f"year {value}",
            told(f"report.year is {shown or value}{YEARS}"),
            settings=f"report = {{ year = {value}, version = 3 }}",
        )
        for value, shown in [
            ("2005", ""),
            ("2100", ""),
            ("-2023", ""),
            ("0", ""),
            ("99999999999999999999", ""),
            ("2023.0", ""),
            ("true", ""),
            ('"2023"', ""),
            ("2023-01-01", '"2023-01-01"'),
            ("nan", "*"),
            ("inf", "*"),
            ("[2023]", "*"),
            ("{}", "{}"),
        ]
    ],
    *[
        settings_refused(
            f"version {value}",
            told(f"report.version is {value}{VERSIONS}"),
            settings=f"report = {{ year = 2023, version = {value} }}",
        )
        for value in ("4", "0", "-1", '"3"', "3.0", "true")
    ],
    settings_refused("version missing", told("report.version is missing*"), settings="report = { year = 2023 }"),
    settings_refused(
        "report is a date", told('report is "2023-03-01 12:00:00"*'), settings="report = 2023-03-01 12:00:00"
    ),
    settings_refused(
        "unknown key", told("participatng is not a setting; use report, *"), settings='participatng = ["CZ"]'
    ),
    settings_refused("key of two lines", told("a*b is not a setting; use report, *"), settings='"a\\nb" = 1'),
    settings_refused(
        "key with other ends of line", told("a*b is not a setting; use report, *"), settings='"a\\u2028\\u0085b" = 1'
    ),
    settings_refused(
        "key that colours the screen", told("*is not a setting; use report, *"), settings='"\\u001b[31m" = 1'
    ),
    settings_refused("key with quotes and NUL", told("*is not a setting; use report, *"), settings="'\"' = 1\n"),
    settings_refused("empty key", told("*is not a setting; use report, *"), settings='"" = 1\n'),
    settings_refused(
        "concern of two lines",
        told("netting.C*Z is *kee*; use reference, key, reference_then_key or none."),
        settings='[netting]\n"C\\nZ" = "kee"\n',
    ),
    settings_refused(
        "choice of two lines",
        told("netting.CZ is *; use reference, key, reference_then_key or none."),
        settings='[netting]\nCZ = "k\\ney"\n',
    ),
    settings_refused("choice in another case", told('netting.CZ is "Key"; use *'), settings='[netting]\nCZ = "Key"\n'),
    settings_refused(
        "choice is a table",
        told("av_policy.CZ is *; use sum, max or latest."),
        settings="[av_policy.CZ]\nsum = 1979-05-27\n",
    ),
    settings_refused("nobody takes part by name", told("participating is []; use *"), settings="participating = []"),
    settings_refused(
        "name without letters", told('participating is [[]"CZ", ""]; use *'), settings='participating = ["CZ", ""]'
    ),
    settings_refused("name is a number", told("participating is *; use *"), settings='participating = ["CZ", 1]'),
    settings_refused("names are one text", told('participating is "CZ"; use *'), settings='participating = "CZ"'),
    settings_refused(
        "four faults",
        told("nettings is not a setting; *"),
        told("report.year is 1*"),
        told("report.version is 9*"),
        told("av_source.CZ is *"),
        settings="nettings = 1\nreport = { year = 1, version = 9 }\nav_source = { CZ = 1 }\n",
    ),
    fine("settings with a mark of their bytes", settings="\ufeff" + toml(RAW)),
    fine("settings with the line ends of Windows", settings=toml(RAW).replace("\n", "\r\n").encode()),
    nothing_counted("settings of one line end", settings=b"# nothing\r" + b'participating = ["Elders2"]\r'),
    fine("settings empty", settings=""),
    fine("settings through a link", damage=file_is(lambda p: (p.rename(p.with_name("x")), p.symlink_to("x")))),
    fine("names twice", settings={**RAW, "participating": ["CZ", "VGZ", "CZ", "CZ"]}),
    fine("name that nobody has", settings={**RAW, "participating": ["CZ", "Salland ", "cz", ODD_NAME]}),
    fine(
        "unknown concern in every table",
        settings={**RAW, "netting": {"Nobody": "none"}, "av_source": {"": "packages"}, "av_policy": {ODD_NAME: "max"}},
    ),
    fine(
        "concern with an odd name",
        all_of(VISIT, of("insurers", column("concern", lambda all_: [ODD_NAME if c == "CZ" else c for c in all_]))),
        settings={
            **RAW,
            "participating": [ODD_NAME],
            "netting": {ODD_NAME: "key"},
            "av_source": {ODD_NAME: "packages"},
            "av_policy": {ODD_NAME: "latest"},
        },
    ),
    fine(
        "concern with a long name",
        all_of(VISIT, of("insurers", column("concern", lambda all_: [LONG_NAME if c == "CZ" else c for c in all_]))),
        settings={**RAW, "participating": [LONG_NAME, "VGZ"]},
    ),
    fine(
        "hundred names",
        settings={
            **RAW,
            "participating": ["CZ", *[f"N{n}" for n in range(99)]],
            "netting": {f"N{n}": "key" for n in range(99)},
        },
    ),
]


SAIL_KNOWS_NO_SUCH_ROOT = {"code": 2, "lines": ("the engine sail cannot work in *",)}


NOT_WRITABLE = "* cannot be written to: *."
ROOTS = [
    settings_refused("output is a file", NOT_WRITABLE, roots=lambda p: (str(p.inputs), str(p.settings))),
    settings_refused("output below a file", NOT_WRITABLE, roots=lambda p: (str(p.inputs), str(p.settings / "out"))),
    settings_refused("output where nobody may write", NOT_WRITABLE, roots=lambda p: (str(p.inputs), "/proc/zorgstat")),
    settings_refused(
        "folder of locks is a file",
        NOT_WRITABLE,
        damage=lambda p: (p.output.mkdir(), (p.output / "_locks").write_text(MARK)),
    ),
    settings_refused(
        "folder of logs is a file",
        NOT_WRITABLE,
        damage=lambda p: (p.output.mkdir(), (p.output / "_logs").write_text(MARK)),
    ),
    settings_refused(
        "input root is empty",
        "a root is empty; give a folder or an address.",
        roots=lambda p: ("", str(p.output)),
    ),
    refused(
        "input on a store that nobody knows",
        *[f"{t.name}: {UNREADABLE}" for t in INPUTS],
        roots=lambda p: ("nosuch://bucket/in", str(p.output)),
        sail={"code": 2, "lines": ("the engine sail works in folders of this machine, *",)},
    ),
    fine("input through a link", damage=lambda p: behind_link(p.inputs)),
    fine("roots as addresses", roots=lambda p: (p.inputs.as_uri(), p.output.as_uri())),
    fine("roots that end in a slash", roots=lambda p: (f"{p.inputs}/", f"{p.output}//")),
    fine("output inside input", roots=lambda p: (str(p.inputs), str(p.inputs / "out"))),
    fine("output is input", roots=lambda p: (str(p.inputs), str(p.inputs))),
    fine(
        "root with a space",
        damage=lambda p: p.inputs.rename(p.inputs.with_name("in put")),
        roots=lambda p: (str(p.inputs.with_name("in put")), str(p.output)),
        on_spark=True,
        sail=SAIL_KNOWS_NO_SUCH_ROOT,
    ),
    fine(
        "root with a quote",
        damage=lambda p: p.inputs.rename(p.inputs.with_name("in'`put")),
        roots=lambda p: (str(p.inputs.with_name("in'`put")), str(p.output)),
        sail=SAIL_KNOWS_NO_SUCH_ROOT,
    ),
    fine(
        "output with a space",
        roots=lambda p: (str(p.inputs), str(p.output / "o p")),
        on_spark=True,
        sail=SAIL_KNOWS_NO_SUCH_ROOT,
    ),
]

ALL = [*WHOLE_TABLES, *SHAPES, *NEVER_NULL, *CONTENTS, *FEW, *VALUES, *LAYOUTS, *COLUMNS_TWICE, *SETTINGS_FILES, *ROOTS]
