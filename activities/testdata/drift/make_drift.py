"""Writes the files of this folder: the first rows of california_housing as other tools may write them from one week to the next.

    python make_drift.py california_train80.csv

Written with pyarrow 22. Of each case there is a Parquet file and an Arrow stream.
"""

import decimal
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ROWS = 24
FEATURES = ["longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population", "households", "median_income"]

raw = pyarrow.csv.read_csv(sys.argv[1]).slice(15, ROWS)  # few of which miss anything
table = raw.select(FEATURES).cast(pa.schema([(name, pa.float64()) for name in FEATURES]))


def cast(to, *names):
    """The table with columns of another type."""
    out = table
    for name in names or FEATURES:
        i = out.column_names.index(name)
        values = out[name].to_pylist()
        if pa.types.is_decimal(to):
            values = [None if v is None else decimal.Decimal(repr(v)).quantize(decimal.Decimal(1).scaleb(-to.scale)) for v in values]
        elif pa.types.is_string(to) or pa.types.is_large_string(to):
            values = [None if v is None else repr(v) for v in values]
        elif not pa.types.is_floating(to):
            values = [None if v is None else int(v) for v in values]
        if pa.types.is_dictionary(to):
            column = pa.array(out[name].to_pylist(), to.value_type).dictionary_encode()
        elif pa.types.is_float16(to):
            column = out[name].combine_chunks().cast(pa.float16())
        elif pa.types.is_timestamp(to):
            column = pa.array(values, pa.int64()).cast(pa.timestamp("s", tz=to.tz)).cast(to)
        elif pa.types.is_date32(to):
            column = pa.array([None if v is None else v % 20000 for v in values], pa.int32()).cast(to)
        else:
            column = pa.array(values, to)
        out = out.set_column(i, pa.field(name, column.type), column)
    return out


rows = [list(r) for r in zip(*(table[n].to_pylist() for n in FEATURES))]
numbers = pa.array(range(ROWS), pa.int64())


def nested(**members):
    """A table of one structure."""
    return pa.table({"house": pa.StructArray.from_arrays(list(members.values()), names=list(members))})


whole = ["housing_median_age", "total_rooms", "total_bedrooms", "population", "households"]
text = raw["ocean_proximity"]
tags = pa.array([[{"k": "a", "v": i}] for i in range(ROWS)], pa.list_(pa.struct([("k", pa.string()), ("v", pa.int32())])))

cases = {
    "base": table,
    "reordered": table.select(FEATURES[::-1]),
    "missing": table.drop_columns(["households"]),
    "upper": table.rename_columns([n.upper() if n == "latitude" else n for n in FEATURES]),
    "renamed": table.rename_columns(["lon" if n == "longitude" else n for n in FEATURES]),
    "extra": table.append_column("ocean_proximity", text).add_column(0, "tags", tags),
    "extra_number": table.add_column(3, "rooms_each", pa.array([float(i) for i in range(ROWS)])),
    "twice": pa.Table.from_arrays([table[n] for n in FEATURES + ["latitude"]], names=FEATURES + ["latitude"]),
    "float32": cast(pa.float32()),
    "float16": cast(pa.float16(), "housing_median_age"),
    "int64": cast(pa.int64(), *whole),
    "int32": cast(pa.int32(), *whole),
    "uint16": cast(pa.uint16(), *whole),
    "decimal": cast(pa.decimal128(12, 4)),
    "decimal256": cast(pa.decimal256(40, 4)),
    "dictionary": cast(pa.dictionary(pa.int32(), pa.float64())),
    "required": pa.Table.from_arrays(table.columns, schema=pa.schema([pa.field(f.name, f.type, nullable=table[f.name].null_count > 0) for f in table.schema])),
    "string": cast(pa.string(), "median_income"),
    "large_string": cast(pa.large_string(), "median_income"),
    "bool": table.set_column(6, "households", pa.array([i % 2 == 0 for i in range(ROWS)])),
    "null": table.set_column(4, "total_bedrooms", pa.nulls(ROWS)),
    "list": table.set_column(7, "median_income", pa.array([[v] for v in table["median_income"].to_pylist()])),
    "timestamp": cast(pa.timestamp("us"), "total_rooms"),
    "timestamp_s": cast(pa.timestamp("s"), "total_rooms"),
    "timestamp_ms": cast(pa.timestamp("ms"), "total_rooms"),
    "timestamp_ns": cast(pa.timestamp("ns"), "total_rooms"),
    "timestamp_zone": cast(pa.timestamp("us", tz="Europe/Berlin"), "total_rooms"),
    "date": cast(pa.date32(), "total_rooms"),
    "struct": nested(id=numbers, values=pa.array(rows)),
    "struct_reordered": nested(values=pa.array(rows), id=numbers),
    "struct_extra": nested(id=numbers, place=text.combine_chunks(), values=pa.array(rows)),
    "struct_float32": nested(id=numbers, values=pa.array(rows, pa.list_(pa.float32()))),
    "struct_large": nested(id=numbers, values=pa.array(rows, pa.large_list(pa.float64()))),
    "struct_fixed": nested(id=numbers, values=pa.array(rows, pa.list_(pa.float64(), 8))),
    "struct_missing": nested(id=numbers, features=pa.array(rows)),
    "struct_string": nested(id=numbers, values=pa.array([[repr(v) for v in r] for r in rows])),
    "struct_short": nested(id=numbers, values=pa.array([r[:7] for r in rows], pa.list_(pa.float64(), 7))),
    "struct_scalar": nested(id=numbers, values=table["latitude"].combine_chunks()),
}

for name, t in cases.items():
    pq.write_table(t, name + ".parquet", compression="snappy")
    with pa.OSFile(name + ".arrows", "wb") as sink, pa.ipc.new_stream(sink, t.schema) as writer:
        writer.write_table(t)
