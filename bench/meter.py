"""Runs a command as a user starts it, and tells what it took: time, processor and memory of all its processes.

Every 0.2 seconds the processes are looked at. CPU seconds are user and system time of each process as last seen, or
what the system says of the command and the children it waited for, where that is more; so of a process that nobody
waits for (Java) the last 0.2 seconds may be missing. Memory is the sum of the processes' PSS, in which pages that they
share count once, on systems that tell it (Linux); else of their RSS. It is the peak of what was seen, or what the
system says of the largest process, where that is more: of half a second little may have been seen.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

import psutil  # type: ignore[import-untyped]

INTERVAL, PATIENCE = 0.2, 10.0  # seconds between two looks; seconds to end in before being ended


class CommandError(Exception):
    """A command failed: its exit code and the end of what it said."""


@dataclass(frozen=True)
class Line:
    at: float  # seconds since the epoch
    text: str


@dataclass(frozen=True)
class Ran:
    started: float  # seconds since the epoch
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    output: list[Line]
    messages: list[Line]  # standard error


class Meter(threading.Thread):
    """Looks at a process and all that descend from it, until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0
        self._root = psutil.Process(pid)
        self._cpu: dict[psutil.Process, float] = {self._root: 0.0}
        self._ended = threading.Event()

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    @property
    def processes(self) -> list[psutil.Process]:
        """All that were seen; some may be gone."""
        return list(self._cpu)

    def run(self) -> None:
        while not self._ended.wait(INTERVAL):
            self.look()

    def end(self) -> None:
        self._ended.set()
        self.join()

    def look(self) -> None:
        with contextlib.suppress(psutil.Error):
            for child in self._root.children(recursive=True):
                self._cpu.setdefault(child, 0.0)
        rss = 0
        for process in self._cpu:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                self._cpu[process] = times.user + times.system
                rss += process.memory_info().rss
        if rss > self.peak_bytes:  # PSS is less, and slower to ask: only where it can be a new peak
            self.peak_bytes = max(self.peak_bytes, sum(map(_own_bytes, self._cpu)))


def _own_bytes(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        memory = process.memory_full_info()
        return int(getattr(memory, "pss", 0) or memory.rss)
    return 0


def run(command: Sequence[str], follow: Callable[[str], None] = lambda line: None) -> Ran:
    """Runs it to its end; `follow` is given each line of its standard error. Ctrl-C ends all its processes.

    Raises CommandError when it fails.
    """
    started, clock = time.time(), time.perf_counter()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches this process only, which passes it on
    )
    assert child.stdout is not None
    assert child.stderr is not None
    meter = Meter(child.pid)
    output: list[Line] = []
    messages: list[Line] = []
    readers = [_read(child.stdout, output), _read(child.stderr, messages, follow)]
    meter.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - clock
        child.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        child.send_signal(signal.SIGINT)  # it removes its own temporary files
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
        raise
    finally:
        meter.end()
        meter.look()
        _end(meter.processes)
    for reader in readers:
        reader.join(PATIENCE)
    if child.returncode:
        said = "\n".join(line.text for line in messages[-15:])
        raise CommandError(f"{' '.join(command)}\nended with exit code {child.returncode}.\n{said}")
    cpu = max(meter.cpu_seconds, usage.ru_utime + usage.ru_stime)
    largest = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Ran(started, wall, cpu, max(meter.peak_bytes, largest) / 1e6, output, messages)


def _read(stream: IO[str], lines: list[Line], follow: Callable[[str], None] = lambda line: None) -> threading.Thread:
    def read() -> None:
        with stream:
            for line in stream:
                lines.append(Line(time.time(), line.rstrip()))
                follow(lines[-1].text)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _end(processes: Sequence[psutil.Process]) -> None:
    """Java goes by itself when its Python is gone; what does not is ended, so that it does not disturb the next."""
    _, staying = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in staying:
        with contextlib.suppress(psutil.Error):
            process.kill()
