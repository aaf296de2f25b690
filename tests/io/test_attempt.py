"""How far a command came: one engine, the phase it was in, and what is told when it ends in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from zorgstat.errors import SettingsError
from zorgstat.io import folders, progress, session
from zorgstat.io.attempt import Attempt, guard
from zorgstat.io.engine import Engine
from zorgstat.io.files import write_whole
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


def test_sigterm_is_heard_as_ctrl_c(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So what was half written is taken away; afterwards the signal is what it was."""

    def write(partial: Path) -> list[str]:
        (partial / "half").write_text("of it")
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("not heard")

    def work(attempt: Attempt) -> None:
        attempt.outcome = "Nothing was written."
        write_whole(tmp_path / "documents", write)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # Sail has one of its own
    try:
        assert guard(work) == 143
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "zorgstat: stopped:\n  SIGTERM. Nothing was written.\n"
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_sigterm_of_somebody_else_is_his() -> None:
    """As in a notebook that listens itself, or where Ctrl-C is not heard (`&` in a script)."""
    for heard, number in ((lambda *_: None, signal.SIGTERM), (signal.SIG_IGN, signal.SIGINT)):
        before = signal.signal(number, heard)
        during: list[object] = []
        try:
            assert guard(lambda attempt, during=during: during.append(signal.getsignal(signal.SIGTERM))) == 0
            assert during == [heard if number == signal.SIGTERM else signal.SIG_DFL]
            assert signal.getsignal(number) is heard
        finally:
            signal.signal(number, before)


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
