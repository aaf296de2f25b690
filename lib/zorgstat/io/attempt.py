"""How a command ends: exit codes, and failures told in words, without the values that Spark may quote."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from zorgstat.errors import TableError, ZorgstatError
from zorgstat.io import session
from zorgstat.io.engine import Engine, is_full, is_out_of_reach, name_of
from zorgstat.io.folders import own_folder
from zorgstat.io.progress import Reporter
from zorgstat.io.size import Size

ENDED_FROM_OUTSIDE = {
    141: "whoever read the output has gone, as with | head",
    143: "as 130, by SIGTERM, as schedulers do",
}
UNEXPECTED = "something unexpected; the message names the log, where there is one"
EXIT_CODES = {
    0: "published, or published already with the same inputs, settings and software",
    2: "the command line or a settings file",
    3: "input tables are not as declared, or a table cannot be read",
    4: "a check failed; nothing was published",
    5: "another run of this version, or in this session, is at work",
    70: UNEXPECTED,
    130: "stopped with Ctrl-C; the message tells whether that version was published",
    **ENDED_FROM_OUTSIDE,
}


@dataclass
class Attempt:
    """How far a command came: what can be said of it when it fails."""

    engine: Engine | None = None
    phase: str = ""
    outcome: str = ""  # what became of work that publishes no version
    until_the_end: ExitStack = field(default_factory=ExitStack)

    def start(self, engine: str, conf: Mapping[str, str] | None, size: Size) -> Engine:
        """An engine that works until the command ends (`session.start`); asked again, the same, whatever is asked."""
        if self.engine is None:
            self.engine = self.until_the_end.enter_context(session.start(engine, conf, size))
            self.until_the_end.callback(self.engine.release)
        return self.engine

    def follow(self, report: Reporter) -> Reporter:
        """Reports on, and knows the phase. Of a version that has not begun there is none."""
        self.phase = ""

        def begin(phase: str) -> None:
            self.phase = phase
            report(phase)

        return begin

    @property
    def fate(self) -> str:
        if self.outcome:
            return self.outcome
        if self.phase == "publish":
            return "The table runs tells whether this version was published."
        return "This version was published." if self.phase == "report" else "This version was not published."


def guard(work: Callable[[Attempt], None]) -> int:
    """Does the work and returns the exit code; what fails is told in words, without the values that Spark may quote."""
    attempt = Attempt()
    with _sigterm_as_ctrl_c() as was_terminated:
        try:
            with attempt.until_the_end:
                work(attempt)
            print(end="", flush=True)
            return 0
        except (KeyboardInterrupt, Exception) as error:
            if was_terminated.is_set():  # Java hears of it too, and then anything may fail
                return _tell_stop("SIGTERM", signal.SIGTERM, attempt)
            if isinstance(error, KeyboardInterrupt):
                return _tell_stop("Ctrl-C", signal.SIGINT, attempt)
            return _tell(error, attempt)
        finally:
            # Frames that a server of Spark Connect keeps, held until here by the error. As Python ends, to let go of
            # one may wait for ever.
            gc.collect()


def _tell_stop(by: str, number: signal.Signals, attempt: Attempt) -> int:
    _say("stopped", f"{by}. {attempt.fate}")
    return 128 + number


def _tell(error: Exception, attempt: Attempt) -> int:
    """What failed, in words; the exit code."""
    if isinstance(error, ZorgstatError):
        _say(_headline(error), str(error) + (f"\n{attempt.fate}" if error.exit_code in (4, 5) else ""))
        return error.exit_code
    if isinstance(error, BrokenPipeError):  # whoever read the output has gone: `| head`
        _drop_output()
        return 128 + signal.SIGPIPE
    if is_full(error):
        _say("no room", f"A disk is full: that of the output, or of {own_folder()}. {attempt.fate}")
        return 70
    if is_out_of_reach(error):
        _say("out of reach", f"The server of Spark Connect does not answer. {attempt.fate}")
        return 70
    # A message of Spark may hold a record, so only its name goes on.
    log = attempt.engine.log if attempt.engine else None
    if log:
        _write_traceback(log, error)
    place = traceback.extract_tb(error.__traceback__)
    where = next(
        (f"{frame.name}, line {frame.lineno}" for frame in reversed(place) if "zorgstat" in frame.filename), ""
    )
    _say("unexpected", f"{name_of(error)} in {where}. {attempt.fate}" + (f" Log: {log}" if log else ""))
    return 70


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[threading.Event]:
    """Whoever ends this process, as schedulers do, presses Ctrl-C: all that it has to end hears of that already.

    Not where somebody else listens to SIGTERM, or Ctrl-C is not heard (`&` in a script): there it is what it was.
    """
    was_terminated = threading.Event()

    def press(number: int, frame: FrameType | None) -> None:
        was_terminated.set()
        signal.raise_signal(signal.SIGINT)

    is_ours = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL and callable(signal.getsignal(signal.SIGINT))
    if not is_ours or threading.current_thread() is not threading.main_thread():
        yield was_terminated
        return
    signal.signal(signal.SIGTERM, press)
    try:
        yield was_terminated
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _drop_output() -> None:
    """What is still to be written to a reader that has gone goes nowhere: Python would complain of it as it ends."""
    try:
        print(end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_traceback(log: Path, error: Exception) -> None:
    """The lines of code that led there, and no text of the error."""
    with suppress(OSError), log.open("a", encoding="utf-8") as file:
        file.writelines([*traceback.format_tb(error.__traceback__), f"{name_of(error)}\n"])


def _headline(error: ZorgstatError) -> str:
    if isinstance(error, TableError):
        count = len(error.faults)
        return f"the tables have {count} fault{'s' if count > 1 else ''}; nothing was computed"
    return {2: "the settings or the command", 4: "checks failed", 5: "locked"}.get(error.exit_code, "unexpected")


def _say(headline: str, text: str) -> None:
    lines = "\n".join(f"  {line}" for line in text.splitlines())
    print(f"zorgstat: {headline}:\n{lines}", file=sys.stderr, flush=True)
