"""A root of outputs, as a command finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zorgstat.errors import SettingsError
from zorgstat.io.attempt import Attempt
from zorgstat.io.paths import local_path
from zorgstat.io.size import Size
from zorgstat.io.store import Store, rows_without_engine
from zorgstat.tables import Table


def refuse_absent(root: str) -> None:
    """Raises SettingsError for a folder of this machine that is not there."""
    folder = local_path(root)
    if folder is not None and not folder.is_dir():
        raise SettingsError(f"{root}: there is no such folder.")


@dataclass(frozen=True)
class Place:
    """A root, and the engine to open it with."""

    root: str
    engine: str = "spark"
    conf: Mapping[str, str] = field(default_factory=dict)

    def open(self, attempt: Attempt, size: Size = Size.LITTLE) -> Store:
        """With an engine that works until the command ends."""
        return Store(attempt.start(self.engine, self.conf, size), self.root)

    def rows(self, attempt: Attempt, tables: Sequence[Table]) -> list[list[dict[str, Any]]]:
        """Of small tables; without an engine where that can be."""
        refuse_absent(self.root)
        found = [rows_without_engine(self.root, table) for table in tables]
        known = [rows for rows in found if rows is not None]
        return known if len(known) == len(tables) else [self.open(attempt).rows(table) for table in tables]
