"""Tables as other programs make them, as they come out on either engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from zorgstat.behandelindex.classes import rank_postcodes
from zorgstat.behandelindex.tables import ENROLMENTS, SES_WOA
from zorgstat.errors import SettingsError
from zorgstat.io import delta_rs
from zorgstat.io.engine import Engine
from zorgstat.io.store import Store
from zorgstat.tables import RUN_FINDINGS


def test_a_score_is_read_to_its_last_bit_whatever_else_is_in_its_file(engine: Engine, tmp_path: Path) -> None:
    """Where all scores of a file are one, or NaN, the lowest and the highest that Delta's log tells are one too."""
    score, none = 1.4599380034659077, float("nan")
    files = [{"1000": score}, {"2000": score, "3000": 5.0}, {"4000": none, "5000": 5.0, "6000": 5.0}, {"7000": none}]
    for file in files:
        rows = pa.table({"postcode4": list(file), "score": list(file.values()), "more": [["a"]] * len(file)})
        write_deltalake(str(tmp_path / SES_WOA.name), rows, mode="append")
    frames, faults = Store(engine, str(tmp_path)).read_pinned([SES_WOA], {SES_WOA.name: len(files) - 1})
    assert faults == []
    read = {row["postcode4"]: row["score"] for row in frames[SES_WOA.name].collect()}
    assert {code: repr(number) for code, number in read.items()} == {
        code: repr(number) for file in files for code, number in file.items()
    }
    ranked = {row["postcode4"]: row["ses_class"] for row in rank_postcodes(frames[SES_WOA.name]).collect()}
    assert ranked == {"1000": 1, "2000": 2, "3000": 2, "5000": 2, "6000": 3}


def test_a_column_that_a_file_has_in_other_letters(engine: Engine, tmp_path: Path) -> None:
    """Spark reads it. Sail would find nothing in it, and a postcode that is missing moves figures in silence."""
    values = {"uzovi": "0101", "bsn": "111222333", "sex": "M", "postcode": "1234AB"}
    types = {"string": pa.string(), "date": pa.date32()}
    schema = pa.schema([(column.name, types[column.type]) for column in ENROLMENTS.columns])
    rows = pa.Table.from_pylist([values], schema=schema)
    folder = tmp_path / ENROLMENTS.name
    for _ in range(2):
        write_deltalake(str(folder), rows, mode="append")
    store = Store(engine, str(tmp_path))
    assert store.read_pinned([ENROLMENTS], {ENROLMENTS.name: 1})[1] == []

    file = next(folder.glob("*.parquet"))
    before = file.stat().st_size
    pq.write_table(rows.rename_columns([name.replace("postcode", "Postcode") for name in rows.column_names]), file)
    for log in (folder / "_delta_log").glob("*.json"):
        log.write_text(log.read_text().replace(f'"size":{before}', f'"size":{file.stat().st_size}'))
    frames, faults = store.read_pinned([ENROLMENTS], {ENROLMENTS.name: 1})
    if engine.name == "sail":
        assert faults == [
            f"{folder}: a file has Postcode in place of postcode; write the table anew, or use --engine spark."
        ]
    else:
        assert faults == []
        assert [row["postcode"] for row in frames[ENROLMENTS.name].collect()] == ["1234AB"] * 2


def test_a_score_that_a_file_has_in_other_letters(engine: Engine, tmp_path: Path) -> None:
    """Without a score every postcode would be in the middle."""
    folder = tmp_path / SES_WOA.name
    rows = pa.table({"postcode4": ["1000"], "score": [1.0]})
    write_deltalake(str(folder), rows)
    [file], [log] = folder.glob("*.parquet"), (folder / "_delta_log").glob("*.json")
    before = file.stat().st_size
    pq.write_table(rows.rename_columns(["postcode4", "SCORE"]), file)
    log.write_text(log.read_text().replace(f'"size":{before}', f'"size":{file.stat().st_size}'))
    frames, faults = Store(engine, str(tmp_path)).read_pinned([SES_WOA], {SES_WOA.name: 0})
    if engine.name == "sail":
        assert len(faults) == 1
        assert "a file has SCORE in place of score" in faults[0]
    else:
        assert [row["score"] for row in frames[SES_WOA.name].collect()] == [1.0]


