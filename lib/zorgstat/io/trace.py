"""What a run leaves for the operator: a line per phase on the screen, and a log of JSON lines beside the tables."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from zorgstat.errors import SettingsError
from zorgstat.io.engine import Engine, Work
from zorgstat.io.folders import own_folder
from zorgstat.io.paths import local_path
from zorgstat.io.progress import Reporter

PUBLISHED = json.dumps({"event": "end", "phase": "publish"})[1:-1]  # in a line of `Phases`; others may be cut off


def published(output_root: str) -> set[str]:
    """The runs of which the log tells that they were published; none where the output is not on this machine."""
    root = local_path(output_root)
    logs = (root / "_logs").glob("*.jsonl") if root else ()
    try:
        return {log.stem for log in logs if PUBLISHED in log.read_text(encoding="utf-8", errors="replace")}
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read: {error.strerror}.") from None


class Phases:
    """Tells each phase as it begins; keeps how long it took and what the engine did in it.

    The log is `<output>/_logs/<run_id>.jsonl`; when the output is not on this machine, the folder of Spark's log. A
    line is written when a phase begins and when it ends, so that the log of a run that was killed tells where.
    """

    def __init__(self, report: Reporter, engine: Engine, output_root: str) -> None:
        self.seconds: dict[str, float] = {}
        self.work: dict[str, Work] = {}
        self._report, self._engine = report, engine
        root = local_path(output_root)
        self._folder = root / "_logs" if root else own_folder()
        self._log: Path | None = None
        self._lines: list[str] = []
        self._run_id = ""
        self._phase, self._since, self._before = "", 0.0, Work()

    def name(self, run_id: str) -> None:
        """From here on the run has a name, and its log a file."""
        self._run_id = run_id
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._log = self._folder / f"{run_id}.jsonl"
            with self._log.open("a", encoding="utf-8") as file:
                file.writelines(self._lines)
        except OSError as error:
            raise SettingsError(f"{self._folder} cannot be written to: {error.strerror}.") from None

    def begin(self, phase: str) -> None:
        self.end()
        self._phase, self._since, self._before = phase, time.monotonic(), self._engine.work()
        self._write({"event": "begin", "phase": phase})
        self._report(phase)

    def end(self) -> None:
        if not self._phase:
            return
        self.seconds[self._phase] = round(time.monotonic() - self._since, 2)
        self.work[self._phase] = self._engine.work().since(self._before)
        self._write(
            {
                "event": "end",
                "phase": self._phase,
                "seconds": self.seconds[self._phase],
                **asdict(self.work[self._phase]),
            }
        )
        self._phase = ""

    def stop(self) -> None:
        """When the run is over, whatever became of it: a phase that did not end is told."""
        if self._phase:
            self._write({"event": "broken off", "phase": self._phase})
            self._phase = ""

    def _write(self, event: dict[str, object]) -> None:
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "run": self._run_id or None, **event}, ensure_ascii=False) + "\n"
        if self._log is None:
            self._lines.append(line)
            return
        with self._log.open("a", encoding="utf-8") as file:
            file.write(line)
