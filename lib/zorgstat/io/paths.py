"""Roots of tables: folders on this machine, or addresses that only the engine can open."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from zorgstat.errors import SettingsError


def local_path(root: str) -> Path | None:
    """The folder that a root stands for, or None when it lies on a store that this process cannot open itself."""
    if not root.strip():
        raise SettingsError("a root is empty; give a folder or an address.")
    if re.match(r"file:(//(localhost)?)?/", root):
        return Path(unquote(re.sub(r"^file:(//(localhost)?)?(?=/)", "", root)))
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", root) else Path(root).absolute()


def folder_here(named: str) -> Path:
    """A folder for files of this machine. Raises SettingsError for an address of another."""
    folder = local_path(named)
    if folder is None:
        raise SettingsError(f"{named} is no folder of this machine; files are written to one, and can be copied.")
    return folder


def in_sql(path: str) -> str:
    """A Delta table in a statement, by its path."""
    return "delta.`" + path.replace("`", "``") + "`"


def table_path(root: str, table: str) -> str:
    folder = local_path(root)
    return str(folder / table) if folder else f"{root.rstrip('/')}/{table}"
