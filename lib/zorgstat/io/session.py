"""Starts an engine: the one place that knows which it is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from zorgstat.errors import SettingsError
from zorgstat.io import sail, spark
from zorgstat.io.engine import Engine

ENGINES = ("spark", "sail")


def start(
    engine: str = "spark", conf: Mapping[str, str] | None = None, light: bool = False
) -> AbstractContextManager[Engine]:
    """A running engine. Where a session of Spark exists already (Databricks, a notebook), that one is used.

    `light` is for little data: Java then compiles quickly instead of well, which halves the time of a small run and
    would more than double that of a national year.
    """
    if engine not in ENGINES:
        raise SettingsError(f"engine is {engine}; use {' or '.join(ENGINES)}.")
    return sail.start() if engine == "sail" else spark.start(conf or {}, light)
