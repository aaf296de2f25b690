"""Where rows lie between partitions: together when they belong together, or in each of them; and how they are kept.

No figure depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zorgstat.conf import setting

# Of a session: how many. Left out, the engine decides, which Spark does well. Sail would take one, and split it again;
# from four on it also knows that what is asked by more columns than these needs no other move (docs/engines.md).
PARTITIONS = "zorgstat.partitions"
# Of a session: how many lists of hashes, a power of two. Engines that work by columns do better with more.
LISTS = "zorgstat.lists"
FEW_LISTS, MANY_LISTS = 64, 256

Keep = Callable[[DataFrame], DataFrame]  # how an engine holds on to a frame that is read more than once


def gather(rows: DataFrame, *columns: str) -> DataFrame:
    """The rows, with those that agree in these columns in one partition: they move once, whatever is then asked."""
    partitions = _partitions(rows)
    return rows.repartition(int(partitions), *columns) if partitions else rows.repartition(*columns)


def gather_lists(rows: DataFrame, hashed: str) -> DataFrame:
    """The rows with the list that each belongs to, by the last bits of a hash (`list`, null where that is null).

    On Sail they are gathered first. Spark does better to make the lists, and move those
    (docs/decisions/0004-unique-claims.md).
    """
    lists = int(setting(rows.sparkSession, LISTS) or FEW_LISTS)
    listed = rows.withColumn("list", F.col(hashed).bitwiseAND(F.lit(lists - 1).cast("bigint")))
    return gather(listed, "list") if _partitions(rows) else listed


def join_register(rows: DataFrame, register: DataFrame, *key: str) -> DataFrame:
    """Every row, with what a small register says of its key; null where that is not in the register.

    Out: the columns of the register, then those of the rows.
    Outer, even where every key is in the register: of an inner join with a small table Sail expects next to nothing,
    and would then hold the many rows in memory as the smaller side of the next join (docs/engines.md).
    """
    return F.broadcast(register).join(rows, list(key), "right")


def everywhere(rows: DataFrame) -> DataFrame:
    """The rows as the small side of an inner join, whole in each partition of the other side, which need not move.

    Spark takes the hint. Sail ignores it, and moves both sides once it expects more than 1 MB. It expects a thousand
    rows of what is joined to a thousand rows, and so of the join as a whole: with fewer it would take that for the
    smaller side where a register of labels is looked up next.
    """
    if not _partitions(rows):
        return F.broadcast(rows)
    numbers = rows.sparkSession.range(1000).withColumnRenamed("id", "zero")
    zero = F.pmod(F.xxhash64(*rows.columns), F.lit(1))  # a literal, and Sail would know that every row has it
    return numbers.join(rows.withColumn("zero", zero), "zero").drop("zero")


def _partitions(rows: DataFrame) -> str | None:
    return setting(rows.sparkSession, PARTITIONS)
