"""Sail, the second engine: a server of Spark Connect in this process, and no Java (docs/engines.md)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from importlib import metadata
from types import FrameType
from typing import cast

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from zorgstat.errors import EngineError, SettingsError, TableError
from zorgstat.io import delta_rs
from zorgstat.io.engine import DEBUGGING, Engine
from zorgstat.io.folders import log_file, quiet, work_folder
from zorgstat.io.paths import local_path
from zorgstat.partitions import LISTS, MANY_LISTS, PARTITIONS
from zorgstat.tables import Table

SAIL = {
    "RUST_LOG": "error",  # a warning for every broadcast hint otherwise
    # Memory that a query is done with is kept for the next one: given back, it would be asked for again at once.
    "MIMALLOC_PURGE_DELAY": "-1",
    # Two parts for each core: what each counts by hash is half as large.
    "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(2 * (os.cpu_count() or 2)),
}
CLIENT = ("grpc", "pyspark.sql.connect")
PATIENCE = 2  # seconds from Ctrl-C to the end of the client


class SailEngine(Engine):
    """Sail holds no frames in memory: one that is read more than once goes to a folder that ends with the session."""

    _folder: str = ""
    _kept: int = 0

    @property
    def version(self) -> str:
        return metadata.version("pysail")

    def keep(self, frame: DataFrame) -> DataFrame:
        self._folder = self._folder or tempfile.mkdtemp(prefix="sail-", dir=work_folder())
        self._kept += 1
        path = f"{self._folder}/{self._kept}"
        frame.write.option("compression", "lz4_raw").parquet(path)
        return self.spark.read.schema(frame.schema).parquet(path)  # no rows, no file to tell the columns

    def read_input(self, path: str, version: int, table: Table) -> DataFrame:
        """Raises TableError for declared columns that a file has in other letters: Sail would find nothing in them.

        Without what the table says of its columns beside name and type: Sail 0.7 fails at a union of such columns with
        kept ones. `greatest` is a function of values, and so forgets it.
        """
        misspelt = delta_rs.misspelt_columns(path, version)
        told = [f"{name} in place of {column}" for name, column in sorted(misspelt.items()) if column in table.names]
        if told:
            raise TableError([f"{path}: a file has {', '.join(told)}; write the table anew, or use --engine spark."])
        doubles = self._read_doubles(path, version, table) if table.has_doubles else None
        if doubles is not None:
            return doubles
        frame = self.read(path, version)
        described = delta_rs.described_columns(path, version).intersection(table.names)
        return frame.withColumns({name: F.greatest(name, name) for name in described}) if described else frame

    def _read_doubles(self, path: str, version: int, table: Table) -> DataFrame | None:
        """By delta-rs: where a file has one value of a column, be it with NaN beside it, Sail takes that for all of its
        rows, and from Delta's statistics, where a double may lose its last bit (docs/engines.md).
        """
        try:
            rows = delta_rs.table_of_version(path, version, table.names)
            return self.spark.createDataFrame(rows) if rows else None
        except Exception:  # Sail tells what is wrong with a table, as of any other
            return None

    def knows_too_little(self, error: Exception) -> bool:
        return "able features" in str(error)

    def release(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def check_root(self, root: str) -> None:
        """Sail takes a path for an address: it would write `o%20p` for `o p`, beside the folder that was asked for."""
        folder = local_path(root)
        if folder is None:
            raise SettingsError(f"the engine sail works in folders of this machine, not in {root}; use --engine spark.")
        if not re.fullmatch(r"[A-Za-z0-9_./+=,;&'-]+", str(folder)):
            raise SettingsError(
                f"the engine sail cannot work in {root}: use a folder with nothing but plain letters, digits and "
                "_ . / + = , ; & ' - in its name and above it, or --engine spark."
            )


@contextlib.contextmanager
def start() -> Iterator[Engine]:
    """A server in this process, and a session of it. It takes no settings of Spark's."""
    with _told_of_ctrl_c() as clients, _served() as running:
        clients.append(running.spark)
        yield running


@contextlib.contextmanager
def _served() -> Iterator[Engine]:
    for name, value in SAIL.items():  # read when the library is loaded
        os.environ.setdefault(name, value)
    try:
        from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]
    except ImportError:
        raise EngineError("The engine sail is not installed: pip install 'zorgstat[sail]'.") from None
    log = log_file()
    with quiet(log):
        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        address = server.listening_address
        session = _connect(address[1])
        session.client.set_retry_policies([])  # Ctrl-C stops the server too: no answer will come
        session.conf.set("spark.sql.session.timeZone", "UTC")
        session.conf.set(DEBUGGING, "false")
        session.conf.set(PARTITIONS, str(8 * (os.cpu_count() or 2)))
        session.conf.set(LISTS, str(MANY_LISTS))
    running = SailEngine("sail", session, log)
    try:
        yield running
    finally:
        running.release()
        session.stop()
        server.stop()
        with contextlib.suppress(OSError):  # somebody may have cleaned up
            if log.stat().st_size == 0:
                log.unlink()


def _connect(port: int) -> SparkSession:
    """A session of a server on this machine, whose answers come as they are: by default Sail packs them with gzip, and
    700,000 rows take five times as long.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # what `SparkSession.builder.remote` does besides
    channel = DefaultChannelBuilder(f"sc://127.0.0.1:{port}", [("grpc.compression_enabled_algorithms_bitset", 1)])
    return cast(SparkSession, ConnectSession.builder.channelBuilder(channel).create())


class _CtrlC:
    """Hears Ctrl-C, which ends Sail too, in place of Python's own handler.

    While a client is at work it is not raised at once: a lock of gRPC could stay held, and nothing would ever end. What
    a client waits for fails when its server has ended, or when the client is closed. Pressed again, it is raised.
    """

    def __init__(self) -> None:
        self.clients: list[SparkSession] = []
        self.pressed = threading.Event()
        self._patience: threading.Timer | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        is_first = not self.pressed.is_set()
        if is_first:
            self.pressed.set()
            self._patience = threading.Timer(PATIENCE, self._close)
            self._patience.daemon = True
            self._patience.start()
        if not is_first or not _is_of_client(frame):
            signal.default_int_handler(number, frame)

    def _close(self) -> None:
        for session in self.clients:
            session.client.close()

    def forget(self) -> None:
        """It was told, or nobody pressed it."""
        if self._patience is not None:
            self._patience.cancel()
        self.pressed.clear()


@contextlib.contextmanager
def _told_of_ctrl_c() -> Iterator[list[SparkSession]]:
    """What fails because of Ctrl-C, or goes on after it, ends as Ctrl-C. Yields the clients that it has to end."""
    before = signal.getsignal(signal.SIGINT)
    heard = before if isinstance(before, _CtrlC) else _CtrlC()  # one for all servers of a process
    if threading.current_thread() is not threading.main_thread() or before not in (signal.default_int_handler, heard):
        yield []
        return
    signal.signal(signal.SIGINT, heard)
    known = len(heard.clients)
    try:
        yield heard.clients
        if heard.pressed.is_set():
            raise KeyboardInterrupt
    except Exception as error:
        # The connection may break before this process is told.
        if heard.pressed.wait(0.5 if type(error).__name__ == "SparkConnectGrpcException" else 0):
            raise KeyboardInterrupt from None
        raise
    finally:
        heard.forget()
        del heard.clients[known:]
        signal.signal(signal.SIGINT, before)


def _is_of_client(frame: FrameType | None) -> bool:
    """Is this, or what called it, code of the client?"""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(CLIENT):
            return True
        frame = frame.f_back
    return False
