"""Scores, or only copies, the objects below an S3 prefix as a rival's documentation says to.

usage: transform.py SIDE IN OUT MODEL CORES
       transform.py sum OUT

IN and OUT are bucket/prefix, MODEL a file that XGBoost reads. The store comes from the AWS variables of the environment. Libraries are
imported, clusters started and the model loaded before the clock starts. Prints one line of JSON: seconds, rows and the version. sum
prints the rows below OUT and the sum of their predictions (the column called prediction, else the last), to compare sides with.
"""

import concurrent.futures
import importlib.metadata
import json
import os
import sys
import time

BATCH_ROWS = 131072  # a row group of the input
CHUNK_ROWS = 100_000  # rows of text that pandas holds at once
READ_BYTES = 4 << 20  # what is asked for at a time of an object of text
HADOOP_AWS = "org.apache.hadoop:hadoop-aws:3.5.0"  # of the release that PySpark is built with; comes from Maven Central
SPARK_MEMORY = "2g"  # Java's; the Python workers' is beside it


def endpoint():
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ["AWS_ENDPOINT_URL"]


def file_system():
    from pyarrow import fs

    host = endpoint().split("://", 1)[1]
    return fs.S3FileSystem(endpoint_override=host, scheme="http", region=os.environ["AWS_REGION"], allow_bucket_creation=True)


def listed(store, prefix):
    from pyarrow import fs

    found = store.get_file_info(fs.FileSelector(prefix, recursive=True))
    return sorted(f.path for f in found if f.type == fs.FileType.File and "/_batchmill/" not in f.path)


def load_model(path, threads):
    import xgboost

    model = xgboost.Booster(model_file=path)
    model.set_param({"nthread": threads})
    return model


def matrix(batch):
    """The columns of an Arrow batch as the rows that XGBoost scores."""
    import numpy

    return numpy.column_stack([c.to_numpy(zero_copy_only=False) for c in batch.columns])


def version(*names):
    return ", ".join(f"{n} {importlib.metadata.version(n)}" for n in names)


def script(source, target, model, cores):
    """pyarrow, XGBoost, pyarrow: a thread per core takes one object after the other, row group by row group."""
    import pyarrow
    import pyarrow.parquet

    store, booster = file_system(), load_model(model, 1)

    def one(path):
        rows = 0
        with pyarrow.parquet.ParquetFile(path, filesystem=store, pre_buffer=True) as reader:
            schema = pyarrow.schema([("prediction", pyarrow.float32())])
            with pyarrow.parquet.ParquetWriter(target + "/" + os.path.basename(path), schema, filesystem=store) as writer:
                for batch in reader.iter_batches(BATCH_ROWS):
                    scores = booster.inplace_predict(matrix(batch))
                    writer.write_batch(pyarrow.record_batch([pyarrow.array(scores)], schema=schema))
                    rows += len(scores)
        return rows

    def run():
        with concurrent.futures.ThreadPoolExecutor(cores) as pool:
            return sum(pool.map(one, listed(store, source)))

    return run, version("pyarrow", "xgboost")


def read_csv(**more):
    def read(path):
        import pandas

        made = pandas.read_csv(path, header=None, dtype="float32", **more)
        return [made] if "engine" in more else made

    return read


def read_json(path):
    import pandas

    for chunk in pandas.read_json(path, lines=True, chunksize=CHUNK_ROWS):
        # One member, an array, or one member for each feature.
        yield chunk if len(chunk.columns) > 1 else pandas.DataFrame(chunk.iloc[:, 0].tolist(), dtype="float32")


def pandas_script(read):
    """pandas, XGBoost, pandas, one object after the other; XGBoost takes all cores."""

    def make(source, target, model, cores):
        import pandas

        store, booster = file_system(), load_model(model, cores)

        def run():
            rows = 0
            for path in listed(store, source):
                with store.open_input_stream(path, buffer_size=READ_BYTES) as text, store.open_output_stream(target + "/" + os.path.basename(path) + ".out") as out:
                    for chunk in read(text):
                        scores = booster.inplace_predict(chunk.to_numpy(dtype="float32"))
                        out.write(pandas.Series(scores).to_csv(header=False, index=False).encode())
                        rows += len(scores)
            return rows

        return run, version("pandas", "xgboost")

    return make


class Scorer:
    """An actor of Ray Data, which loads the model once."""

    def __init__(self, model):
        self.booster = load_model(model, 1)

    def __call__(self, batch):
        import numpy

        return {"prediction": self.booster.inplace_predict(numpy.column_stack(list(batch.values())))}


