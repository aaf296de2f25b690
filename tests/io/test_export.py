"""Files as their readers open them: csv, Parquet and a workbook; nothing half, nothing that was hidden."""

from __future__ import annotations

import csv
import os
import stat
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars
import pyarrow.parquet as pq
import pytest

from tests.behandelindex.small_country import OUTCOMES, outputs, published, store
from zorgstat.behandelindex.disclosure import EXPORTS
from zorgstat.disclosure import Rules
from zorgstat.errors import SettingsError
from zorgstat.io import export, files, publication
from zorgstat.io.engine import Engine
from zorgstat.io.place import Place
from zorgstat.io.store import Store
from zorgstat.tables import RUNS

PEOPLE = """
    practice_agb | basket_id | combinations | treatments
    04000001     | 1         | 40           | 201
    04000001     | 2         | 35           | 210
    04000001     | 3         | 60           | 480
    04000002     | 1         | 20           | 90
    04000002     | 2         | 30           | 180
    04000003     | 1         | 4            | 30
"""
SEEN_BEFORE = PEOPLE.replace("| 60 ", "| 57 ")
ODD = OUTCOMES.replace("VGZ", '=1+1, "VGZ"')  # a name that is a formula to a workbook, and needs quotes in a csv file

FIRST, SECOND = published("behandelindex-2023-2-001-aaaaaa", day=1, version=2), published("run-2", day=2)
TABLES = [table.name for table in EXPORTS]


@dataclass(frozen=True)
class Exports:
    """One run in three formats."""

    store: Store
    done: dict[str, export.Exported]

    def folder(self, format: str) -> Path:
        return Path(self.done[format].folder)

    def workbook(self) -> Any:
        [path] = self.done["xlsx"].files
        return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def exports(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Exports:
    root = tmp_path_factory.mktemp("export")
    store(outputs(engine.spark, SEEN_BEFORE, FIRST["run_id"], version=2), FIRST, root / "published")
    store(outputs(engine.spark, PEOPLE, SECOND["run_id"], outcomes=ODD), SECOND, root / "published")
    tables = Store(engine, str(root / "published"))
    rules = Rules(between_versions=False)
    before = os.umask(0o027)
    try:
        done = {
            name: export.export(tables, SECOND, [FIRST], root / "to" / name, name, rules) for name in export.FORMATS
        }
    finally:
        os.umask(before)
    return Exports(tables, done)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_a_csv_file_per_table_with_codes_as_they_are(exports: Exports) -> None:
    folder = exports.folder("csv")
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.csv" for name in TABLES), "dictionary.csv", "README.txt"
    }  # fmt: skip
    assert exports.done["csv"].files == [
        str(folder / name) for name in (*(f"{t}.csv" for t in TABLES), "dictionary.csv", "README.txt")
    ]
    rows = read_csv(folder / "practice_index.csv")
    assert [(row["practice_agb"], row["is_suppressed"], row["patients"]) for row in rows] == [
        ("04000001", "false", "135"),
        ("04000002", "true", ""),
        ("04000003", "true", ""),
    ]
    assert {row["concern"] for row in read_csv(folder / "outcomes.csv")} == {"CZ", '=1+1, "VGZ"'}
    text = (folder / "outcomes.csv").read_bytes()
    assert text.startswith(b"uzovi,concern,outcome,is_suppressed,records,")
    assert text.count(b"\r\n") == text.count(b"\n") == 5
    assert b'"=1+1, ""VGZ"""' in text


def test_csv_and_parquet_hold_the_same_to_the_last_bit(exports: Exports) -> None:
    for table in EXPORTS:
        types = {column.name: {"string": "VARCHAR"}.get(column.type, column.type.upper()) for column in table.columns}
        with duckdb.connect() as connection:
            by_duckdb = connection.read_csv(str(exports.folder("csv") / f"{table.name}.csv"), dtype=types).fetchall()
        by_polars = polars.read_parquet(exports.folder("parquet") / f"{table.name}.parquet")
        assert by_polars.columns == table.names
        assert by_duckdb == by_polars.rows()
        assert by_duckdb
        assert [row[: len(table.key) - 1] for row in by_duckdb] == sorted(
            row[: len(table.key) - 1] for row in by_duckdb
        )


