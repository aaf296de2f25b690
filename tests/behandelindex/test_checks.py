"""Checks: what a table must be, what must hold before anything is published, and checksums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from tests.support import frame
from zorgstat import checks
from zorgstat.behandelindex import checks as figures
from zorgstat.behandelindex.settings import Settings
from zorgstat.io.engine import Engine
from zorgstat.tables import Column, Table

VISITS = Table(
    "visits",
    "A small table with everything that a declaration can ask.",
    key=("label", "number"),
    columns=(
        Column("label", "string", "first part of the key"),
        Column("number", "string", "second part of the key", nullable=True),
        Column("kind", "string", "a closed list", values=("D", "C")),
        Column("place", "string", "a closed list that may be missing", nullable=True, values=("home", "practice")),
        Column("amount", "bigint", "never null"),
        Column("remark", "string", "anything", nullable=True),
    ),
)


@pytest.mark.parametrize(
    ("delivered", "faults"),
    [
        ("label string, number string, kind string, place string, amount bigint, remark string", []),
        ("more date, remark string, amount bigint, place string, kind string, number string, label string", []),
        (
            "label string, number int, place string, amount double, remark string",
            [
                "visits: column number is int, expected string.",
                "visits: column kind is missing; expected string (a closed list).",
                "visits: column amount is double, expected bigint.",
            ],
        ),
    ],
)
def test_columns_must_be_there_with_their_type(spark: SparkSession, delivered: str, faults: list[str]) -> None:
    assert checks.schema_faults(StructType.fromDDL(delivered), VISITS) == faults


def test_rows_that_are_not_as_declared(spark: SparkSession) -> None:
    visits = frame(
        spark,
        "label string, number string, kind string, place string, amount bigint, remark string, more int",
        """
        label | number | kind | place     | amount | remark                       | more
        0101  | 1      | D    | home      | 10     |                              | 1
        0102  | 1      | C    |           | 10     | same number, other label     | 1
        0101  | 2      | D    | practice  |        | amount is null               | 1
        0101  | 3      |      | elsewhere |        | three faults in one row      | 1
        0101  | 4      | d    | home      | 10     | lower case is something else | 1
        0101  | 5      | ''   | home      | 10     | an empty string too          | 1
        0101  | 6      | D    | home      | 10     | three rows with one key      | 1
        0101  | 6      | D    | home      | 10     |                              | 2
        0101  | 6      | C    | practice  | 20     |                              | 3
        0101  |        | D    | home      | 10     | no number: not compared      | 1
        0101  |        | D    | home      | 10     |                              | 1
              | 7      | D    | home      | 10     | no label: a fault, and       | 1
              | 7      | D    | home      | 10     | not compared either          | 1
        0101  | ''     | D    | home      | 10     | an empty string is a value   | 1
        0101  | ''     | D    | home      | 10     |                              | 1
        """,
    )
    assert checks.count_broken(visits, VISITS).collect()[0].asDict() == {
        "rows": 15,
        "broken": 6,
        "repeated": 3,  # a suspicion: two keys were there before, once and twice
    }
    assert checks.count_faults(visits, VISITS).collect()[0].asDict() == {
        "null:label": 2,
        "null:kind": 1,
        "null:amount": 2,
        "value:kind": 2,
        "value:place": 1,
    }
    # Without a key columns are counted, not rows: as many as there are faults.
    without_key = replace(VISITS, key=())
    assert checks.count_broken(visits, without_key).collect()[0].asDict() == {"rows": 15, "broken": 8, "repeated": 0}
    assert checks.find_duplicates(visits, VISITS) == 5
    assert visits.agg(*checks.null_counts(VISITS)).collect()[0].asDict() == {
        "null:label": 2,
        "null:kind": 1,
        "null:amount": 2,
    }


def test_keys_with_one_hash_are_told_apart(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then every key is under suspicion, and the answer is the same."""
    visits = frame(
        spark, "label string, number string", "label | number\n0101 | 1\n0101 | 2\n0101 | 2\n0102 | 1\n0103 | 3"
    )
    monkeypatch.setattr(checks, "_key_hash", lambda table: F.length("label").cast("bigint"))
    assert checks.find_duplicates(visits, VISITS) == 2


