"""What one reporting version chooses (docs/settings.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from zorgstat.errors import SettingsError
from zorgstat.periods import LAST_MONTH, ReportVersion
from zorgstat.text import as_value, on_one_line

NETTING = ("reference", "key", "reference_then_key", "none")
AV_SOURCE = ("delivered", "packages")
AV_POLICY = ("sum", "max", "latest")
CORRECTION_METHOD = ("computed", "table")
FIRST_YEAR, LAST_YEAR = 2006, 2099  # the Zorgverzekeringswet began in 2006; the code lists hold from then on


@dataclass(frozen=True)
class Settings:
    """One reporting version; what is not given has the value shown."""

    report: ReportVersion = field(default_factory=lambda: ReportVersion(2023, 3))
    participating: tuple[str, ...] = (
        "CZ",
        "Salland",
        "De Friesland",
        "Menzis",
        "VGZ",
        "Zilveren Kruis",
        "ASR",
        "Zorg en Zekerheid",
    )
    netting: Mapping[str, str] = field(default_factory=dict)
    av_source: Mapping[str, str] = field(
        default_factory=lambda: {"Salland": "packages", "Zorg en Zekerheid": "packages"}
    )
    av_policy: Mapping[str, str] = field(default_factory=dict)
    correction_method: str = "computed"

    @property
    def year(self) -> int:
        return self.report.year

    @property
    def number(self) -> int:
        return self.report.version

    @property
    def stamps(self) -> dict[str, int]:
        return {"report_year": self.year, "report_version": self.number}

    def as_json(self) -> dict[str, Any]:
        """Every setting, under the names of the file."""
        resolved = asdict(self)
        resolved["correction_factor"] = {"method": resolved.pop("correction_method")}
        return resolved

    @property
    def without_effect(self) -> list[str]:
        """Choices for a concern that does not take part: most often a name with a typing error."""
        return [
            f"{name}.{on_one_line(concern)}"
            for name in ("netting", "av_source", "av_policy")
            for concern in getattr(self, name)
            if concern not in self.participating and concern not in Settings().participating
        ]


def resolve(raw: Mapping[str, Any]) -> Settings:
    """Settings from the parsed file. Raises SettingsError with one line for every unknown key and every bad value."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key == "report":
            values["report"] = _report(value, faults)
        elif key == "participating":
            values["participating"] = _participating(value, faults)
        elif key == "netting":
            values[key] = _by_concern(key, value, NETTING, faults)
        elif key == "av_source":
            values[key] = _by_concern(key, value, AV_SOURCE, faults)
        elif key == "av_policy":
            values[key] = _by_concern(key, value, AV_POLICY, faults)
        elif key == "correction_factor":
            values["correction_method"] = _correction_method(value, faults)
        else:
            faults.append(f"{on_one_line(key)} is not a setting; use {', '.join(Settings().as_json())}.")
    if faults:
        raise SettingsError("\n".join(faults))
    return Settings(**values)


def _report(value: Any, faults: list[str]) -> ReportVersion | None:
    if not isinstance(value, dict):
        faults.append(f"report is {as_value(value)}; use {{ year = 2023, version = 3 }}.")
        return None
    faults += [
        f"report.{on_one_line(key)} is not a setting; use year and version."
        for key in value
        if key not in ("year", "version")
    ]
    year, version = value.get("year"), value.get("version")
    if not (type(year) is int and FIRST_YEAR <= year <= LAST_YEAR):
        faults.append(f"report.year is {as_value(year)}; use a whole number from {FIRST_YEAR} to {LAST_YEAR}.")
    if not (type(version) is int and version in LAST_MONTH):
        faults.append(
            f"report.version is {as_value(version)}; use 1 (to 30 June), 2 (to 30 September) or 3 (whole year)."
        )
    return None if faults else ReportVersion(year, version)  # type: ignore[arg-type]


def _participating(value: Any, faults: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(concern, str) and concern for concern in value):
        faults.append(f"participating is {as_value(value)}; use a list of one or more names of concerns.")
        return ()
    return tuple(dict.fromkeys(value))


def _by_concern(key: str, value: Any, choices: tuple[str, ...], faults: list[str]) -> dict[str, str]:
    if not isinstance(value, dict):
        faults.append(f"{key} is {as_value(value)}; use a table of concern = {_choices(choices)}.")
        return {}
    faults += [
        f"{key}.{on_one_line(concern)} is {as_value(choice)}; use {_choices(choices)}."
        for concern, choice in value.items()
        if choice not in choices
    ]
    return dict(value)


def _correction_method(value: Any, faults: list[str]) -> str:
    if not isinstance(value, dict):
        faults.append(f"correction_factor is {as_value(value)}; use {{ method = {_choices(CORRECTION_METHOD)} }}.")
        return ""
    faults += [
        f"correction_factor.{on_one_line(key)} is not a setting; use method." for key in value if key != "method"
    ]
    method = value.get("method", CORRECTION_METHOD[0])
    if method not in CORRECTION_METHOD:
        faults.append(f"correction_factor.method is {as_value(method)}; use {_choices(CORRECTION_METHOD)}.")
    return str(method)


def _choices(choices: tuple[str, ...]) -> str:
    return ", ".join(choices[:-1]) + " or " + choices[-1]
