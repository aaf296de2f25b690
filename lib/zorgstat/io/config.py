"""TOML in, Settings out; every fault in one message that names the file (docs/settings.md)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from zorgstat.errors import SettingsError
from zorgstat.pipelines import Pipeline, Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    try:
        import tomli as tomllib  # what became tomllib
    except ImportError:
        raise SystemExit("With Python 3.10 zorgstat needs the library tomli: pip install tomli.") from None

Of = TypeVar("Of")


def load(pipeline: Pipeline, path: str | Path) -> Settings:
    """The settings of one report. Raises what `read` raises."""
    return read(path, pipeline.resolve)


def read(path: str | Path, resolve: Callable[[Mapping[str, Any]], Of]) -> Of:
    """Raises SettingsError when the file is missing, is no TOML, or asks for something that cannot be."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # Windows puts a mark before the text
    except FileNotFoundError:
        raise SettingsError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as a text file ({type(error).__name__}).") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}.") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{path}: is not valid TOML: a number is too long, or brackets go too deep.") from None
    try:
        return resolve(raw)
    except SettingsError as error:
        raise SettingsError("\n".join(f"{path}: {fault}" for fault in str(error).split("\n"))) from None
