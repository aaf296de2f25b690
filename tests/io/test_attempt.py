"""How far a command came: one engine, the phase it was in, and what is told when it ends in the middle."""

from __future__ import annotations

import contextlib
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from zorgstat.errors import SettingsError
from zorgstat.io import folders, progress, runs, session, size
from zorgstat.io.attempt import Attempt, guard
from zorgstat.io.engine import Engine
from zorgstat.io.place import Place
from zorgstat.io.size import Size


def test_a_version_that_has_not_begun_is_not_published() -> None:
    """Also when the one before it was."""
    attempt = Attempt()
    begin = attempt.follow(lambda phase: None)
    begin("publish")
    assert attempt.fate == "The table runs tells whether this version was published."
    begin("report")
    assert attempt.fate == "This version was published."
    attempt.follow(lambda phase: None)
    assert attempt.fate == "This version was not published."


def test_a_command_has_one_engine_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    @contextlib.contextmanager
    def start(engine: str, *_: object, **others: object) -> Iterator[Any]:
        try:
            yield SimpleNamespace(name=engine, log=None, release=lambda: ended.append("released"))
        finally:
            ended.append("stopped")

    def work(attempt: Attempt) -> None:
        assert attempt.start("sail", None, Size.DEMO) is attempt.start("sail", None, Size.LITTLE)
        assert ended == []
        raise SettingsError("enough")

    monkeypatch.setattr(session, "start", start)
    assert guard(work) == 2
    assert ended == ["released", "stopped"]


@pytest.mark.parametrize(("megabytes", "asked"), [(0.9, Size.DEMO), (31, Size.LITTLE), (33, Size.NATIONAL)])
def test_a_national_year_is_computed_again_as_it_was_the_first_time(
    megabytes: float, asked: Size, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not lightly, as what only looks at published rows."""
    started: list[Size] = []

    def start(engine: str, conf: object, size: Size) -> None:
        started.append(size)
        raise SettingsError("enough")

    write_deltalake(str(tmp_path / "claims"), pa.table({"n": [1]}))
    log = tmp_path / "claims" / "_delta_log" / f"{0:020}.json"
    log.write_text(re.sub(r'"size":\d+', f'"size":{int(megabytes * 1_000_000)}', log.read_text()))
    monkeypatch.setattr(session, "start", start)
    place = Place(str(tmp_path))
    assert runs.verify(place, "behandelindex-2023-3-001-0a1b2c", recompute=True, input_root=str(tmp_path)) == 2
    assert runs.verify(place, "behandelindex-2023-3-001-0a1b2c") == 2
    assert started == [asked, Size.LITTLE]


def test_a_table_of_which_nobody_can_tell_may_be_a_national_year(tmp_path: Path) -> None:
    log = tmp_path / "damaged" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{")
    assert size.of_tables(str(tmp_path), ["missing"]) is Size.DEMO  # the run will say so
    assert size.of_tables(str(tmp_path), ["missing", "damaged"]) is Size.NATIONAL
    assert size.of_tables("s3://bucket/in", ["claims"]) is Size.NATIONAL


def test_progress_ends_in_silence_when_java_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: list[object] = []
    monkeypatch.setattr(threading, "excepthook", broken.append)

    def tasks() -> tuple[int, int]:
        raise ConnectionError

    with progress.live("a run", cast(Engine, SimpleNamespace(tasks=tasks))) as begin:
        begin("build")
        time.sleep(0.7)  # it asks twice a second
    assert broken == []


def test_folders_of_processes_that_are_gone_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this host: another one may have a name that begins as this one's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    host = socket.gethostname()
    gone, other = (folders.own_folder() / f"work-{name}" for name in (f"{host}-{2**22 + 1}", f"{host}-1-4242"))
    for folder in (gone, other):
        folder.mkdir()
    assert folders.work_folder().is_dir()
    assert (gone.exists(), other.exists()) == (False, True)
