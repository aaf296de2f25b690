"""Comet, which runs what Spark plans by columns, outside Java: a national year in less than half the time.

It is made for one version of Spark at a time, and lags behind: `make setup SPARK=4.1` fetches it. Rules and figures are
the same (docs/decisions/0011-native-execution.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from zorgstat.conf import setting
from zorgstat.partitions import LISTS, MANY_LISTS

ENABLED = "spark.comet.enabled"
CACHE = "spark.comet.exec.inMemoryCache.enabled"
SETTINGS = {
    "spark.plugins": "org.apache.spark.CometPlugin",
    "spark.shuffle.manager": "org.apache.spark.sql.comet.execution.shuffle.CometShuffleManager",
    # What it works in, beside the heap of Java.
    "spark.memory.offHeap.enabled": "true",
    "spark.memory.offHeap.size": "2g",
    # Rows of this process and frames that are kept are columns, so what follows on them is Comet's too.
    "spark.comet.exec.localTableScan.enabled": "true",
    CACHE: "true",
    "spark.comet.exec.inMemoryCache.compression.codec": "lz4",
    LISTS: str(MANY_LISTS),
}

# What is left to Java is short: plans, and rows at the seams. To compile it well takes longer than it saves.
JAVA = "-XX:+UseParallelGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"

# Made-up claims come from expressions deeper than Comet can pass on.
OFF = {ENABLED: "false"}


def local_settings() -> dict[str, str]:
    """For one machine. Plans stay as they are made: to make them anew after every stage takes as long as the stage."""
    partitions = 4 * (os.cpu_count() or 2)
    return {**SETTINGS, "spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": str(partitions)}


def is_used(spark: SparkSession) -> bool:
    """By this session, whoever started it?"""
    plugins, enabled = setting(spark, "spark.plugins"), setting(spark, ENABLED)
    return SETTINGS["spark.plugins"] in (plugins or "").split(",") and enabled != "false"


def keeps_columns(spark: SparkSession) -> bool:
    """Are caches of this session columns, as Comet has them?"""
    return is_used(spark) and setting(spark, CACHE) == "true"


def keep(frame: DataFrame) -> DataFrame:
    """The frame as it is in the cache, until it is unpersisted: in columns, and in partitions that Spark knows of.

    A checkpoint keeps rows, which were columns before and are made columns again. What follows is planned from what is
    kept alone, as from a checkpoint: Spark has no word for that, but its plan has, once it was looked up in the cache.
    """
    spark = frame.sparkSession
    frame.persist(StorageLevel.MEMORY_AND_DISK).count()
    found = frame.select("*")._jdf.queryExecution().withCachedData()
    leaf = spark._jvm.org.apache.spark.sql.classic.Dataset.ofRows(spark._jsparkSession, found)  # type: ignore[union-attr]
    return DataFrame(leaf, spark)


def is_there(jars: Iterable[Path]) -> bool:
    """Among the jars of a Spark that starts here? Its own code is for Linux."""
    return sys.platform == "linux" and any(jar.name.startswith("comet-") for jar in jars)
