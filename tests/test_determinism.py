"""What a run depends on, and what it does not: the machine's arithmetic to a bound, the order of the configuration."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from ssl_dynamics.pipeline.artifacts import read_arrays
from trees import SMALLEST, copy_of_the_tree, edit, run

CLAIMS = "results/smallest/claims.json"

# Settings that make the libraries compute as on other processors: BLAS of numpy and scipy, that of torch, the vector
# instructions of torch and those of numpy.
_AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
MACHINES = {
    "without AVX-512": {
        "OPENBLAS_CORETYPE": "Haswell",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "NPY_DISABLE_CPU_FEATURES": _AVX512,
    },
    "without AVX": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "MKL_CBWR": "COMPATIBLE",
        "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": f"{_AVX512} AVX2 FMA3",
    },
    "two threads": {},
}

BOUND = 1e-6

pytestmark = pytest.mark.slow


def tables(tree, config="smallest"):
    return {path.relative_to(tree): pd.read_csv(path) for path in sorted((tree / f"results/{config}").rglob("*.csv"))}


def difference(one, other):
    """Largest difference of two columns, relative to their largest number."""
    a, b = one.to_numpy(dtype=float), other.to_numpy(dtype=float)
    assert (np.isnan(a) == np.isnan(b)).all()
    return np.nanmax(np.abs(a - b), initial=0) / max(np.nanmax(np.abs(a), initial=0), np.finfo(float).tiny)


def differences(one, other, config="smallest"):
    """Those of every column of numbers, and of the value of every claim in every cell relative to its threshold."""
    found = {}
    left, right = tables(one, config), tables(other, config)
    assert left.keys() == right.keys()
    for path, table in left.items():
        for column in table.select_dtypes("number"):
            found[f"{path.stem}.{column}"] = max(
                found.get(f"{path.stem}.{column}", 0), difference(table[column], right[path][column])
            )
    ours, theirs = (json.loads((tree / f"results/{config}/claims.json").read_text()) for tree in (one, other))
    for record, again in zip(ours, theirs, strict=True):
        assert record["verdict"] == again["verdict"], record["id"]
        threshold = np.max(np.abs(record["criterion"]["threshold"]))
        found[record["id"]] = max(
            abs(cell["value"] - other["value"]) / threshold
            for cell, other in zip(record["cells"], again["cells"], strict=True)
        )
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_other_arithmetic_changes_no_verdict_and_no_number_by_more_than_the_readme_says(undisturbed, tmp_path, machine):
    tree = copy_of_the_tree(tmp_path)
    if machine == "two threads":
        edit(tree, "workflow/rules/common.smk", "{name}=1", "{name}=2")
    result = run(tree, CLAIMS, config=SMALLEST, variables=MACHINES[machine])
    assert result.returncode == 0, result.stdout + result.stderr
    found = differences(undisturbed, tree)
    assert max(found.values()) < BOUND, {name: value for name, value in found.items() if value >= BOUND}
    assert max(found.values()) > 0 or machine == "two threads"  # the settings have an effect


def test_seeds_data_sets_and_their_order_change_no_other_draw(undisturbed, tmp_path):
    tree = copy_of_the_tree(tmp_path)
    config = yaml.safe_load((tree / SMALLEST).read_text())
    config["seeds"] += 1
    config["losses"] = ["non-contrastive", *config["losses"]]
    config["dimensions"] = [3, *config["dimensions"]]
    config["datasets"] = {"another": config["datasets"]["mixture"] | {"decay": 0.8}} | config["datasets"]
    (tree / SMALLEST).write_text(yaml.safe_dump(dict(reversed(config.items())), sort_keys=False))
    triplets = "results/smallest/mixture/triplets.npz"
    schedules = [
        f"results/smallest/mixture/contrastive/{name}/z2/schedule.npz" for name in ("unconstrained", "grassmannian")
    ]
    result = run(tree, triplets, *schedules, config=SMALLEST)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tree / triplets).read_bytes() == (undisturbed / triplets).read_bytes()
    for schedule in schedules:
        before, after = (read_arrays(each / schedule)["start"] for each in (undisturbed, tree))
        assert len(after) == len(before) + 1
        np.testing.assert_array_equal(after[:-1], before)
