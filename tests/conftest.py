"""One small Spark for all tests: two cores, one shuffle partition, no screen; compiled lightly, since nothing is big."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from zorgstat.io import session

SMALL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}


@pytest.fixture(scope="session")
def engine() -> Iterator[session.Engine]:
    with session.start("spark", SMALL) as engine:
        yield engine


@pytest.fixture(scope="session")
def spark(engine: session.Engine) -> SparkSession:
    return engine.spark
