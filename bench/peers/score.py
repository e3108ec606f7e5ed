"""Makes the rows and models that bench/score scores, and scores them with one library at a time.

usage: score.py prepare DIR CSV ROWS TRAIN_ROWS TREES DEPTH
       score.py serve DIR LIBRARY THREADS

prepare writes DIR/rows.npy (float32, row by row), DIR/xgboost.json and DIR/lightgbm.txt: two models of the same shape for the same
task. serve loads the rows and a model, says so with one line of JSON, and then for each line on its standard input scores all rows
once and answers with a line of JSON: seconds, and seconds of processor time, all threads together. After the last it writes the predictions to DIR/LIBRARY.npy.
"""

import json
import sys
import time
from pathlib import Path

import numpy


def main(command, folder, *args):
    {"prepare": prepare, "serve": serve}[command](Path(folder), *args)


def prepare(folder, csv, rows, train_rows, trees, depth):
    import lightgbm
    import pandas
    import xgboost

    table = pandas.read_csv(csv)
    y = table.pop("label").to_numpy(dtype=numpy.float32)
    x = table.drop(columns="source").to_numpy(dtype=numpy.float32)
    random = numpy.random.default_rng(7)

    def draw(n):
        """n rows with replacement, each number moved by up to a tenth of a percent."""
        pick = random.integers(len(x), size=n)
        moved = x[pick] * (1 + random.uniform(-1e-3, 1e-3, size=(n, x.shape[1])))
        return numpy.ascontiguousarray(moved, dtype=numpy.float32), y[pick]

    if not (folder / "rows.npy").exists():
        numpy.save(folder / "rows.npy", draw(int(rows))[0])
    trees, depth = int(trees), int(depth)
    x, y = draw(int(train_rows))
    params = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": depth, "eta": 0.1, "base_score": 0.5}
    model = xgboost.train(params, xgboost.QuantileDMatrix(x, label=y), num_boost_round=trees)
    model.save_model(folder / "xgboost.json")
    params = {"objective": "binary", "max_depth": depth, "num_leaves": 1 << depth, "learning_rate": 0.1, "min_data_in_leaf": 1,
              "min_sum_hessian_in_leaf": 1, "lambda_l2": 1, "verbosity": -1}
    lightgbm.train(params, lightgbm.Dataset(x, label=y), num_boost_round=trees).save_model(folder / "lightgbm.txt")


def serve(folder, library, threads):
    rows = numpy.load(folder / "rows.npy")
    version, ready = LIBRARIES[library](folder, rows, int(threads))
    print(json.dumps({"version": version}), flush=True)
    scores = None
    for _ in sys.stdin:
        score = ready()
        start, cpu = time.perf_counter(), time.process_time()
        scores = score()
        print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}), flush=True)
    numpy.save(folder / (library + ".npy"), numpy.asarray(scores, dtype=numpy.float32).reshape(len(rows), -1))


# Each of these returns the library's version and a function that makes ready, outside the clock, and returns what to time.


def xgboost_model(folder, threads):
    import xgboost

    return xgboost, lambda: xgboost.Booster({"nthread": threads}, model_file=str(folder / "xgboost.json"))


def xgboost_inplace(folder, rows, threads):
    xgboost, load = xgboost_model(folder, threads)
    model = load()
    return xgboost.__version__, lambda: lambda: model.inplace_predict(rows)


def xgboost_matrix(folder, rows, threads):
    """Scores a DMatrix that was made before, each time with a fresh model: one that has scored a DMatrix remembers the result."""
    xgboost, load = xgboost_model(folder, threads)
    matrix = xgboost.DMatrix(rows, nthread=threads)

    def ready():
        model = load()
        return lambda: model.predict(matrix)

    return xgboost.__version__, ready


def with_lightgbm(folder, rows, threads):
    import lightgbm

    model = lightgbm.Booster(model_file=str(folder / "lightgbm.txt"))
    return lightgbm.__version__, lambda: lambda: model.predict(rows, num_threads=threads)


def treelite_gtil(folder, rows, threads):
    """Treelite's interpreter."""
    import treelite

    model = treelite.frontend.load_xgboost_model(str(folder / "xgboost.json"))
    return treelite.__version__, lambda: lambda: treelite.gtil.predict(model, rows, nthread=threads)


def treelite_compiled(folder, rows, threads):
    """Treelite's model compiled to C and by the C compiler to a library; the rows lie in its DMatrix before."""
    import tl2cgen
    import treelite

    model = treelite.frontend.load_xgboost_model(str(folder / "xgboost.json"))
    library = folder / "treelite.so"
    if not library.exists():
        tl2cgen.export_lib(model, toolchain="gcc", libpath=str(library), params={"parallel_comp": 32}, nthread=threads)
    predictor = tl2cgen.Predictor(str(library), nthread=threads)
    matrix = tl2cgen.DMatrix(rows, dtype="float32")
    return treelite.__version__ + ", tl2cgen " + tl2cgen.__version__, lambda: lambda: predictor.predict(matrix)


def with_lleaves(folder, rows, threads):
    """LightGBM's model compiled by LLVM, in single precision: the faster of its two forms, and it takes the rows as they are."""
    from importlib import metadata

    import lleaves

    model = lleaves.Model(model_file=str(folder / "lightgbm.txt"))
    model.compile(cache=str(folder / "lleaves.o"), use_fp64=False)
    return metadata.version("lleaves"), lambda: lambda: model.predict(rows, n_jobs=threads)


LIBRARIES = {
    "xgboost-inplace": xgboost_inplace,
    "xgboost-dmatrix": xgboost_matrix,
    "lightgbm": with_lightgbm,
    "treelite-gtil": treelite_gtil,
    "treelite-compiled": treelite_compiled,
    "lleaves": with_lleaves,
}


if __name__ == "__main__":
    main(*sys.argv[1:])
