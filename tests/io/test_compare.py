"""`zorgstat runs compare` on runs that were published: as text, as JSON, and what it will not compare."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

from tests.oracle import cases
from tests.support import citizens, write_inputs
from zorgstat import cli
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS, OUTPUTS
from zorgstat.io import compare, publication, run
from zorgstat.io.engine import Engine
from zorgstat.io.place import Place
from zorgstat.io.store import Store
from zorgstat.pipelines import Pipeline
from zorgstat.tables import RUNS

TABLES, RAW = cases.generate(3)
YEAR = RAW["report"]["year"]


@dataclass(frozen=True)
class Shelf:
    """Version 1 and version 2 of a year, and a correction of version 2: a new register of practices, other netting."""

    place: Place
    engine: Engine
    first: run.Result
    second: run.Result
    corrected: run.Result


@pytest.fixture(scope="module")
def shelf(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("compare")
    inputs, output = write_inputs(folder / "in", TABLES), folder / "out"

    def publish(version: int, **changes: Any) -> run.Result:
        settings = resolve({**RAW, "report": {"year": YEAR, "version": version}, **changes})
        return run.execute(BEHANDELINDEX, engine, settings, str(inputs), str(output))

    first, second = publish(1), publish(2)
    register = TABLES["agb_register"]
    others = register.filter(pc.field("agb") != cases.PRACTICES[0])
    write_deltalake(str(inputs / "agb_register"), others, mode="overwrite")
    corrected = publish(2, netting={}, participating=[*resolve(RAW).participating, "Nieuw"])
    return Shelf(Place(str(output), engine.name), engine, first, second, corrected)


def told(capsys: pytest.CaptureFixture[str], place: Place, before: str, after: str, **options: Any) -> Any:
    assert compare.compare(place, before, after, as_json=True, **options) == 0
    [line] = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_version_1_beside_version_2(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    """Same inputs, one setting that differs; the totals are those that the runs told of themselves."""
    compared = told(capsys, shelf.place, shelf.first.run_id, shelf.second.run_id)
    assert (compared["before"]["run_id"], compared["after"]["run_id"]) == (shelf.first.run_id, shelf.second.run_id)
    assert (compared["before"]["standing"], compared["after"]["standing"]) == ("current", "superseded")
    assert compared["before"]["engine"] == f"{shelf.engine.name} {shelf.engine.version}"
    assert compared["settings"]["different"] == {"report.version": {"before": 1, "after": 2}}
    assert compared["settings"]["equal"] > 3
    assert compared["inputs"] == {table.name: {"before": 0, "after": 0, "same": "version"} for table in INPUTS}
    assert compared["outputs"].keys() == {table.name for table in OUTPUTS}
    figures = compared["figures"]
    for side, result in (("before", shelf.first), ("after", shelf.second)):
        assert {name: pair[side] for name, pair in figures["records"].items() if pair[side]} == result.figures[
            "records"
        ]
        assert {name: pair[side] for name, pair in figures["totals"].items()} == {
            name: result.figures[name] for name in ("practices", "combinations", "treatments", "sd")
        }
        assert compared["outputs"]["practice_index"][side] == result.row_counts["practice_index"]
    assert figures["presence"]["both"]["practices"] == sum(row["practices"] for row in figures["index_changes"])
    assert 0 < len(figures["moved"]) <= 10


def test_a_correction_beside_what_it_corrects(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    """A practice is gone, an input is another version of the same table, concerns come and go."""
    compared = told(capsys, shelf.place, shelf.second.run_id, shelf.corrected.run_id, most=2)
    assert compared["inputs"]["agb_register"] == {"before": 0, "after": 1, "same": "table"}
    assert "participating" in compared["settings"]["different"]
    assert compared["figures"]["presence"]["disappeared"]["practices"] == 1
    assert [row["practice_agb"] for row in compared["figures"]["disappeared"]] == [cases.PRACTICES[0]]
    assert len(compared["figures"]["moved"]) == 2


def test_text_for_a_person(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.compare(shelf.place, shelf.second.run_id, shelf.corrected.run_id) == 0
    screen = capsys.readouterr()
    lines = [" ".join(line.split()) for line in screen.out.splitlines()]
    assert lines[0] == f"before {shelf.second.run_id} superseded"
    assert f"after {shelf.corrected.run_id} current" in lines
    assert "participating + Nieuw" in lines
    assert {"agb_register 0 -> 1", "claims 0, the same"} <= set(lines)
    assert f"{cases.PRACTICES[0]} " in screen.out
    records = f"{len(TABLES['claims']):,}"
    assert f"records read {records} {records} 0 0.0%" in lines
    assert all(len(line) <= 120 for line in screen.out.splitlines() if "->" not in line)
    assert not any(bsn in screen.out + screen.err for bsn in citizens(TABLES))


def test_the_command(shelf: Shelf) -> None:
    """As a person types it; no practice is no answer."""
    words = ["runs", "compare", shelf.first.run_id, shelf.second.run_id, "--output", shelf.place.root]
    words += ["--engine", shelf.engine.name, "--json", "--practices"]
    ran = CliRunner().invoke(cli.command, [*words, "1"])
    assert ran.exit_code == 0, ran.output
    assert len(json.loads(ran.stdout)["figures"]["moved"]) == 1
    assert CliRunner().invoke(cli.command, [*words, "0"]).exit_code == 2


def test_a_run_beside_itself(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.compare(shelf.place, shelf.first.run_id, shelf.first.run_id) == 0
    text = capsys.readouterr().out
    assert "are equal\n" in text
    assert text.count("  the same rows") == len(OUTPUTS)
    assert "no index moved" in text


def test_a_withdrawn_run_is_compared_all_the_same(
    shelf: Shelf, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(shelf.place.root, output)
    store = Store(shelf.engine, str(output))
    publication.withdraw(store, publication.find(store.rows(RUNS), shelf.corrected.run_id), "a label came twice")
    place = Place(str(output), shelf.engine.name)
    compared = told(capsys, place, shelf.second.run_id, shelf.corrected.run_id)
    assert (compared["before"]["standing"], compared["after"]["standing"]) == ("current", "withdrawn")
    assert compared["after"]["reason"] == "a label came twice"
    assert compared["figures"]["moved"]
    assert compare.compare(place, shelf.second.run_id, shelf.corrected.run_id) == 0
    assert "UTC: a label came twice\n" in capsys.readouterr().out


def test_an_unknown_run_ends_with_2(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.compare(shelf.place, shelf.first.run_id, "behandelindex-2023-9-001-abcdef") == 2
    screen = capsys.readouterr()
    assert screen.out == ""
    assert "behandelindex-2023-9-001-abcdef: no such run was published here" in screen.err


def test_runs_of_two_pipelines_are_not_compared(
    shelf: Shelf, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    shutil.copytree(Path(shelf.place.root) / "runs", output / "runs")
    stored = DeltaTable(str(output / "runs")).to_pyarrow_table()
    row = next(row for row in stored.to_pylist() if row["run_id"] == shelf.first.run_id)
    other = stored.schema.empty_table().from_pylist([{**row, "run_id": "wlz-2023-1-001-abcdef", "pipeline": "wlz"}])
    write_deltalake(str(output / "runs"), other.cast(stored.schema), mode="append")
    assert compare.compare(Place(str(output), shelf.engine.name), shelf.first.run_id, "wlz-2023-1-001-abcdef") == 2
    assert "only runs of one pipeline" in capsys.readouterr().err


def made(settings: dict[str, Any], checksums: dict[str, str]) -> dict[str, Any]:
    """A row of `runs`, read, as far as a comparison looks at it."""
    counts = {"outcomes": 3, "practice_index": 3}
    return {
        **{"run_id": "a run", "standing": "current", "at": datetime(2024, 3, 1), "software": "0.1.0"},
        **{"inputs": {}, "settings": settings, "row_counts": counts, "checksums": checksums},
    }


def test_what_differs_is_told_and_nothing_else() -> None:
    """Lists by what came and went, or by their order; 0 and none are values too; what nobody told is not the same."""
    before = made({"order": ["CZ", "VGZ"], "one": {"of": 0, "gone": []}, "list": ["CZ", "ASR"]}, {"outcomes": "1:2:3"})
    after = made({"order": ["VGZ", "CZ"], "one": {"of": 1}, "list": ["CZ", "VGZ"]}, {"outcomes": "1:2:3"})
    compared = compare.compare_runs(before, after) | {"figures": {}}
    assert compared["settings"]["different"]["one.of"] == {"before": 0, "after": 1}
    assert {name: rows["same_rows"] for name, rows in compared["outputs"].items()} == {
        "outcomes": True,
        "practice_index": False,
    }
    told = cast(Pipeline, SimpleNamespace(comparison=SimpleNamespace(describe=lambda figures: [])))
    lines = [" ".join(line.split()) for line in compare.describe(told, compared).splitlines()]
    assert {
        'order ["CZ", "VGZ"] -> ["VGZ", "CZ"]',
        "one.of 0 -> 1",
        "one.gone [] -> not given",
        "list - ASR, + VGZ",
    } <= set(lines)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("a@1", "a@1", "version"),
        ("a@1", "a@2", "table"),
        ("a@1", "b@1", "nothing"),
        (None, "b@1", "unknown"),
    ],
)
def test_a_table_is_known_by_its_identity(before: str | None, after: str | None, same: str) -> None:
    made = [
        {
            **{name: {} for name in ("settings", "row_counts", "checksums")},
            "inputs": {"claims": 3},
            "input_identities": None if identity is None else {"claims": identity},
        }
        for identity in (before, after)
    ]
    assert compare.compare_runs(*made)["inputs"] == {"claims": {"before": 3, "after": 3, "same": same}}
