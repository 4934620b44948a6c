"""Training on another device than the processor: the same code, the same results; clear errors where it cannot be."""

import inspect
import pkgutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from problems import orthonormal
from second_device import second_device
from ssl_dynamics import simulation
from ssl_dynamics.catalogue import function_of, stages
from ssl_dynamics.config_file import load_config
from ssl_dynamics.engine.fingerprint import definitions
from ssl_dynamics.engine.stage import units_of
from ssl_dynamics.kernels.drift import KernelDrift
from ssl_dynamics.problem.levels import DEPARTURE
from ssl_dynamics.problem.points import all_points
from ssl_dynamics.problem.starts.gaussian_weights import gaussian_weights
from ssl_dynamics.problem.starts.layers import narrow_layers, wide_layers
from ssl_dynamics.problem.starts.orthonormal import constrained_net
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation import deep_training, drift
from ssl_dynamics.simulation.constrained_nets import train_constrained_nets
from ssl_dynamics.simulation.device import to_tensor, train_on, unusable
from ssl_dynamics.simulation.functions import train_regression_functions, train_triplet_functions
from ssl_dynamics.simulation.layers import Net, train_layers
from ssl_dynamics.simulation.linear_nets import train_linear_nets
from ssl_dynamics.simulation.manifolds import (
    Euclidean,
    Grassmannian,
    OrthogonalIteration,
    SideBySide,
    Unretracted,
    geodesic,
    polar_retraction,
)
from ssl_dynamics.simulation.minibatch import train_on_batches
from ssl_dynamics.simulation.objective_functions import OBJECTIVES
from ssl_dynamics.simulation.objectives import descend, info_nce_solutions
from ssl_dynamics.simulation.penalised import train_penalised, train_spectral_contrastive
from ssl_dynamics.simulation.projected import (
    Projected,
    to_frobenius_norm,
    to_orthonormal,
    to_spectral_norm,
    to_unit_columns,
)
from ssl_dynamics.simulation.stacked import regression_objective, triplet_objective
from ssl_dynamics.simulation.stepwise import train_stepwise
from ssl_dynamics.simulation.training import train, train_flow
from ssl_dynamics.simulation.wide_nets import Nets

TOP = Path(__file__).parents[1]
S, N, D, Z, H = 3, 8, 5, 2, 12
WIDE, FITTED = 64, 2
MANIFOLDS = {
    "unconstrained": Euclidean(),
    "qr": Grassmannian(),
    "polar": Grassmannian(polar_retraction),
    "geodesic": Grassmannian(geodesic),
    "iteration": OrthogonalIteration(),
    "unretracted": Unretracted(),
    **{f.__name__: Projected(f) for f in (to_frobenius_norm, to_unit_columns, to_spectral_norm, to_orthonormal)},
}
RANDOM = np.random.default_rng(0)
ANCHOR = RANDOM.standard_normal((N, D)) * 0.7 ** np.arange(D)
TRIPLETS = Triplets(ANCHOR, ANCHOR + 0.3 * RANDOM.standard_normal((N, D)), np.roll(ANCHOR, 1, axis=0))
X = all_points(TRIPLETS)
START = orthonormal(D, Z, RANDOM, S)
TARGET = RANDOM.standard_normal((S, N, Z))
FUNCTIONS = RANDOM.standard_normal((S, 3 * N, Z))
RUN = {"learning_rate": 0.05, "checkpoints": [0, 3, 10]}


def gaussian(width, *more):
    return gaussian_weights((D, width, *more, Z), seeds=S, root_seed=0, names=("device",))


def on_manifold(name):
    return train(TRIPLETS, START, "contrastive", MANIFOLDS[name], **RUN)


def flow():
    return train_flow(TRIPLETS, START, "contrastive", largest_step=0.1, times=[0.0, 0.3, 1.0])


def penalised():
    return train_penalised(TRIPLETS, START, "contrastive", np.array([0.1, 2.0]), **RUN)


def decayed():
    return train_penalised(TRIPLETS, START, "contrastive", np.array([0.1, 2.0]), decay=0.5, **RUN)


def spectral_contrastive():
    return train_spectral_contrastive(TRIPLETS.anchor, TRIPLETS.positive, START, **RUN)


def stepwise():
    return train_stepwise(TRIPLETS, 0.1 * START, "non-contrastive", largest_step=0.05, times=[0.0, 0.3, 1.0])


def side_by_side():
    steps = SideBySide(Grassmannian(), to_tensor(np.array([0.5, 1.0, 2.0])))
    return train(TRIPLETS, START, "contrastive", steps, **RUN)


def on_batches():
    streams = [np.random.default_rng(seed) for seed in range(S)]
    return train_on_batches(TRIPLETS, START, "contrastive", streams, batch=4, **RUN)


