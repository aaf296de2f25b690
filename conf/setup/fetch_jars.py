"""Fetches the jars of Delta once, and Comet where this Spark has it, so that every later start works offline."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pyspark

HERE = Path(__file__).parent
SPARK = ".".join(pyspark.__version__.split(".")[:2])
KNOWN = HERE / f"jars-{SPARK}.sha256"
JARS = Path(sys.prefix, "share", "zorgstat", "jars")


def damaged() -> list[str]:
    """Names of the jars that are absent or differ from what is known of them."""
    expected = (line.split() for line in KNOWN.read_text().splitlines())
    return [
        name
        for digest, name in expected
        if not (JARS / name).is_file() or hashlib.sha256((JARS / name).read_bytes()).hexdigest() != digest
    ]


def fetch() -> None:
    """Spark ships Ivy, and Ivy has a command line: nothing else has to be installed."""
    shutil.rmtree(JARS, ignore_errors=True)
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
    ivy = next(Path(pyspark.__file__).parent.glob("jars/ivy-*.jar"))
    with tempfile.TemporaryDirectory() as cache:  # a cache of our own: no other build's leftovers
        command = [java, f"-Ddelta={version('delta-spark')}", f"-Dspark={SPARK}", "-jar", ivy]
        command += ["-confs", "delta", *(["comet"] if "comet-" in KNOWN.read_text() else [])]
        command += ["-settings", HERE / "ivysettings.xml", "-ivy", HERE / "ivy.xml", "-cache", cache]
        command += ["-retrieve", JARS / "[artifact]-[revision].[ext]"]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{result.stdout}{result.stderr}The jars could not be fetched; Ivy says why above.")


if damaged():
    fetch()
if names := damaged():
    sys.exit(f"Not the jars that conf/setup/{KNOWN.name} describes: {', '.join(names)}. Look in {JARS}.")
