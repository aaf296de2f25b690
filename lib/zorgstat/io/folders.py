"""Folders of this user alone: logs, and what an engine has on disk while it works."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from zorgstat.io.locks import is_running


def own_folder() -> Path:
    """What belongs to this user alone: logs, and what an engine has on disk while it works."""
    folder = Path(tempfile.gettempdir()) / f"zorgstat-{os.getuid() if hasattr(os, 'getuid') else 'logs'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def log_file() -> Path:
    """Of this process."""
    return own_folder() / f"zorgstat-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"


def work_folder() -> Path:
    """Goes with the process; of a process that was killed, with the next one that starts."""
    here = f"work-{socket.gethostname()}-"
    for left in own_folder().glob(f"{here}*"):
        process = left.name.removeprefix(here)  # more than a number: of a host whose name begins as this one's
        if process.isdigit() and not is_running(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    folder = own_folder() / f"{here}{os.getpid()}"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextlib.contextmanager
def quiet(log: Path) -> Iterator[None]:
    """What a process started here writes to the screen goes to the log: Java keeps the standard error of its birth."""
    sys.stderr.flush()
    screen = os.dup(2)
    with log.open("a") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
