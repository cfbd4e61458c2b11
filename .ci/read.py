"""Reads a dataset as strangers do: with pandas and with DuckDB.

usage: read.py DIR

Every table must have the rows, bytes and SHA-256 of the manifest, hold the
same values for both readers as its CSV export in DIR does, and say in its own
metadata what its columns mean.
"""

import hashlib
import json
import pathlib
import sys

import duckdb
import pandas
import pyarrow.parquet


def same(a, b, what):
    """Compare two frames value by value, to the last bit."""
    if list(a.columns) != list(b.columns) or len(a) != len(b):
        raise SystemExit(f"{what}: {a.shape} and {b.shape}: other rows or columns")
    for name in a.columns:
        x, y = a[name], b[name]
        if pandas.api.types.is_numeric_dtype(x) and not pandas.api.types.is_bool_dtype(x):
            equal = (x == y) | (x.isna() & y.isna())
        else:
            equal = x.astype(str).replace("nan", "") == y.astype(str).replace("nan", "")
        if not equal.all():
            at = int((~equal).to_numpy().argmax())
            raise SystemExit(f"{what}: column {name}, row {at}: {x[at]!r} and {y[at]!r}")


def main(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        path = folder / file["name"]
        raw = path.read_bytes()
        if len(raw) != file["bytes"] or hashlib.sha256(raw).hexdigest() != file["sha256"]:
            raise SystemExit(f"{path}: not the file that the manifest describes")
        parquet = pandas.read_parquet(path)
        if len(parquet) != file["rows"]:
            raise SystemExit(f"{path}: {len(parquet)} rows, the manifest says {file['rows']}")
        csv = pandas.read_csv(path.with_suffix(".csv"), keep_default_na=False,
                              na_values={name: [""] for name in parquet.columns if parquet[name].dtype.kind == "f"})
        same(parquet, csv, f"{path.name}, Parquet and CSV")
        same(parquet, duckdb.sql(f"select * from '{path}'").df(), f"{path.name}, pandas and DuckDB")
        told = json.loads(pyarrow.parquet.read_schema(path).metadata[b"idleshift.columns"])
        if told != file["columns"] or [column["name"] for column in told] != list(parquet.columns):
            raise SystemExit(f"{path}: its metadata does not describe its columns")
        print(f"{path.name}: {len(parquet)} rows of {len(parquet.columns)} columns")
    if not (folder / "days.parquet").exists():
        return
    left = duckdb.sql(f"""
        select max(abs(capacity - own - late - shared - setup - travel - idle - down))
        from '{folder / "days.parquet"}'""").fetchall()[0][0]
    if left > 1e-6:
        raise SystemExit(f"days: the uses of capacity differ from it by up to {left} h")


main(pathlib.Path(sys.argv[1]))