def test_the_workbook_shows_codes_as_text_and_numbers_as_numbers(exports: Exports) -> None:
    book = exports.workbook()
    assert book.sheetnames == ["read me", *TABLES, "dictionary"]
    for table in EXPORTS:
        sheet = book[table.name]
        header, *rows = sheet.iter_rows()
        assert [cell.value for cell in header] == table.names
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:{header[-1].column_letter}{len(rows) + 1}")
        by_polars = polars.read_parquet(exports.folder("parquet") / f"{table.name}.parquet").rows()
        for row, expected in zip(rows, by_polars, strict=True):
            for cell, value in zip(row, expected, strict=True):
                assert cell.value == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value)
    by_name = dict(zip(book["practice_index"][1], book["practice_index"][2], strict=True))
    cells = {name.value: cell for name, cell in by_name.items()}
    assert (cells["practice_agb"].value, cells["practice_agb"].number_format) == ("04000001", "@")
    assert (cells["patients"].value, cells["patients"].number_format) == (135, "#,##0")
    assert cells["is_suppressed"].value is False
    patients = next(column for column in book["practice_index"].iter_cols() if column[0].value == "patients")
    colours = [cell.fill.fgColor.rgb for cell in patients[1:]]
    assert colours[0] != colours[1] == colours[2] == "FFE7E6E6"  # grey where a figure is hidden
    concerns = {cell.value: cell.data_type for cell in book["outcomes"]["B"]}
    assert concerns['=1+1, "VGZ"'] == "s"


def test_the_dictionary_is_that_of_the_declarations(exports: Exports) -> None:
    rows = read_csv(exports.folder("csv") / "dictionary.csv")
    assert [(row["table"], row["column"], row["type"]) for row in rows] == [
        (table.name, column.name, column.type) for table in EXPORTS for column in table.columns
    ]
    sheet = exports.workbook()["dictionary"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        [row["table"], row["column"], row["type"], row["nullable"] == "true", row["meaning"]] for row in rows
    ]
    told = {(row["table"], row["column"]): row for row in rows}
    assert told["practice_index", "patients"]["nullable"] == "true"
    assert told["practice_index", "practice_agb"]["meaning"] == "AGB code of the practice"


def test_the_first_page_tells_the_run_and_the_rules(exports: Exports) -> None:
    text = (exports.folder("csv") / "README.txt").read_text(encoding="utf-8")
    on_sheet = [cell.value for row in exports.workbook()["read me"].iter_rows() for cell in row]
    assert max(map(len, text.splitlines())) <= 110
    for told in ("run-2", "threshold = 10, between_versions = false", "2023, version 3", "3, 2 of them suppressed"):
        assert told in text
        assert any(told in value for value in on_sheet)
    assert exports.done["csv"].compared_with == []  # the rules have it so
    for insider in ("complement", "reserved_uzovi"):
        assert insider not in text


def test_an_insider_hears_how_much_is_hidden(exports: Exports) -> None:
    done = exports.done["csv"]
    assert done.rows == {
        "outcomes": 4, "national_baskets": 3, "practice_baskets": 1, "practice_index": 3, "correction_factors": 8
    }  # fmt: skip
    assert done.suppressed == {name: 2 if name == "practice_index" else 0 for name in TABLES}
    assert done.hidden == {
        "practice_baskets": {"small": 1, "complement": 4},
        "practice_index": {"small": 1, "complement": 1},
    }


def test_nothing_of_the_reserved_labels_is_in_any_file(exports: Exports) -> None:
    for format in ("csv", "parquet"):
        for path in exports.folder(format).glob("*.*"):
            assert b"reserved_uzovi" not in path.read_bytes()
            assert b"0999" not in path.read_bytes()
    values = [cell.value for sheet in exports.workbook() for row in sheet.iter_rows() for cell in row]
    assert not {"reserved_uzovi", "0999", 40} & set(values)


def test_files_are_for_those_whom_the_umask_allows(exports: Exports) -> None:
    for done in exports.done.values():
        assert stat.S_IMODE(Path(done.folder).stat().st_mode) == 0o750
        assert {stat.S_IMODE(Path(file).stat().st_mode) for file in done.files} == {0o640}


def test_the_same_export_has_the_same_bytes(exports: Exports, tmp_path: Path) -> None:
    again = export.export(exports.store, SECOND, [FIRST], tmp_path / "again", "xlsx", Rules(between_versions=False))
    [first], [second] = exports.done["xlsx"].files, again.files
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_an_earlier_publication_of_the_year_counts(exports: Exports, tmp_path: Path) -> None:
    """60 people in basket 3 where a reader has seen 57: its practice is hidden, and so is the basket.

    The practice that covered the small one in the earlier publication, and is the same now, goes on covering it.
    """
    done = export.export(exports.store, SECOND, [FIRST], tmp_path / "new", "csv", Rules())
    assert done.compared_with == [FIRST["run_id"]]
    assert done.hidden["practice_index"] == {"small": 1, "difference": 2}
    assert done.hidden["national_baskets"]["difference"] == 1
    assert FIRST["run_id"] in (tmp_path / "new" / "README.txt").read_text(encoding="utf-8")


