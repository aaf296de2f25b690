"""A server of Spark Connect, Apache Spark's own: sessions over the network, and no Java to ask.

Databricks serverless compute is such a server too. It is stricter than this one, which `STRICT` makes up for.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyspark
import pytest
from deltalake import DeltaTable

from tests.oracle import cases
from tests.support import KEY, Command, citizens, environment, write_inputs
from zorgstat.behandelindex.tables import INPUTS
from zorgstat.io.spark import AT_START, LIGHT_JAVA, jars
from zorgstat.privacy import PERSON_KEY

pytestmark = pytest.mark.slow  # six to nine seconds until the server answers, half a minute for its first run

SPARK = Path(str(pyspark.__file__)).parent
JOB = Path(__file__).parents[2] / "jobs" / "behandelindex.py"
TABLES, RAW = cases.generate(7, claims=300)

# As a notebook: the session is there, and the run is in another thread. As on a cluster: without delta-rs.
# As serverless compute: it tells and takes the time zone of a session, and no other setting.
STRICT = """
import sys
sys.modules["deltalake"] = None
from concurrent.futures import ThreadPoolExecutor
from pyspark.errors.exceptions.connect import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql.connect.conf import RuntimeConf

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "Europe/Amsterdam")

def refuse(name):
    allowed = getattr(RuntimeConf, name)
    def ask(self, key, *rest):
        if key != "spark.sql.session.timeZone" and sys._getframe(1).f_globals["__name__"].startswith("zorgstat"):
            raise AnalysisException(
                f"[CONFIG_NOT_AVAILABLE] Configuration {key} is not available.",
                errorClass="CONFIG_NOT_AVAILABLE", messageParameters={"config": key},
            )
        return allowed(self, key, *rest)
    return ask

for name in ("get", "set", "unset"):
    setattr(RuntimeConf, name, refuse(name))

from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat import privacy
from zorgstat.io import job

privacy.draw_key = lambda: tuple(map(int, sys.argv[5:]))

def run():
    return job.reports(BEHANDELINDEX, [sys.argv[2]] * 2, sys.argv[3], sys.argv[4], as_json=True)

with ThreadPoolExecutor() as pool:
    code = pool.submit(run).result()
assert spark.range(1).count() == 1, "the session was stopped"
assert spark.conf.get("spark.sql.session.timeZone") == "Europe/Amsterdam", "a setting was not put back"
raise SystemExit(code)
"""

# The server is killed where a phase begins; its client gives up after five seconds, not after ten minutes.
KILLED = """
import contextlib, gc, os, signal, sys, time
from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.plan import CachedRemoteRelation
from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.io import job

SparkSession.builder.remote(sys.argv[1]).getOrCreate().client.set_retry_policies([DefaultPolicy(max_retries=4)])

def kill(phase):
    if phase == "write":
        os.killpg(int(sys.argv[5]), signal.SIGKILL)
        print(time.time())

@contextlib.contextmanager
def watch(title, engine):
    yield kill

