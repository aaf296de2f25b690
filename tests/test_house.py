"""What the house asks of itself: code lists with their source, documented tables, rules that any engine can run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

import zorgstat
from zorgstat import codes
from zorgstat.behandelindex import tables as behandelindex
from zorgstat.io import config  # for the reader of TOML, which depends on the Python version
from zorgstat.tables import OF_EVERY_PIPELINE, Table
from zorgstat.wlz import tables as wlz

TABLES = [*behandelindex.INPUTS, *behandelindex.OUTPUTS, *wlz.INPUTS, *wlz.OUTPUTS, *OF_EVERY_PIPELINE]
PACKAGE = Path(str(resources.files(zorgstat)))
LISTS = sorted(path.stem for path in (PACKAGE / "reference").glob("*.csv"))
METHOD_LISTS = [name for name in LISTS if not name.startswith("synth_")]  # synth_*: made-up data, no rule reads them
PERFORMANCE_CODES = """
    1000 1001 1002 1004 1100 1101 1102 1103 1105 1200 1201 1202 1204 1316 1317 1318 1319 1320 1400 1401 1402 1500 1501
    1502 1600 1601 1602 1604 1700 1701 1702 1704 1750 1751 1752 1754 1775 1776 1777 1860 1864 1870 1871 1872 1920
""".split()


@pytest.mark.parametrize("name", LISTS)
def test_every_code_list_tells_where_it_comes_from(name: str) -> None:
    told = config.tomllib.loads((PACKAGE / "reference" / f"{name}.toml").read_text(encoding="utf-8"))
    assert {"title", "source", "read_over_by"} <= told.keys()
    assert told["title"]
    assert told["source"]


@pytest.mark.parametrize("name", METHOD_LISTS)
def test_every_list_of_the_method_is_read_over_and_dated(name: str) -> None:
    told = config.tomllib.loads((PACKAGE / "reference" / f"{name}.toml").read_text(encoding="utf-8"))
    assert told["read_over_by"]
    for row in codes.rows(name):
        first, last = date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_to"] or "9999-12-31")
        assert first <= last


def test_the_method_counts_45_performance_codes() -> None:
    assert len(PERFORMANCE_CODES) == 45
    assert [row["code"] for row in codes.rows("performance_codes", on=date(2023, 12, 31))] == PERFORMANCE_CODES


def test_the_method_groups_18_csi_codes() -> None:
    groups: dict[str, list[str]] = {}
    for row in codes.rows("csi_groups", on=date(2023, 12, 31)):
        groups.setdefault(row["insurance"], []).append(row["csi_code"])
    assert groups == {
        "bzv": ["001", "008", "010", "011", "012", "013", "014", "015", "016", "017", "018", "019"],
        "by_cover": ["009"],
        "high": ["003", "004", "005"],
        "covid": ["020", "021"],
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_documented(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert table.description
    assert all(column.meaning for column in table.columns)


def test_tables_have_names_of_their_own() -> None:
    names = [table.name for table in TABLES]
    assert len(set(names)) == len(names)


# Rules run on Spark, on Databricks and on Sail alike; storage and screen are the business of io and cli.
OUTSIDE = {"deltalake", "rich", "click", "delta"}
ONE_ENGINE_ONLY = set("sparkContext _jvm _jdf _jsc _sc rdd udf pandas_udf mapInPandas mapInArrow".split())
MODULES = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
RULES = [path for path in MODULES if path.parts[0] not in ("io", "cli.py", "__main__.py")]


@pytest.mark.parametrize("path", RULES, ids=str)
def test_rules_know_frames_only(path: Path) -> None:
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    assert not OUTSIDE & {name.partition(".")[0] for name in imported(tree)}
    assert not ONE_ENGINE_ONLY & set(used(tree))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def used(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name