def functions():
    return train_triplet_functions(X @ X.T, FUNCTIONS, "contrastive", decay=np.array([0.0, 0.1, 0.2]), **RUN)


def regression():
    return train_regression_functions(ANCHOR @ ANCHOR.T, FUNCTIONS[:, :N], TARGET, **RUN)


def layers():
    narrow, wide = narrow_layers(START, 3, root_seed=0, name="d"), wide_layers(D, Z, 7, seeds=S, root_seed=0, name="d")
    nets = [Net(*map(to_tensor, narrow), False, metric) for metric in ("grassmann", "stiefel", "canonical")]
    return train_layers(TRIPLETS, [*nets, Net(*map(to_tensor, wide), True, "grassmann")], "contrastive", **RUN)


def linear_nets():
    W1, W2 = gaussian(H)
    drift_of = KernelDrift(ANCHOR, W1, W2)
    options = {"learning_rate": 0.05, "every": 5, "most_steps": 40, "limit": 1.0}
    return train_linear_nets(TRIPLETS, W1, W2, "contrastive", observe=drift_of, **options)


def constrained_nets(activation, objective):
    first, second = constrained_net(D, Z, H, seeds=S, root_seed=0, name="device")
    options = {"rate": 2.0, "largest_step": 0.1, "times": (0.0, 0.3, 1.0)}
    points, loss = objective()
    return train_constrained_nets(points, first, second, loss, activation=activation, **options)


def self_supervised():
    return X, triplet_objective("contrastive", N)


def supervised():
    return ANCHOR, regression_objective(TARGET)


def wide_nets(activation):
    """Up to their departure, after which steps of erf nets amplify rounding; until they have fitted a target."""
    W1, W2 = gaussian(WIDE)
    few, target = ANCHOR[:FITTED], drift.regression_value(TARGET[:, :FITTED])
    loss = drift.triplet_value("contrastive", similarity="dot product")
    rows = drift.train_until_departure(Nets(X, W1, W2, activation, anchors=N), loss, step=0.3)
    return [
        {name: column[rows["drift"] < DEPARTURE] for name, column in rows.items()},
        drift.train_to_fit(Nets(few, W1, W2, activation, anchors=FITTED), target, learning_rate=1.0),
    ]


