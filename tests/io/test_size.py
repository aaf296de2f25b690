"""How much a command reads, and what Spark makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from zorgstat.errors import SettingsError
from zorgstat.io import runs, session, size
from zorgstat.io.place import Place
from zorgstat.io.size import Size
from zorgstat.io.spark import local_settings


@pytest.mark.parametrize(("megabytes", "expected"), [(0.4, Size.DEMO), (15, Size.LITTLE), (17, Size.NATIONAL)])
def test_a_run_is_as_large_as_the_files_of_its_tables(megabytes: float, expected: Size, tmp_path: Path) -> None:
    """Those of the present versions, wherever the files are; two tables here, of as many megabytes each."""
    for name in ("claims", "enrolments"):
        write_deltalake(str(tmp_path / name), pa.table({"n": [1]}))
        log = tmp_path / name / "_delta_log" / f"{0:020}.json"
        log.write_text(re.sub(r'"size":\d+', f'"size":{int(megabytes * 1_000_000)}', log.read_text()))
    assert size.of_tables(str(tmp_path), ["claims", "enrolments"]) is expected


def test_what_nobody_can_tell_may_be_a_national_year(tmp_path: Path) -> None:
    log = tmp_path / "damaged" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{")
    assert size.of_tables(str(tmp_path), ["missing"]) is Size.DEMO  # the run will say so
    assert size.of_tables(str(tmp_path), ["missing", "damaged"]) is Size.NATIONAL
    assert size.of_tables("s3://bucket/in", ["claims"]) is Size.NATIONAL


def test_code_is_generated_but_for_a_demo() -> None:
    """Claims that are made up are rows to compute, even for a demo."""
    interpreted = [size for size in Size if "NO_CODEGEN" in local_settings(size).values()]
    assert interpreted == [Size.DEMO]
    assert [size.of_claims(claims) for claims in (1, 2_000_000)] == [Size.LITTLE, Size.NATIONAL]


def test_a_national_year_is_computed_again_as_it_was_the_first_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not lightly, as what only looks at published rows: the versions that it read may be larger than the present."""
    started: list[Size] = []

    def start(engine: str, conf: object, size: Size) -> None:
        started.append(size)
        raise SettingsError("enough")

    monkeypatch.setattr(session, "start", start)
    place = Place(str(tmp_path))
    assert runs.verify(place, "behandelindex-2023-3-001-0a1b2c", recompute=True, input_root=str(tmp_path)) == 2
    assert runs.verify(place, "behandelindex-2023-3-001-0a1b2c") == 2
    assert started == [Size.NATIONAL, Size.LITTLE]