code = job.reports(BEHANDELINDEX, [sys.argv[2]], sys.argv[3], sys.argv[4], watch=watch)
assert not any(isinstance(one, CachedRemoteRelation) for one in gc.get_objects()), "let go as Python ends, or never"
raise SystemExit(code)
"""


class Server:
    """With Delta as a session of this project has it, and the log that Spark keeps unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.address = folder, folder / "log", f"sc://127.0.0.1:{free_port()}"
        (folder / "events").mkdir()
        host, port = self.address.removeprefix("sc://").split(":")
        settings = {
            **AT_START,
            "spark.connect.grpc.binding.address": host,
            "spark.connect.grpc.binding.port": port,
            "spark.sql.shuffle.partitions": "2",
            "spark.databricks.delta.snapshotPartitions": "1",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": str(folder / "events"),
            "spark.local.dir": str(folder / "local"),
            "spark.ui.enabled": "false",
            "spark.driver.host": "localhost",
        }
        words = [
            *(str(SPARK / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", "2g"),
            *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
            *("--driver-java-options", LIGHT_JAVA, "--jars", ",".join(map(str, jars()))),
            *(word for key, value in settings.items() for word in ("--conf", f"{key}={value}")),
            "spark-internal",
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words,
                cwd=folder,
                env=environment(SPARK_HOME=str(SPARK)),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_for(host, int(port))
        except Exception:
            self.stop()
            raise

    def wait_for(self, host: str, port: int) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection((host, port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError(self.log.read_text(encoding="utf-8", errors="replace")[-2000:])

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=60)

    def told(self) -> str:
        """All that it wrote of what it did: its log, and the plans and queries of its event log."""
        files = [self.log, *(file for file in (self.folder / "events").rglob("*") if file.is_file())]
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("connect") / "in", TABLES)


@pytest.fixture(scope="module")
def settings(inputs: Path) -> Path:
    file = inputs.parent / "settings.toml"
    file.write_text("report = {{ year = {year}, version = {version} }}\n".format(**RAW["report"]))
    return file


@pytest.fixture(scope="module")
def figures(inputs: Path, settings: Path) -> dict[str, Any]:
    """The checksums as Sail has them, which are those of Spark in one process."""
    ran = Command(inputs.parent).run(
        *("behandelindex", "run", settings, "--input", inputs, "--output", inputs.parent / "sail"),
        *("--engine", "sail", "--json"),
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)["checksums"]
    return found


def run(*words: object, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def strict(server: Server, inputs: Path, settings: Path) -> subprocess.CompletedProcess[str]:
    return run("-c", STRICT, server.address, settings, inputs, inputs.parent / "strict", *KEY)


def test_a_job_runs_on_the_server_of_its_environment(
    server: Server, inputs: Path, settings: Path, figures: dict[str, Any], tmp_path: Path
) -> None:
    ran = run(JOB, settings, "--input", inputs, "--output", tmp_path / "out", "--json", SPARK_REMOTE=server.address)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["checksums"] == figures
    assert "Warning" not in ran.stderr
    [published] = DeltaTable(str(tmp_path / "out" / "runs")).to_pyarrow_table().to_pylist()
    assert published["engine"] == f"spark {pyspark.__version__}"


def test_a_session_that_keeps_its_settings_to_itself_is_used_and_left_running(
    strict: subprocess.CompletedProcess[str], figures: dict[str, Any]
) -> None:
    assert strict.returncode == 0, strict.stderr
    first, again = json.loads(strict.stdout)["runs"]
    assert (first["status"], again["status"]) == ("published", "already published")
    assert first["checksums"] == again["checksums"] == figures


@pytest.mark.usefixtures("strict")
def test_a_server_tells_nothing_of_people(server: Server) -> None:
    """No citizen and no key in its log, its plans or its queries."""
    told = server.told()
    assert all(name in told for name in PERSON_KEY.names)
    numbers = set(re.findall(r"(?<![0-9])[0-9]{8,10}(?![0-9])", told))
    assert not numbers & {*citizens(TABLES), *map(str, KEY)}


def test_a_table_that_is_missing_is_told(server: Server, inputs: Path, settings: Path, tmp_path: Path) -> None:
    shutil.copytree(inputs, tmp_path / "in", ignore=shutil.ignore_patterns(INPUTS[-1].name))
    ran = run(JOB, settings, "--input", tmp_path / "in", "--output", tmp_path / "out", SPARK_REMOTE=server.address)
    assert ran.returncode == 3
    assert f"{INPUTS[-1].name}: the table is missing" in ran.stderr


def test_a_server_that_died_is_waited_for_once(inputs: Path, settings: Path, tmp_path: Path) -> None:
    """Not once for each table, for each frame that it kept and for the session."""
    server = Server(tmp_path)
    try:
        ran = run("-c", KILLED, server.address, settings, inputs, tmp_path / "out", server.process.pid)
        ended = time.time()
    finally:
        server.stop()
    assert ran.returncode == 70, ran.stderr
    assert "The server of Spark Connect does not answer. This version was not published." in ran.stderr
    assert "Warning" not in ran.stderr
    assert ended - float(ran.stdout) < 15


# Three queries at once that would take minutes, and Ctrl-C two seconds after they began.
STOPPED = """
import os, signal, sys, threading
from zorgstat.io import session
from zorgstat.io.attempt import guard
from zorgstat.io.together import in_parallel

def work(attempt):
    spark = attempt.until_the_end.enter_context(session.start()).spark
    endless = spark.range(10**9).selectExpr("sum(length(sha2(cast(id as string), 512))) as n")
    threading.Timer(2, os.kill, [os.getpid(), signal.SIGINT]).start()
    in_parallel(lambda _: endless.collect(), range(3))

raise SystemExit(guard(work))
"""


def test_ctrl_c_stops_what_the_server_is_at(server: Server) -> None:
    since = time.monotonic()
    ran = run("-c", STOPPED, SPARK_REMOTE=server.address)
    assert (ran.returncode, ran.stdout) == (130, ""), ran.stderr
    assert time.monotonic() - since < 30


def test_a_server_that_is_not_there_is_waited_for_aloud(inputs: Path, settings: Path, tmp_path: Path) -> None:
    """Its client asks for ten minutes, without a word."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, JOB, settings, "--input", inputs, "--output", tmp_path / "out"],
        env=environment(SPARK_REMOTE=f"sc://127.0.0.1:{port}/;user_id=me"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        told = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert told == f"zorgstat: waiting for 127.0.0.1:{port} (SPARK_REMOTE), for ten minutes at most\n"
    assert (process.returncode, rest) == (130, "zorgstat: stopped:\n  Ctrl-C. This version was not published.\n")


@pytest.mark.parametrize("address", ["localhost:15002", "", "local[2]", "sc://", "sc://host:port", "sc://[::1"])
def test_an_address_that_is_none_is_told(inputs: Path, settings: Path, tmp_path: Path, address: str) -> None:
    remote = f"{address};token=secret"
    ran = run(JOB, settings, "--input", inputs, "--output", tmp_path / "out", SPARK_REMOTE=remote)
    assert ran.returncode == 2, ran.stderr
    assert "secret" not in ran.stderr
    assert f'SPARK_REMOTE is "{address}"; use an address such as sc://host:15002.' in ran.stderr
