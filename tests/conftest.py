"""One small engine for all tests: two cores, one shuffle partition, no screen; compiled lightly, since nothing is big.

`pytest --engine sail` runs the tests of whole pipelines on the other engine, `pytest --comet` those of rules and
pipelines on Spark with Comet, which then is asked however little there is to do (make test-comet SPARK=4.1).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from zorgstat.io import comet, session
from zorgstat.io.engine import Engine
from zorgstat.io.size import Size

SMALL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=session.ENGINES, default="spark")
    parser.addoption("--comet", action="store_true")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    conf = {**SMALL, **(comet.SETTINGS if request.config.getoption("--comet") else {})}
    with session.start(request.config.getoption("--engine"), conf, Size.LITTLE) as engine:
        yield engine


@pytest.fixture(scope="session")
def spark(engine: Engine) -> SparkSession:
    return engine.spark
