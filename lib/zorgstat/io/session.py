"""Starts an engine by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

from zorgstat.errors import SettingsError
from zorgstat.io import sail, spark
from zorgstat.io.engine import Engine
from zorgstat.io.paths import local_path, table_path

ENGINES = ("spark", "sail")
LITTLE_BYTES = 32_000_000


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


def is_little(root: str, tables: Iterable[str]) -> bool:
    """Are these tables a demo or a test rather than a national year? Some two million claims are 32 MB."""
    folders = [local_path(table_path(root, table)) for table in tables]
    if None in folders:
        return False
    files = [file for folder in folders if folder for file in folder.rglob("*.parquet") if file.is_file()]
    return sum(file.stat().st_size for file in files) < LITTLE_BYTES
