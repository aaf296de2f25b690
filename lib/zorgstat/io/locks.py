"""One writer at a time on a shared folder.

On `file:` roots Delta's commits are atomic within one JVM only: two processes can lose a commit without a word. So a
process holds a lock of the operating system, which dies with it. On object stores and on Databricks Delta's own commit
protocol is safe, and no lock is taken.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from zorgstat.errors import LockedError
from zorgstat.io.paths import local_path

if os.name == "posix":
    import fcntl


@contextmanager
def hold(root: str, name: str, wait: bool) -> Iterator[None]:
    """Holds `<root>/_locks/<name>.lock`; raises LockedError when another process has it, unless told to wait."""
    folder = local_path(root)
    if folder is None or os.name != "posix":
        yield
        return
    path = folder / "_locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise LockedError(
                f"{name} is at work already: {_holder(path)}. Wait until it is done, or stop it."
            ) from None
        file.truncate(0)
        since = datetime.now(timezone.utc).isoformat(timespec="seconds")
        file.write(json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": since}))
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "by a process that started just now"
    return f"process {holder['process']} on {holder['host']}, since {holder['since']}"
