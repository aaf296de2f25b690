"""Comet, which runs what Spark plans by columns, outside Java: a national year in little more than half the time.

It is made for one version of Spark at a time, and lags behind: `make setup SPARK=4.1` fetches it. Rules and figures are
the same (docs/decisions/0011-native-execution.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pyspark.sql import SparkSession

from zorgstat.conf import setting
from zorgstat.partitions import LISTS, MANY_LISTS

SETTINGS = {
    "spark.plugins": "org.apache.spark.CometPlugin",
    "spark.shuffle.manager": "org.apache.spark.sql.comet.execution.shuffle.CometShuffleManager",
    # What it works in, beside the heap of Java.
    "spark.memory.offHeap.enabled": "true",
    "spark.memory.offHeap.size": "2g",
    # Frames that are kept and rows of this process are rows. Made into columns, what follows on them is Comet's too.
    "spark.comet.sparkToColumnar.enabled": "true",
    "spark.comet.exec.localTableScan.enabled": "true",
    LISTS: str(MANY_LISTS),
}

# What is left to Java is short: plans, and rows at the seams. To compile it well takes longer than it saves.
JAVA = "-XX:+UseParallelGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"

# Made-up claims come from expressions deeper than Comet can pass on.
ENABLED = "spark.comet.enabled"
OFF = {ENABLED: "false"}


def local_settings() -> dict[str, str]:
    """For one machine. Plans stay as they are made: to make them anew after every stage takes as long as the stage."""
    partitions = 4 * (os.cpu_count() or 2)
    return {**SETTINGS, "spark.sql.adaptive.enabled": "false", "spark.sql.shuffle.partitions": str(partitions)}


def is_used(spark: SparkSession) -> bool:
    """By this session, whoever started it?"""
    plugins, enabled = setting(spark, "spark.plugins"), setting(spark, ENABLED)
    return SETTINGS["spark.plugins"] in (plugins or "").split(",") and enabled != "false"


def is_there(jars: Iterable[Path]) -> bool:
    """Among the jars of a Spark that starts here? Its own code is for Linux."""
    return sys.platform == "linux" and any(jar.name.startswith("comet-") for jar in jars)