def test_a_comment_beside_a_column_with_an_odd_name(engine: Engine, tmp_path: Path) -> None:
    schema = pa.schema(
        [
            pa.field("postcode4", pa.string(), metadata={"comment": "four digits"}),
            ("score", pa.float64()),
            ("a.b", "int64"),
        ]
    )
    write_deltalake(str(tmp_path / SES_WOA.name), pa.table([["1000"], [1.0], [1]], schema=schema))
    frames, faults = Store(engine, str(tmp_path)).read_pinned([SES_WOA], {SES_WOA.name: 0})
    assert faults == []
    assert [tuple(row) for row in frames[SES_WOA.name].collect()] == [("1000", 1.0)]
    plain = replace(SES_WOA, columns=SES_WOA.columns[:1])
    read = engine.read_input(str(tmp_path / SES_WOA.name), 0, plain)
    assert [row["postcode4"] for row in read.collect()] == ["1000"]


def test_a_table_that_was_converted_or_cloned(engine: Engine, tmp_path: Path) -> None:
    """Their first commit tells that the version before it was -1, which delta-rs does not take for a number."""
    folder = tmp_path / "runs"
    write_deltalake(str(folder), pa.table({"n": [1]}))
    log = folder / "_delta_log" / f"{0:020}.json"
    plain = delta_rs.state(str(folder))
    log.write_text(log.read_text().replace('"commitInfo":{', '"commitInfo":{"readVersion":-1,'))
    assert delta_rs.state(str(folder)) == plain
    assert plain is not None
    assert plain.moment.isdigit()
    assert [str(commit["timestamp"]) for commit in delta_rs.commits(str(folder)) or []] == [plain.moment]
    log.write_text("\n".join(line for line in log.read_text().splitlines() if "commitInfo" not in line))
    told = delta_rs.state(str(folder))
    assert told is not None
    assert (told.id, told.moment) == (plain.id, "None")
    assert engine.read(str(folder), 0).count() == 1


@pytest.mark.parametrize("name", ["a|b", "a%20b"])
def test_a_folder_that_programs_do_not_read_alike(engine: Engine, tmp_path: Path, name: str) -> None:
    told = "cannot work in" if engine.name == "sail" else "not every program reads a folder alike"
    with pytest.raises(SettingsError, match=told):
        Store(engine, str(tmp_path / name))
    if engine.name == "spark":
        assert Store(engine, str(tmp_path / "100%"))


def test_an_address_of_another_machine_is_for_spark(engine: Engine) -> None:
    if engine.name == "spark":
        assert Store(engine, "s3a://bucket/published")
        return
    with pytest.raises(SettingsError, match="works in folders of this machine, not in s3a://bucket/published"):
        Store(engine, "s3a://bucket/published")


def test_an_output_that_got_a_feature_of_delta(engine: Engine, tmp_path: Path) -> None:
    """Somebody follows what changes in it: Spark writes what he asks for, Sail cannot."""
    store, row = Store(engine, str(tmp_path)), ("a-run", "a_rule", "warning", 0, "nothing")
    store.add_rows([row], RUN_FINDINGS, "a-run")
    assert delta_rs.set_properties(store.path(RUN_FINDINGS), {"delta.enableChangeDataFeed": "true"})
    if engine.name == "sail":
        with pytest.raises(SettingsError, match=r"^output run_findings: the engine sail .*; use --engine spark\.$"):
            store.add_rows([row], RUN_FINDINGS, "a-run")
    else:
        store.add_rows([row], RUN_FINDINGS, "a-run")
    assert len(store.rows(RUN_FINDINGS)) == (1 if engine.name == "sail" else 2)