@pytest.mark.parametrize(
    ("amounts", "is_suspect", "is_too_large"),
    [
        ([2**62 - 2**35, None, 1, -1], True, False),
        ([2**53 + 1] * 500, True, False),
        ([2**62], True, True),
        ([2**61, -(2**61)], True, True),  # their sum is 0, and on the way it is not
        ([-(2**63)], True, True),  # has no amount above zero of its size
        ([2**62 - 1, 1], True, True),
        ([2**40] * 2**12 + [-(2**62 - 2**50)], True, True),  # neither alone
        ([2**49, None] * 2000, False, False),
        ([-1] * 3000, False, False),
        ([None], False, False),
    ],
)
def test_numbers_that_cannot_be_added_up(
    spark: SparkSession, amounts: list[int | None], is_suspect: bool, is_too_large: bool
) -> None:
    """Well before a sum would leave the range of a bigint, where Sail goes on with another number."""
    amount = Column("amount", "bigint", "added up", nullable=True, adds_up=True)
    costs = Table("costs", "Amounts without a key.", columns=(amount,))
    rows = spark.createDataFrame([(value,) for value in amounts], costs.schema)
    looked = checks.count_broken(rows, costs).collect()[0]
    assert (looked["rows"], looked["broken"]) == (len(amounts), int(is_suspect))
    known = [value for value in amounts if value is not None]
    assert checks.count_faults(rows, costs).collect()[0].asDict() == {"sum:amount": len(known) if is_too_large else 0}
    if is_too_large:
        told = checks.describe_fault(costs, "sum:amount", len(known))
        assert told == (
            f"costs: column amount cannot be added up: its {len(known):,} numbers may come to more than 2^62; "
            "correct the largest."
        )


@pytest.mark.parametrize("key", [("label",), ("label", "number"), ("number", "label")])
@pytest.mark.parametrize(
    ("numbers", "twice"), [([7, 7], True), ([7, 8], False), ([None, None], False), ([None, 7], False)]
)
def test_keys_of_a_file_with_one_value(
    engine: Engine, tmp_path: Path, key: tuple[str, ...], numbers: list[int | None], twice: bool
) -> None:
    """Which an engine may know from the statistics of the file, and not look."""
    columns = (Column("label", "string", "one value"), Column("number", "bigint", "", nullable=True))
    table = Table("visits", "", columns, key)
    write_deltalake(str(tmp_path), pa.table({"label": ["0101", "0101"], "number": pa.array(numbers, "int64")}))
    stored = engine.read(str(tmp_path), 0)
    looked = checks.count_broken(stored, table).collect()[0]
    assert (looked["rows"], looked["broken"]) == (2, 0)
    repeated = twice or len(key) == 1
    assert (looked["repeated"], checks.find_duplicates(stored, table)) == ((1, 2) if repeated else (0, 0))


def test_a_table_with_a_key_is_not_added_up() -> None:
    with pytest.raises(ValueError, match="costs has a key"):
        Table("costs", "", key=("amount",), columns=(Column("amount", "bigint", "", adds_up=True),))


def test_an_empty_table_has_no_faults(spark: SparkSession) -> None:
    nothing = spark.createDataFrame([], VISITS.schema)
    assert set(checks.count_broken(nothing, VISITS).collect()[0]) == {0}
    assert set(checks.count_broken(nothing, replace(VISITS, key=())).collect()[0]) == {0}
    assert set(checks.count_faults(nothing, VISITS).collect()[0]) == {0}
    assert checks.find_duplicates(nothing, VISITS) == 0


def test_a_fault_tells_table_column_and_count() -> None:
    assert [
        checks.describe_fault(VISITS, fault, 1234) for fault in ("null:amount", "value:kind", "duplicate:label, number")
    ] == [
        "visits: column amount is null in 1,234 rows; it must have a value in every row.",
        "visits: column kind must be one of D, C; 1,234 rows hold something else.",
        "visits: 1,234 rows share their key (label, number) with another row; it must be unique.",
    ]