def ray_data(source, target, model, cores):
    """https://docs.ray.io/en/latest/data/batch_inference.html: a class that map_batches runs in a pool of actors."""
    import logging

    import ray

    ray.init(num_cpus=cores, include_dashboard=False, logging_level=logging.WARNING, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    store = file_system()

    def run():
        table = ray.data.read_parquet(source, filesystem=store)
        table = table.map_batches(
            Scorer, fn_constructor_args=(model,), batch_size=None, num_cpus=0.5, compute=ray.data.ActorPoolStrategy(size=cores)
        )
        table.write_parquet(target, filesystem=store)
        return None

    return run, version("ray", "xgboost")


def spark(source, target, model, cores):
    """https://spark.apache.org/docs/latest/api/python/user_guide/sql/arrow_pandas.html: mapInArrow over S3A."""
    import pyarrow
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.jars.packages", HADOOP_AWS)
        .config("spark.driver.memory", SPARK_MEMORY)
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "65536")
        .config("spark.hadoop.fs.s3a.endpoint", endpoint())
        .config("spark.hadoop.fs.s3a.endpoint.region", os.environ["AWS_REGION"])
        .config("spark.hadoop.fs.s3a.path.style.access", "true")
        .config("spark.hadoop.fs.s3a.access.key", os.environ["AWS_ACCESS_KEY_ID"])
        .config("spark.hadoop.fs.s3a.secret.key", os.environ["AWS_SECRET_ACCESS_KEY"])
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")

    def score(batches):
        booster = load_model(model, 1)
        for batch in batches:
            yield pyarrow.record_batch([pyarrow.array(booster.inplace_predict(matrix(batch)))], names=["prediction"])

    def run():
        session.read.parquet("s3a://" + source).mapInArrow(score, "prediction float").write.parquet("s3a://" + target)
        return None

    return run, version("pyspark", "xgboost")


def duckdb_copy(source, target, model, cores):
    """COPY of every object's rows, through fsspec where the httpfs extension cannot be had."""
    import duckdb

    db = duckdb.connect()
    db.execute(f"SET threads = {cores}")
    db.execute("SET preserve_insertion_order = false")
    scheme, how = "s3", "httpfs"
    try:
        db.execute("INSTALL httpfs; LOAD httpfs")
        host = endpoint().split("://", 1)[1]
        db.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID '{os.environ['AWS_ACCESS_KEY_ID']}', SECRET '{os.environ['AWS_SECRET_ACCESS_KEY']}', "
            f"ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false, REGION '{os.environ['AWS_REGION']}')"
        )
    except duckdb.Error:
        import s3fs

        db.register_filesystem(s3fs.S3FileSystem(client_kwargs={"endpoint_url": endpoint()}))
        how = version("s3fs")

    def run():
        db.execute(f"COPY (SELECT * FROM '{scheme}://{source}/*.parquet') TO '{scheme}://{target}/all.parquet' (FORMAT parquet, ROW_GROUP_SIZE {BATCH_ROWS})")
        return None

    return run, version("duckdb") + ", " + how


def polars_copy(source, target, model, cores):
    """scan_parquet and sink_parquet."""
    import polars

    options = {"aws_endpoint_url": endpoint(), "aws_allow_http": "true", "aws_region": os.environ["AWS_REGION"]}

    def run():
        table = polars.scan_parquet(f"s3://{source}/*.parquet", storage_options=options)
        table.sink_parquet(f"s3://{target}/all.parquet", storage_options=options, compression="snappy", row_group_size=BATCH_ROWS)
        return None

    return run, version("polars")


SIDES = {
    "script": script,
    "pandas-csv": pandas_script(read_csv(chunksize=CHUNK_ROWS)),
    "pandas-csv-pyarrow": pandas_script(read_csv(engine="pyarrow")),
    "pandas-jsonl": pandas_script(read_json),
    "ray": ray_data,
    "spark": spark,
    "duckdb-copy": duckdb_copy,
    "polars-copy": polars_copy,
}


def total(target):
    """Rows and the sum of predictions of Parquet or text."""
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet

    store, rows, summed = file_system(), 0, 0.0
    for path in listed(store, target):
        if path.endswith(".parquet"):
            with pyarrow.parquet.ParquetFile(path, filesystem=store) as reader:
                names = reader.schema_arrow.names
                name = "prediction" if "prediction" in names else names[-1]
                for batch in reader.iter_batches(columns=[name]):
                    rows += len(batch)
                    summed += pyarrow.compute.sum(batch.column(0).cast("float64")).as_py()
        elif path.endswith(".out"):
            with store.open_input_stream(path) as text:
                for line in text.read().decode().splitlines():
                    rows += 1
                    summed += json.loads(line)["score"] if line.startswith("{") else float(line)
    return {"rows": rows, "sum": summed}


def main(side, *args):
    if side == "sum":
        answer = total(*args)
    else:
        source, target, model, cores = args
        run, versions = SIDES[side](source, target, model, int(cores))
        start = time.perf_counter()
        run()
        answer = {"seconds": time.perf_counter() - start, "version": versions}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
