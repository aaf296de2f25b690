"""One writer at a time on a shared folder.

On `file:` roots Delta's commits are atomic within one JVM only: two processes can lose a commit without a word. So a
process holds a lock of the operating system, which dies with it. On object stores and on Databricks Delta's own commit
protocol is safe, and no lock is taken.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

from zorgstat.errors import LockedError, SettingsError
from zorgstat.io.paths import local_path

if os.name == "posix":
    import fcntl

HELPER_SECONDS = 60
HOLDER = {"process": int, "host": str, "since": str}


@contextmanager
def hold(root: str, name: str, wait: bool, helper: int | None = None) -> Iterator[None]:
    """Holds `<root>/_locks/<name>.lock`; raises LockedError when another process has it, unless told to wait.

    `helper` is the process that writes for this one: Java. When this one is killed, Java may go on for a moment and
    commit what it was at; whoever holds the lock next waits until it is gone.
    """
    folder = local_path(root)
    if folder is None or os.name != "posix":
        yield
        return
    path = folder / "_locks" / f"{name}.lock"
    with _open(path) as file:
        _take(file, path, name, wait)
        _wait_for_helper(_holder(path), name)
        since = datetime.now(timezone.utc).isoformat(timespec="seconds")
        holder = {"process": os.getpid(), "helper": helper, "host": socket.gethostname(), "since": since}
        file.truncate(0)
        file.write(json.dumps(holder))
        file.flush()
        yield
        file.truncate(0)  # left in good order: nobody writes any more


def _take(file: TextIO, path: Path, name: str, wait: bool) -> None:
    """Asks again and again rather than waiting in the system, where Ctrl-C would not be heard."""
    since = time.monotonic()
    told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _describe(_holder(path))
            if not wait:
                raise LockedError(f"{name} is at work already: {holder}. Wait until it is done, or stop it.") from None
        if not told and time.monotonic() - since > 2:
            print(f"zorgstat: waiting for another writer: {holder}", file=sys.stderr, flush=True)
            told = True
        time.sleep(0.05)


def _open(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path.parent.parent} cannot be written to: {error.strerror}.") from None


def _holder(path: Path) -> Mapping[str, Any]:
    """What the lock file tells, as far as it can be made out."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict) or not HOLDER.keys() <= told.keys():
        return {}
    known = all(type(told[name]) is kind for name, kind in HOLDER.items())
    return told if known and type(told.get("helper")) in (int, type(None)) and abs(told["process"]) < 2**31 else {}


def _describe(holder: Mapping[str, Any]) -> str:
    if not holder:
        return "by a process that started just now"
    return f"process {holder['process']} on {holder['host']}, since {holder['since']}"


def _wait_for_helper(before: Mapping[str, Any], name: str) -> None:
    """Of a process that was killed while it held the lock. One that is there has let the lock go itself."""
    if not before.get("helper") or before.get("host") != socket.gethostname() or is_running(before["process"]):
        return
    until = time.monotonic() + HELPER_SECONDS
    while _is_java(before["helper"]):
        if time.monotonic() > until:
            raise LockedError(f"{name}: process {before['helper']} still writes for a run that was killed. Stop it.")
        time.sleep(0.1)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _is_java(process: int) -> bool:
    """Where this cannot be looked up (macOS), it is taken to be gone."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    name, _, rest = state.partition("(")[2].rpartition(")")
    return name == "java" and not rest.lstrip().startswith("Z")
