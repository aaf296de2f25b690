"""TOML in, Settings out; every fault in one message that names the file (docs/settings.md)."""

from __future__ import annotations

import sys
from pathlib import Path

from zorgstat.errors import SettingsError
from zorgstat.pipelines import Pipeline, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    try:
        import tomli as tomllib  # what became tomllib
    except ImportError:
        raise SystemExit("With Python 3.10 zorgstat needs the library tomli: pip install tomli.") from None


def load(pipeline: Pipeline, path: str | Path) -> Settings:
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
        return pipeline.resolve(raw)
    except SettingsError as error:
        raise SettingsError("\n".join(f"{path}: {fault}" for fault in str(error).splitlines())) from None