def test_a_correction_counts_beside_what_it_corrected(exports: Exports, tmp_path: Path) -> None:
    """Of one version too, unless it repeats the figures of the one before it."""
    repeated, corrected = {**FIRST, "run_id": "repeated"}, {**FIRST, "run_id": "corrected", "checksums": "others"}
    done = export.export(exports.store, SECOND, [FIRST, repeated, corrected], tmp_path / "new", "csv", Rules())
    assert done.compared_with == [FIRST["run_id"], "corrected"]


def test_a_run_that_was_superseded_is_exported_as_one(exports: Exports, tmp_path: Path) -> None:
    """Whoever gets the files hears of it, and who makes them too."""
    old = {**SECOND, "run_id": "behandelindex-2023-3-000-000000"}
    newer = publication.superseded_by(exports.store.rows(RUNS), old)
    done = export.export(exports.store, old, [], tmp_path / "old", "csv", Rules(), superseded_by=newer)
    assert done.superseded_by == "run-2"
    assert "run-2" in export.summarise(done)
    assert f"{old['run_id']}, superseded by run-2" in (tmp_path / "old" / "README.txt").read_text(encoding="utf-8")
    assert exports.done["csv"].superseded_by is None


def test_a_folder_in_use_is_left_alone(exports: Exports, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("")
    for name in ("mine", "file"):
        with pytest.raises(SettingsError, match="not empty; name a new folder"):
            export.export(exports.store, SECOND, [], tmp_path / name, "csv", Rules())
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    assert files.write_whole(tmp_path / "empty", lambda folder: []) == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(13, "Permission denied"), SettingsError),
        (OSError(28, "No space left on device"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_there_is_no_half_export(tmp_path: Path, error: BaseException, told: type[BaseException]) -> None:
    def breaks(folder: Path) -> list[str]:
        (folder / "outcomes.csv").write_text("half")
        raise error

    with pytest.raises(told):
        files.write_whole(tmp_path / "to", breaks)
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_has_an_end(exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 4)
    content = {table: pq.read_table(exports.folder("parquet") / f"{table.name}.parquet") for table in EXPORTS}
    with pytest.raises(SettingsError, match=r"outcomes has 4, correction_factors has 8; use csv or parquet"):
        files.write_workbook(tmp_path, content, [("Run", "run-2")], SECOND)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_told_before_anything_is_read(exports: Exports, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="use csv, parquet, xlsx"):
        export.export(exports.store, SECOND, [], tmp_path / "to", "pdf", Rules())
    with pytest.raises(SettingsError, match="export knows behandelindex only"):
        export.export(exports.store, {**SECOND, "pipeline": "wlz"}, [], tmp_path / "to", "csv", Rules())


def test_the_command_tells_what_it_did_or_what_to_do(
    exports: Exports, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(exports.store.root, exports.store.engine.name)
    rules = tmp_path / "rules.toml"
    rules.write_text("threshold = 5\n")
    assert export.export_run(place, "run-2", str(tmp_path / "to"), rules_file=str(rules)) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"run-2: exported to {tmp_path / 'to'}\n")
    assert "compared with" in told
    assert FIRST["run_id"] in told
    assert "practice_index" in told
    assert "hidden: " in told
    assert "threshold = 5" in (tmp_path / "to" / "README.txt").read_text(encoding="utf-8")

    assert export.export_run(place, "run-2", str(tmp_path / "to")) == 2
    assert "not empty; name a new folder" in capsys.readouterr().err
    assert export.export_run(place, "run-3", str(tmp_path / "other")) == 2
    assert "run-3: no such run was published here" in capsys.readouterr().err
    rules.write_text("treshold = 5\n")
    assert export.export_run(place, "run-2", str(tmp_path / "other"), rules_file=str(rules)) == 2
    assert "rules.toml: treshold is not a setting; use threshold, between_versions." in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_a_run_is_found_with_what_was_published_before_it() -> None:
    last_year, wlz = {**FIRST, "run_id": "2022", "report_year": 2022}, {**FIRST, "run_id": "wlz", "pipeline": "wlz"}
    third = published("run-3", day=3)
    withdrawn = {**FIRST, "status": "withdrawn", "at": datetime(2024, 3, 2, 20, tzinfo=timezone.utc)}
    rows = [third, SECOND, last_year, wlz, FIRST, withdrawn]
    # withdrawn later: somebody has it all the same
    assert export.choose(rows, "run-3") == (third, [FIRST, SECOND])
    assert export.choose(rows, "run-2") == (SECOND, [FIRST])
    with pytest.raises(SettingsError, match="was withdrawn"):
        export.choose(rows, FIRST["run_id"])
    with pytest.raises(SettingsError, match="run-4: no such run was published here"):
        export.choose(rows, "run-4")
