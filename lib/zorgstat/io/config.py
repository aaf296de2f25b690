"""TOML in, Settings out; every fault in one message that names the file (contract behandelindex, Settings)."""

from __future__ import annotations

import sys
from pathlib import Path

from zorgstat.behandelindex.settings import Settings, resolve
from zorgstat.errors import SettingsError

if sys.version_info >= (3, 11):
    import tomllib
else:  # tomli is what became tomllib
    import tomli as tomllib


def load(path: str | Path) -> Settings:
    """Raises SettingsError when the file is missing, is no TOML, or asks for something that cannot be."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as a text file ({type(error).__name__}).") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}.") from None
    try:
        return resolve(raw)
    except SettingsError as error:
        raise SettingsError("\n".join(f"{path}: {fault}" for fault in str(error).splitlines())) from None