FIGURES = Table(
    "figures",
    "An output with what a checksum could overlook.",
    columns=(
        Column("first", "string", "", nullable=True),
        Column("second", "string", "", nullable=True),
        Column("count", "bigint", "", nullable=True),
        Column("mean", "double", "", nullable=True),
        Column("run_id", "string", ""),
    ),
)
VARIANTS = """
    variant        | first | second | count | mean              | run_id
    as it is       | a     | b      | 1     | 0.1               | run 1
    as it is       | c     |        | 2     |                   | run 1
    other order    | c     |        | 2     |                   | run 1
    other order    | a     | b      | 1     | 0.1               | run 1
    other run      | a     | b      | 1     | 0.1               | run 2
    other run      | c     |        | 2     |                   | run 2
    one row        | a     | b      | 1     | 0.1               | run 1
    row repeated   | a     | b      | 1     | 0.1               | run 1
    row repeated   | c     |        | 2     |                   | run 1
    row repeated   | c     |        | 2     |                   | run 1
    other string   | A     | b      | 1     | 0.1               | run 1
    other string   | c     |        | 2     |                   | run 1
    other count    | a     | b      | 1     | 0.1               | run 1
    other count    | c     |        | 3     |                   | run 1
    last bit       | a     | b      | 1     | 0.10000000000000002 | run 1
    last bit       | c     |        | 2     |                   | run 1
    null moved     | a     | b      | 1     | 0.1               | run 1
    null moved     |       | c      | 2     |                   | run 1
    null to empty  | a     | b      | 1     | 0.1               | run 1
    null to empty  | c     | ''     | 2     |                   | run 1
    null to 0      | a     | b      | 1     | 0.1               | run 1
    null to 0      | c     |        | 2     | 0                 | run 1
    columns turned | b     | a      | 1     | 0.1               | run 1
    columns turned | c     |        | 2     |                   | run 1
    other border   | ab    | ''     | 1     | 0.1               | run 1
    other border   | c     |        | 2     |                   | run 1
    rows exchange  | a     | b      | 2     | 0.1               | run 1
    rows exchange  | c     |        | 1     |                   | run 1
"""


def test_checksum_is_that_of_the_rows(spark: SparkSession) -> None:
    columns = ", ".join(f"{column.name} {column.type}" for column in FIGURES.columns)
    variants = frame(spark, f"variant string, {columns}", VARIANTS)
    checksum = checks.checksum(FIGURES)
    in_one, in_five = (
        {row["variant"]: row["checksum"] for row in rows.groupBy("variant").agg(checksum).collect()}
        for rows in (variants, variants.repartition(5))
    )
    assert in_five == in_one
    same = {"as it is", "other order", "other run"}
    assert {variant for variant, checksum in in_one.items() if checksum == in_one["as it is"]} == same
    assert len(set(in_one.values())) == len(in_one) - len(same) + 1  # all others differ from each other too


@pytest.mark.parametrize("other", [2, 1 + 2**32])
def test_checksum_holds_every_bit_of_the_hashes(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, other: int
) -> None:
    """Rows whose hashes differ in one half of their bits."""
    monkeypatch.setattr(checks, "row_hash", lambda table, leave_out: F.col("count"))
    rows = frame(spark, "variant int, count bigint", f"variant | count\n1 | 1\n2 | {other}")
    found = rows.groupBy("variant").agg(checks.checksum(FIGURES)).collect()
    assert len({row["checksum"] for row in found}) == 2


def test_nothing_is_measured_as_zero(spark: SparkSession) -> None:
    """Of empty outputs, of which `judge` then says that there is nothing to publish."""
    types = "outcome string, records bigint, basket_id int, treatments bigint, combinations bigint, index double"
    nothing = spark.createDataFrame([], types)
    for aggregates in figures.measures().values():
        if aggregates:
            row = nothing.agg(*aggregates).collect()[0].asDict()
            assert {name: value for name, value in row.items() if name != "mean_index"} == {
                name: 0 for name in row if name != "mean_index"
            }


SOUND = {
    **{"records": 101, "counted": 41},
    **{f"{table}_treatments": 41 for table in ("national", "baskets", "practices")},
    **{f"{table}_combinations": 29 for table in ("national", "baskets", "practices")},
    **{f"{table}_outside": 0 for table in ("national", "baskets")},
    **{"mean_index": 100 + 1e-10, "weight_off": 1e-10},
}


