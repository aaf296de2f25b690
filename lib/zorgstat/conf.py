"""Settings of a session: serverless compute of Databricks tells of a few, and takes a few (docs/cluster.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

WITHHELD = ("CONFIG_NOT_AVAILABLE", "CANNOT_MODIFY")  # also with more words after it


def setting(spark: SparkSession, key: str) -> str | None:
    """None where the session has no such setting, or does not tell."""
    with _if_allowed():
        return spark.conf.get(key, None)
    return None


@contextmanager
def changed(spark: SparkSession, settings: Mapping[str, str], *, must: bool = False) -> Iterator[None]:
    """Settings for a while: the session may be somebody's notebook. As far as it takes them, unless it `must`."""
    found = {key: setting(spark, key) for key in settings}
    try:
        for key, value in settings.items():
            with nullcontext() if must else _if_allowed():
                spark.conf.set(key, value)
        yield
    finally:
        for key, earlier in found.items():
            with _if_allowed():
                if earlier is None:
                    spark.conf.unset(key)
                else:
                    spark.conf.set(key, earlier)


@contextmanager
def _if_allowed() -> Iterator[None]:
    try:
        yield
    except PySparkException as error:
        if not (error.getCondition() or "").startswith(WITHHELD):
            raise
