"""What a person sees of work that takes long: a line for each phase, on a terminal or in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from zorgstat.io.engine import Engine

Reporter = Callable[[str], None]  # told each phase as it begins
Watch = Callable[[str, Engine], AbstractContextManager[Reporter]]


def of_this_screen() -> Watch:
    """Lines that live on a terminal, and plain ones elsewhere."""
    return live if sys.stderr.isatty() else plain_lines


@contextmanager
def plain_lines(title: str, engine: Engine) -> Iterator[Reporter]:
    """Progress where there is no terminal: a line for each phase as it begins."""
    since = time.monotonic()
    yield lambda phase: print(f"{title} [{time.monotonic() - since:5.1f} s] {phase}", file=sys.stderr, flush=True)


@contextmanager
def live(title: str, engine: Engine) -> Iterator[Reporter]:
    """Progress on a terminal: one line per phase, with the tasks that Spark has done and the time it takes."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<32}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[tasks]}"),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as progress:
        phases: list[int] = []
        done = threading.Event()

        def finish() -> None:
            if phases:
                progress.update(phases[-1], total=1, completed=1, tasks="")  # type: ignore[arg-type]

        def begin(phase: str) -> None:
            finish()
            phases.append(progress.add_task(f"{title}  {phase}", total=None, tasks=""))

        def follow() -> None:
            while not done.wait(0.5):
                try:
                    finished, total = engine.tasks()
                except Exception:  # Java is gone: what that means is told by who waits for it
                    return
                if phases and total:
                    progress.update(phases[-1], tasks=f"{finished} of {total} tasks")  # type: ignore[arg-type]

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield begin
            finish()
        finally:
            done.set()
            thread.join(timeout=2)