@pytest.mark.parametrize(
    ("broken", "rules"),
    [
        ({}, set()),
        ({"records": 100}, {"outcomes_add_up"}),
        ({"counted": 42}, {"every_counted_record_in_one_basket"}),
        ({"national_outside": 1}, {"every_counted_record_in_one_basket"}),
        ({"baskets_outside": 1}, {"every_counted_record_in_one_basket"}),
        ({"practices_treatments": 40}, {"tables_agree"}),
        ({"baskets_treatments": 40}, {"tables_agree"}),
        ({"national_combinations": 30}, {"tables_agree"}),
        ({"baskets_combinations": 30}, {"tables_agree"}),
        ({"practices_combinations": 30}, {"tables_agree"}),
        ({"mean_index": 100 - 1e-8}, {"mean_index_is_100"}),
        ({"weight_off": 1e-8}, {"weights_add_up"}),
    ],
)
def test_a_broken_figure_breaks_its_rule(broken: dict[str, Any], rules: set[str]) -> None:
    findings = figures.judge(SOUND | broken, input_records=101)
    assert {finding.rule for finding in findings if finding.is_error} == rules
    assert len(findings) == 6  # good news too


def test_without_a_counted_record_there_is_nothing_to_publish() -> None:
    nothing = {name: 0 for name in SOUND} | {"records": 101, "mean_index": None, "weight_off": None}
    findings = figures.judge(nothing, input_records=101)
    assert [finding.rule for finding in findings if finding.is_error] == ["something_counted"]


def test_measures_are_what_judge_asks_for(spark: SparkSession) -> None:
    outputs = {
        "outcomes": """
            uzovi | outcome | records
            0101  | counted | 7
            0102  | counted | 5
            0102  | netted  | 2
        """,
        "national_baskets": """
            basket_id | treatments | combinations
            1         | 9          | 3
            900       | 2          | 2
            901       | 1          | 1
        """,
        "practice_baskets": """
            practice_agb | basket_id | treatments | combinations | weight
            04000001     | 1         | 9          | 3            | 0.75
            04000001     | 0         | 1          | 1            | 0.25
            04000002     | 900       | 2          | 2            | 0.875
        """,
        "practice_index": """
            practice_agb | treatments | combinations | index
            04000001     | 10         | 4            | 112.5
            04000002     | 2          | 2            | 75
        """,
    }
    types = "uzovi string, outcome string, records bigint, practice_agb string, basket_id int, "
    types += "treatments bigint, combinations bigint, weight double, index double"
    made = {name: frame(spark, types, text) for name, text in outputs.items()}
    row = figures.weights(made["practice_baskets"])
    for name, aggregates in figures.measures().items():
        if aggregates:
            row = row.crossJoin(made[name].agg(*aggregates))
    measured = row.collect()[0].asDict()
    assert measured.keys() == SOUND.keys()
    assert measured == {
        **{"records": 14, "counted": 12},
        **{"national_treatments": 12, "national_combinations": 6, "national_outside": 1},
        **{"baskets_treatments": 12, "baskets_combinations": 6, "baskets_outside": 1},
        **{"practices_treatments": 12, "practices_combinations": 6},
        **{"mean_index": 100.0, "weight_off": 0.125},  # (4 * 112.5 + 2 * 75) / 6
    }


def test_a_name_without_an_insurer_is_remarked(spark: SparkSession) -> None:
    """A mandate bears the name of its concern, and takes no part."""
    insurers = frame(
        spark,
        "uzovi string, concern string, kind string",
        """
        uzovi | concern | kind
        0101  | CZ      | insurer
        0102  | CZ      | insurer
        0103  | VGZ     | mandate
        0201  | Menzis  | insurer
        """,
    )
    for participating, count, names in ((("CZ", "VGZ", "Nobody"), 2, "VGZ, Nobody"), (("CZ", "Menzis"), 0, "none")):
        (row,) = figures.remarks({"insurers": insurers}, Settings(participating=participating)).collect()
        assert (row["rule"], row["severity"], row["count"]) == ("participant_without_label", "warning", count)
        assert row["detail"].endswith(f": {names}")
