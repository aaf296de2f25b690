"""Starts an engine by its name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from zorgstat.errors import SettingsError
from zorgstat.io import sail, spark
from zorgstat.io.engine import Engine
from zorgstat.io.size import Size

ENGINES = ("spark", "sail")


def start(
    engine: str = "spark", conf: Mapping[str, str] | None = None, size: Size = Size.NATIONAL
) -> AbstractContextManager[Engine]:
    """A running engine. Where a session of Spark exists already (Databricks, a notebook), that one is used.

    `size` tells Spark how much it will read: a small run takes half the time then, and a national year would take more
    than twice as long if it were told so.
    """
    if engine not in ENGINES:
        raise SettingsError(f"engine is {engine}; use {' or '.join(ENGINES)}.")
    return sail.start() if engine == "sail" else spark.start(conf or {}, size)
