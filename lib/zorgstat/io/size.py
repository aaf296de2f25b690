"""How much a command reads, by which Spark is started: what pays for a national year is a waste for a demo."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from zorgstat.io.paths import local_path, table_path


class Size(Enum):
    """What is national may also be more, or unknown."""

    DEMO = "demo"
    LITTLE = "little"
    NATIONAL = "national"


BELOW_BYTES = {Size.DEMO: 1_000_000, Size.LITTLE: 32_000_000}  # of Parquet: some 15 for each claim with its people
BELOW_CLAIMS = {Size.DEMO: 65_000, Size.LITTLE: 2_000_000}


def of_tables(root: str, tables: Iterable[str]) -> Size:
    """By the files of these tables; where they are not on this machine, national."""
    folders = [local_path(table_path(root, table)) for table in tables]
    if None in folders:
        return Size.NATIONAL
    files = [file for folder in folders if folder for file in folder.rglob("*.parquet") if file.is_file()]
    return _of(sum(file.stat().st_size for file in files), BELOW_BYTES)


def of_claims(claims: int) -> Size:
    """By the number of claims that are to be made up."""
    return _of(claims, BELOW_CLAIMS)


def _of(number: int, below: dict[Size, int]) -> Size:
    return next((size for size, most in below.items() if number < most), Size.NATIONAL)
