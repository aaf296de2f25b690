"""One class per kind of remedy, each with the exit code that tells a scheduler which one it is."""

from __future__ import annotations

from collections.abc import Iterable


class ZorgstatError(Exception):
    """What is wrong, where, and what to do, in words for the person who runs the job. Never a record or a bsn."""

    exit_code = 70


class SettingsError(ZorgstatError):
    """A settings file or the command line asks for something that cannot be: mend the file or the command."""

    exit_code = 2


class TableError(ZorgstatError):
    """Tables are not as declared, or cannot be read: have them mended. Holds every fault found, not just the first."""

    exit_code = 3

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class CheckError(ZorgstatError):
    """The figures were computed but do not hold together: nothing was published, look at the findings."""

    exit_code = 4


class LockedError(ZorgstatError):
    """Another run of the same reporting version, or in the same session, is at work: wait for it, or stop it."""

    exit_code = 5


class EngineError(ZorgstatError):
    """An engine could not be started: look in the log that the message names."""

    exit_code = 70
