"""Roots of tables: folders on this machine, or addresses that only the engine can open."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

from zorgstat.errors import SettingsError


def local_path(root: str) -> Path | None:
    """The folder that a root stands for, or None when it lies on a store that this process cannot open itself."""
    if not root.strip():
        raise SettingsError("a root is empty; give a folder or an address.")
    address = urlparse(root)
    if address.scheme in ("", "file"):
        return Path(unquote(address.path) if address.scheme else root).absolute()
    return None


def table_path(root: str, table: str) -> str:
    folder = local_path(root)
    return str(folder / table) if folder else f"{root.rstrip('/')}/{table}"
