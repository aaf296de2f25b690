"""Prints docs/tables.md from the declarations of the tables (`make docs`)."""

from zorgstat.behandelindex import tables as behandelindex
from zorgstat.tables import OF_EVERY_PIPELINE
from zorgstat.wlz import tables as wlz

print("# Tables")
print()
print("Made from the declarations in `lib/zorgstat/behandelindex/tables.py`, `lib/zorgstat/wlz/tables.py` and")
print("`lib/zorgstat/tables.py`: `make docs`. Each table is a Delta table in a folder of its own name under its root.")
print("More columns than these are fine in an input; in an output there are none.")
for title, tables in {
    "Inputs": behandelindex.INPUTS,
    "Outputs": behandelindex.OUTPUTS,
    "Inputs of the Wlz statement": wlz.INPUTS,
    "Outputs of the Wlz statement": wlz.OUTPUTS,
    "Of every pipeline": OF_EVERY_PIPELINE,
}.items():
    print(f"\n## {title}")
    for table in tables:
        print(f"\n### {table.name}\n\n{table.description}", end="")
        print(f" Unique: {', '.join(table.key)}." if table.key else "")
        print("\n| column | type | null | meaning |\n|---|---|---|---|")
        for column in table.columns:
            closed_list = f"; nothing but {', '.join(column.values)}" if column.values else ""
            print(f"| {column.name} | {column.type} | {'yes' if column.nullable else ''} ", end="")
            print(f"| {column.meaning}{closed_list} |")
