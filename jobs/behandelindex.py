"""The Behandelindex for spark-submit and for a Databricks job; the same run as `zorgstat behandelindex run`.

    spark-submit --packages io.delta:delta-spark_4.2_2.13:4.4.0 --py-files dist/zorgstat.zip \\
        jobs/behandelindex.py conf/behandelindex/2023-3.toml --input ROOT --output ROOT
"""

import argparse

from zorgstat.behandelindex.pipeline import BEHANDELINDEX
from zorgstat.io import job

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("settings", nargs="+", metavar="SETTINGS.toml", help="one file per reporting version")
parser.add_argument("--input", required=True, metavar="ROOT", help="folder or address of the input tables")
parser.add_argument("--output", required=True, metavar="ROOT", help="folder or address of the output tables")
parser.add_argument("--force", action="store_true", help="run also when the same figures are published already")
parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
asked = parser.parse_args()

raise SystemExit(
    job.reports(BEHANDELINDEX, asked.settings, asked.input, asked.output, force=asked.force, as_json=asked.json)
)
