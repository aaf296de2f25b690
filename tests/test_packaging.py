"""What goes to a cluster: a zip with every file, and a job that needs nothing but pyspark and delta beside it."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.oracle import cases
from tests.support import environment, write_inputs
from zorgstat.io import session
from zorgstat.io.engine import Engine
from zorgstat.io.spark import LIGHT_JAVA, jars

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
NOT_ON_A_CLUSTER = (
    "typst",
    "click",
    "rich",
    "deltalake",
    "pandas",
    "pyarrow",
    "polars",
    "duckdb",
    "pysail",
    "xlsxwriter",
    "zorgstat",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make zip` makes it."""
    folder = tmp_path_factory.mktemp("dist")
    build = [str(BIN / "hatchling"), "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel.rename(folder / "zorgstat.zip")


@dataclass(frozen=True)
class Cluster:
    """Python and Spark as a cluster has them, in folders of the test."""

    python: Path
    environment: dict[str, str]

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        words = [str(word) for word in command]
        return subprocess.run(
            words,
            env=self.environment,
            cwd=self.python.parent,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Python without site-packages (-S) but for pyspark and delta; a Spark that works in a folder of the test."""
    packages, home = tmp_path / "packages", tmp_path / "spark"
    packages.mkdir()
    home.mkdir()
    for name in ("pyspark", "py4j", "delta"):
        (packages / name).symlink_to(Path(str(importlib.import_module(name).__file__)).parent)
    for path in (packages / "pyspark").iterdir():
        (home / path.name).symlink_to(path)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    return Cluster(
        python,
        {
            **environment(),
            "PYTHONPATH": str(packages),
            "PYSPARK_PYTHON": str(python),
            "PYSPARK_DRIVER_PYTHON": str(python),
            "SPARK_HOME": str(home),
        },
    )


def test_the_zip_holds_every_file_of_the_package(archive: Path) -> None:
    """Code lists and settings of the log too."""
    listed = subprocess.run(["git", "ls-files", "lib/zorgstat"], cwd=ROOT, check=True, capture_output=True, text=True)
    tracked = {path.removeprefix("lib/") for path in listed.stdout.splitlines()}
    assert {"zorgstat/reference/performance_codes.csv", "zorgstat/io/log4j2.properties"} < tracked
    assert tracked - set(ZipFile(archive).namelist()) == set()


def test_without_click_the_command_says_so_in_one_line(archive: Path, cluster: Cluster) -> None:
    cluster.environment["PYTHONPATH"] += f":{archive}"
    ran = cluster.run(cluster.python, "-m", "zorgstat", "--help")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1
    assert "needs the library click" in ran.stderr


def test_a_submitted_job_publishes_the_same_figures(archive: Path, cluster: Cluster, tmp_path: Path) -> None:
    """On two executors, with the zip alone; asked twice, it publishes once. Sail has the same checksums here."""
    find = f"import importlib.util as u; print([n for n in {NOT_ON_A_CLUSTER} if u.find_spec(n)])"
    assert cluster.run(cluster.python, "-c", find).stdout == "[]\n"

    tables, raw = cases.generate(7, claims=300)
    inputs = write_inputs(tmp_path / "in", tables)
    settings = tmp_path / "settings.toml"
    settings.write_text("report = {{ year = {year}, version = {version} }}\n".format(**raw["report"]))
    submitted = cluster.run(
        BIN / "spark-submit",
        *("--master", "local-cluster[2,1,2048]"),
        *("--conf", "spark.sql.shuffle.partitions=2", "--conf", "spark.databricks.delta.snapshotPartitions=2"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=localhost"),
        *("--conf", "spark.sql.adaptive.enabled=false"),
        *("--driver-java-options", LIGHT_JAVA),
        *("--conf", f"spark.executor.extraJavaOptions={LIGHT_JAVA}"),
        *("--jars", ",".join(map(str, jars()))),
        *("--py-files", archive),
        ROOT / "jobs" / "behandelindex.py",
        *(settings, settings, "--input", inputs, "--output", tmp_path / "out", "--json"),
    )
    assert submitted.returncode == 0, submitted.stderr[-5000:]
    # spark-submit sends the standard error of the job to standard output: the result is the last line
    first, again = json.loads(submitted.stdout.splitlines()[-1])["runs"]
    assert (first["status"], again["status"]) == ("published", "already published")
    assert (first["run_id"], first["checksums"]) == (again["run_id"], again["checksums"])

    local = subprocess.run(
        [
            *(str(BIN / "zorgstat"), "behandelindex", "run", str(settings), "--engine", "sail", "--json"),
            *("--input", str(inputs), "--output", str(tmp_path / "local")),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert first["checksums"] == json.loads(local.stdout)["checksums"]
    assert first["records"] == json.loads(local.stdout)["records"]
    # 90 MB of jars for each executor, which may be at it still.
    shutil.rmtree(tmp_path / "spark" / "work", ignore_errors=True)


def test_a_session_that_exists_is_used_and_left_running(engine: Engine) -> None:
    """As on Databricks, where the session is there before the job."""
    with session.start() as running:
        assert running.spark is engine.spark
    assert engine.spark.range(1).count() == 1
