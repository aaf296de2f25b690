"""What an engine must provide besides a session: the one boundary between Spark and Sail and everything else.

Rules and pipelines see frames only. The engines are in `spark` and `sail`.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import DataFrame, SparkSession

from zorgstat.errors import SettingsError
from zorgstat.io.paths import local_path
from zorgstat.tables import Table

# pyspark tells of a failed query at length, with its plan and the values in its message.
for talkative in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
    PySparkLogger.getLogger(talkative).disabled = True
# Of Spark Connect: the first otherwise goes to Spark's log, of the second there is a message (`is_out_of_reach`).
for told in ("WARN WindowExpression", r"\[RETRIES_EXCEEDED\]"):
    warnings.filterwarnings("ignore", told)

# Whether each column knows the line of Python that made it: half of all calls to Java are for that.
DEBUGGING = "spark.python.sql.dataFrameDebugging.enabled"
ODD_ROOT = r"\||%[0-9A-Fa-f]{2}"


@dataclass(frozen=True)
class Work:
    """What an engine did so far. None where it does not tell."""

    rows_read: int | None = None
    bytes_read: int | None = None
    rows_written: int | None = None
    bytes_written: int | None = None
    shuffle_bytes: int | None = None
    spill_bytes: int | None = None
    tasks: int | None = None

    def since(self, earlier: Work) -> Work:
        now, then = asdict(self), asdict(earlier)
        return Work(**{name: None if now[name] is None else now[name] - (then[name] or 0) for name in now})


@dataclass
class Engine(ABC):
    """A session, and what an engine must provide besides."""

    name: str
    spark: SparkSession
    log: Path | None = None
    helper: int | None = None  # the process that writes for this one: Java
    # What `io.run` remembers for as long as the session lasts: inputs found to be as declared -> rows by table.
    checked: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return str(self.spark.version)

    @abstractmethod
    def keep(self, frame: DataFrame) -> DataFrame:
        """Computes a frame that is read more than once, and holds on to it for as long as it is used."""

    @abstractmethod
    def release(self) -> None:
        """Lets go of what is kept."""

    def check_root(self, root: str) -> None:
        """Raises SettingsError for a folder that this engine, or delta-rs beside it, cannot work in."""
        folder = local_path(root)
        if folder is not None and re.search(ODD_ROOT, str(folder)):
            raise SettingsError(
                f"{root}: not every program reads a folder alike that has | or %, with two hexadecimal digits, in its "
                "name or above it; use another."
            )

    def read(self, path: str, version: int) -> DataFrame:
        """A version of a Delta table."""
        return self.spark.read.format("delta").option("versionAsOf", version).load(path)

    def read_input(self, path: str, version: int, table: Table) -> DataFrame:
        """As `read`, of a table that another program made: the declared columns, and perhaps others."""
        return self.read(path, version)

    def knows_too_little(self, error: Exception) -> bool:
        """Did a table have a feature of Delta that it does not write? Spark's own Delta knows them all."""
        return False

    def tasks(self) -> tuple[int, int]:
        """Tasks done and tasks in all, of what runs now."""
        return 0, 0

    def work(self) -> Work:
        """What was done so far."""
        return Work()

    def count_written(self, rows: int, written_bytes: int) -> None:  # noqa: B027
        """What was written without the engine, by threads of this process, counts as its work too."""


def name_of(error: Exception) -> str:
    """What kind of error it is, without its text, which may quote a record: Spark's condition, or classes of Java."""
    with contextlib.suppress(Exception):  # Java may be gone
        if isinstance(error, PySparkException):
            return error.getCondition() or type(error).__name__
        stated = re.search(r"Exception: \[([A-Z][A-Z0-9_.]+)\]", str(error))
        if stated:
            return stated[1]
        names: list[str] = []
        cause = getattr(error, "java_exception", None)
        while cause is not None and len(names) < 5:
            names.append(cause.getClass().getSimpleName())
            cause = cause.getCause()
        return " < ".join(names) or type(error).__name__
    return type(error).__name__


def is_unreadable_file(error: Exception) -> bool:
    """Is it a data file that is damaged or gone? Sail has no conditions, so there its words must tell."""
    return name_of(error).startswith(("FAILED_READ_FILE", "PATH_NOT_FOUND", "DELTA_")) or any(
        words in str(error) for words in ("Parquet", "Cast error", "Missing commit file", "Object at location")
    )


def is_full(error: BaseException) -> bool:
    """Has a disk no room left, or its user no quota? Neither engine has a condition of its own for it."""
    told = str(error)
    return any(words in told for words in ("No space left on device", "Disk quota exceeded", "StorageFull"))


def is_out_of_reach(error: BaseException) -> bool:
    """Did a server of Spark Connect not answer, for as long as its client tries: ten minutes?"""
    code = getattr(error, "getGrpcStatusCode", None)
    return code is not None and code().name == "UNAVAILABLE"
