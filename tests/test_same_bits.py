"""The whole index in many layouts of data and engine: the checksums of a run are one set (docs/runs.md)."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake

from tests.oracle import cases
from tests.support import Command, shuffled, spark_home_in, write_inputs
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.behandelindex.settings import resolve
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.conf import changed
from zorgstat.io import run
from zorgstat.io.engine import Engine

TABLES, RAW = cases.generate(3, claims=600)
SETTINGS = {"report": RAW["report"]}


def as_delivered(root: Path) -> Path:
    return write_inputs(root, TABLES)


def in_many_files(root: Path) -> Path:
    """Rows in another order, in files of any size."""
    chance = random.Random(5)
    for name, rows in shuffled({table.name: TABLES[table.name] for table in INPUTS}, seed=4).items():
        start = 0
        while start < len(rows) or start == 0:
            size = chance.randrange(1, max(2, len(rows) // 3))
            write_deltalake(str(root / name), rows.slice(start, size), mode="append")
            start += size
    return root


def by_patient(root: Path) -> Path:
    """As `zorgstat tables optimize` lays them out: a person's rows together, in files of some persons each."""
    for table in INPUTS:
        rows = TABLES[table.name]
        rows = rows.sort_by("bsn") if "bsn" in rows.column_names else rows
        for start in range(0, max(1, len(rows)), max(1, len(rows) // 4)):
            write_deltalake(str(root / table.name), rows.slice(start, max(1, len(rows) // 4)), mode="append")
    return root


LAYOUTS = {"as delivered": as_delivered, "in many files": in_many_files, "by patient": by_patient}


@dataclass(frozen=True)
class Way:
    """One way of computing the same thing."""

    engine: str
    layout: str = "as delivered"
    master: str = "local[2]"
    conf: dict[str, str] = field(default_factory=dict)


def conf(partitions: int, adaptive: bool) -> dict[str, str]:
    return {"spark.sql.shuffle.partitions": str(partitions), "spark.sql.adaptive.enabled": str(adaptive).lower()}


WAYS = [
    Way("sail", "in many files"),
    Way("sail", "by patient"),
    Way("spark", "as delivered", "local[1]", conf(1, False)),
    Way("spark", "in many files", "local[2]", conf(3, True)),
    Way("spark", "by patient", "local[2]", conf(7, False)),
    Way("spark", "in many files", "local[2]", conf(64, False)),
    Way("spark", "as delivered", "local[4]", conf(64, True)),
    Way("spark", "in many files", "local-cluster[2,1,1024]", conf(7, True)),
]


@pytest.fixture(scope="module")
def checksums(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a run on Sail over the tables as they were delivered."""
    folder = tmp_path_factory.mktemp("bits")
    return by_command(folder, Way("sail"))


def by_command(folder: Path, way: Way, **environment: str) -> dict[str, str]:
    inputs = LAYOUTS[way.layout](folder / "in")
    settings = folder / "settings.toml"
    settings.write_text("report = {{ year = {year}, version = {version} }}\n".format(**RAW["report"]))
    options = [f"--conf={key}={value}" for key, value in {"spark.master": way.master, **way.conf}.items()]
    ran = Command(folder).run(
        "behandelindex", "run", settings, "--input", inputs, "--output", folder / "out", "--json",
        "--engine", way.engine, *(options if way.engine == "spark" else []), **environment,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: dict[str, str] = json.loads(ran.stdout)["checksums"]
    return found


@pytest.mark.parametrize(
    ("layout", "partitions", "adaptive"),
    [("in many files", 3, True), ("by patient", 7, False), ("in many files", 64, True)],
)
def test_same_bits_in_one_session(
    layout: str,
    partitions: int,
    adaptive: bool,
    engine: Engine,
    checksums: dict[str, str],
    tmp_path: Path,
) -> None:
    inputs = LAYOUTS[layout](tmp_path / "in")
    roots = (str(inputs), str(tmp_path / "out"))
    with changed(engine.spark, conf(partitions, adaptive) if engine.name == "spark" else {}, must=True):
        result = run.execute(BEHANDELINDEX, engine, resolve(SETTINGS), *roots, report=lambda phase: None)
    assert result.checksums == checksums


@pytest.mark.slow
@pytest.mark.parametrize(
    "way", WAYS, ids=lambda way: " ".join([way.engine, way.master, way.layout, *way.conf.values()])
)
def test_same_bits_in_processes_of_their_own(way: Way, checksums: dict[str, str], tmp_path: Path) -> None:
    home = spark_home_in(tmp_path / "spark")
    assert by_command(tmp_path, way, SPARK_HOME=str(home)) == checksums
    shutil.rmtree(home / "work", ignore_errors=True)


def test_the_layouts_hold_the_same_rows(tmp_path: Path) -> None:
    for name, make in LAYOUTS.items():
        root = make(tmp_path / name.replace(" ", "-"))
        for table in INPUTS:
            stored = DeltaTable(str(root / table.name)).to_pyarrow_table()
            order = [(column, "ascending") for column in table.names]
            assert stored.sort_by(order).equals(TABLES[table.name].sort_by(order).cast(stored.schema)), table.name
