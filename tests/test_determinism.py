"""What a run depends on, and what it does not: arithmetic beyond what `verify` allows, the order of the settings."""

import json
import shutil

import numpy as np
import pytest
import yaml

from ssl_dynamics.engine.artifacts import read_arrays
from trees import SMALLEST, call, copy_of_a_finished, copy_of_the_tree, edit, run

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

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reference(undisturbed, tmp_path_factory):
    """The undisturbed run as a reference."""
    tree = copy_of_a_finished(undisturbed, tmp_path_factory.mktemp("reference") / "tree")
    result = call(tree, "reference", SMALLEST)
    assert result.returncode == 0, result.stderr
    return tree / "results/reference"


@pytest.mark.parametrize("machine", MACHINES)
def test_other_arithmetic_agrees_with_the_reference_as_another_machine_must(reference, tmp_path, machine):
    tree = copy_of_the_tree(tmp_path)
    shutil.copytree(reference, tree / "results/reference")
    if machine == "two threads":
        edit(tree, "workflow/rules/common.smk", "{name}=1", "{name}=2")
    settings = MACHINES[machine] | {"SSL_DYNAMICS_KEEP": " ".join(MACHINES[machine])}
    result = call(tree, "verify", SMALLEST, "--cores", "2", variables=settings)
    assert result.returncode == 0, result.stdout + result.stderr
    compared = json.loads((tree / "reports/verify-smallest.json").read_text())["compared"]
    assert len(compared) > 100
    if machine == "without AVX":  # the settings have an effect, on every machine: some number has other last digits
        assert any(each["here"] != each["reference"] for each in compared)


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