def cosine():
    """The rows before a plateau is looked for: which step ends the training, rounding may decide."""
    nets = Nets(X, *gaussian(WIDE), "erf", anchors=N)
    rows = drift.train_to_plateau(nets, drift.triplet_value("contrastive", similarity="cosine"), step=0.5, landing=3)
    return {name: column[: S * drift.SETTLING // 2] for name, column in rows.items()}


def deep_nets():
    W1, W2, W3 = gaussian(WIDE, WIDE)
    options = {"rate": 1.0, "largest_step": 0.2, "times": (0.0, 0.5, 1.0)}
    last = np.linalg.qr(W3)[0]
    return [
        deep_training.train_until_departure(tuple(map(to_tensor, (W1, W2, W3))), X, "contrastive", step=0.3),
        deep_training.train_to_fit(tuple(map(to_tensor, (W1, W2, W3))), ANCHOR[:FITTED], TARGET[:, :FITTED], step=0.5),
        deep_training.train_constrained(tuple(map(to_tensor, (W1, W2, last))), X, "contrastive", **options),
    ]


def objective(name):
    return descend(TRIPLETS, START, name, checkpoints=[0, 5, 20], tolerance=1e-9)


def info_nce():
    return info_nce_solutions(TRIPLETS, START, np.array([2.0, 4.0]), tolerance=1e-12, max_iterations=2000)


CASES = {
    **{name: lambda name=name: on_manifold(name) for name in MANIFOLDS},
    **{f"constrained {phi}": lambda phi=phi: constrained_nets(phi, self_supervised) for phi in ("identity", "erf")},
    "constrained relu, supervised": lambda: constrained_nets("relu", supervised),
    **{f"wide {phi}": lambda phi=phi: wide_nets(phi) for phi in ("identity", "relu", "erf")},
    **{name: lambda name=name: objective(name) for name in OBJECTIVES},
    **{f.__name__: f for f in (flow, penalised, decayed, spectral_contrastive, stepwise, side_by_side, on_batches)},
    **{f.__name__: f for f in (functions, regression, layers, linear_nets, cosine, deep_nets, info_nce)},
}


FELT = {"wide identity", "wide relu", "wide erf", "cosine", "deep_nets"}


def arrays(result):
    """All arrays in a result, in order."""
    if is_dataclass(result):
        result = [getattr(result, field.name) for field in fields(result)]
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, np.ndarray):
        return [result.astype(float)]
    return [array for part in result for array in arrays(part)]


def tolerance(case):
    """Of a number, in units of the largest in its array.

    Another device rounds an operation otherwise by some 2^−50: a sum of 64 terms, 64 roundings of 2^−53 at random. Over
    the 2,000 operations of a run, while errors grow twentyfold with the weights, these make 4·10⁻¹¹. A step size that
    follows from a growth rate, which a step of 10⁻⁶ feels, is off by 2^−50/10⁻⁶ = 9·10⁻¹⁰, and what follows by as much.
    """
    return 1e-8 if case in FELT else 1e-10


def assert_agree(case, device):
    here = arrays(CASES[case]())
    with device:
        there = arrays(CASES[case]())
    for expected, found in zip(here, there, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance(case) * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("case", CASES)
def test_training_on_a_second_device_that_rounds_otherwise_is_that_on_the_processor(case):
    assert_agree(case, second_device(rounding=2.0**-50))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
@pytest.mark.parametrize("case", CASES)
def test_training_on_a_gpu_is_that_on_the_processor(case):
    assert_agree(case, torch.device("cuda"))


def test_the_cases_run_every_training_of_the_simulation():
    """Trainings are the public functions that report their steps."""
    names = [module.name for module in pkgutil.iter_modules(simulation.__path__, f"{simulation.__name__}.")]
    found = [function for name in names for _, function in inspect.getmembers(import_module(name), inspect.isfunction)]
    trainings = {
        function.__code__
        for function in found
        if not function.__name__.startswith("_")
        and {"on_step", "on_segment"} & inspect.signature(function).parameters.keys()
    }
    called = set()
    sys.setprofile(lambda frame, *_: called.add(frame.f_code))
    try:
        for case in CASES.values():
            case()
    finally:
        sys.setprofile(None)
    assert trainings
    assert not {code.co_qualname for code in trainings - called}


def test_second_device_is_strange_to_the_processor():
    here = torch.ones(2, dtype=torch.float64)
    with second_device():
        there = to_tensor(np.ones(2))
        assert (there + torch.ones(2) == 2 * there).all()
        for mix in (lambda: there + here, lambda: here @ there, lambda: torch.stack([there, here])):
            with pytest.raises(RuntimeError, match="same device"):
                mix()
        with pytest.raises(RuntimeError, match="numpy"):
            there.numpy()
        np.testing.assert_array_equal(there.cpu().numpy(), here.numpy())


def test_stages_that_train_have_the_device_among_their_settings_and_no_others():
    own = "ssl_dynamics.simulation.device:"
    reached = {stage.rule: definitions(*units_of(function_of(folder, stage))) for folder, stage in stages()}
    asking = {stage.rule for _, stage in stages() if "device" in stage.settings.model_fields}
    assert asking == {rule for rule, units in reached.items() if f"{own}to_tensor" in units}
    assert asking == {rule for rule, units in reached.items() if f"{own}train_on" in units}
    assert len(asking) == 18


def test_settings_hold_the_device_of_the_configuration():
    quick = load_config(TOP / "config/quick.yaml")
    assert quick.device == "cpu"
    stage = next(stage for _, stage in stages() if stage.rule == "simulate_learning_times")
    config = quick.model_copy(update={"device": "cuda"})
    assert config.settings_of(stage, {"dataset": "digits", "loss": "contrastive", "dimension": "2"}).device == "cuda"


@pytest.mark.parametrize(("device", "default"), [("cpu", None), ("cuda", "cuda")])
def test_a_device_is_made_the_default_and_the_processor_is_left_as_it_is(device, default, monkeypatch):
    chosen = []
    monkeypatch.setattr(torch, "set_default_device", chosen.append)
    monkeypatch.setattr("ssl_dynamics.simulation.device.unusable", lambda _: None)
    train_on(device)
    assert chosen == [default]


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_one_line(name, monkeypatch):
    monkeypatch.setattr(torch.get_device_module(name), "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"^device: '{name}' is not usable: torch .* finds none on this machine$"):
        train_on(name)


def test_a_device_without_float64_is_one_line(monkeypatch):
    def refuse(*_, device, dtype):
        if dtype == torch.float64:
            raise TypeError(f"Cannot convert a {device} tensor to float64\nUse float32")

    monkeypatch.setattr(torch.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch, "zeros", refuse)
    with pytest.raises(
        ValueError, match=r"^device: 'mps' is not usable: .*float64: Cannot convert a mps .* Use float32$"
    ):
        train_on("mps")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU on this machine")
def test_a_run_without_its_device_stops_before_any_job(tmp_path):
    path = tmp_path / "smallest.yaml"
    path.write_text((TOP / "tests/config/smallest.yaml").read_text() + "device: cuda\n")
    command = [sys.executable, "-m", "ssl_dynamics.cli", "run", path, "--cores", "1"]
    result = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == f"{path}: {unusable('cuda')}\n"
    assert list(tmp_path.iterdir()) == [path]
