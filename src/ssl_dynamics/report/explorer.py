"""The explorer: one HTML file that evaluates the closed forms, from a spectrum, starts and what was trained."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from ssl_dynamics import __version__
from ssl_dynamics.analysis import principal_angles
from ssl_dynamics.experiments.soft_constraint import design as soft
from ssl_dynamics.problem.schedule import size_of
from ssl_dynamics.report.formatting import typeset
from ssl_dynamics.report.quadrature import condensed
from ssl_dynamics.shared_files import Starts, Trajectories
from ssl_dynamics.theory.graph import graph_coordinates

Array = NDArray[np.float64]
Entry = dict[str, Any]

ITEMS = 300  # whose representations are shown
MODES = 24  # leading eigenvectors along which a start and the coordinates of items are kept one by one
LARGEST = 8  # dimension that is offered

# Step sizes in 1/‖C‖, below the 1/2 at which a factor 1 − 2ηλ vanishes, and penalties in ‖C‖; and what was trained.
STEPS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
PENALTIES = (*(float(f"{digit}e{power}") for power in range(-8, 1) for digit in (1, 2, 5)), 10.0)
PENALTY = 0.01  # that is shown first, where none was trained
HORIZON = 100.0  # in 1/‖C‖, where nothing was trained

_ROUNDING = 1e-14  # of σ_k/σ_1 of trained weights; σ_1/σ_z times it, of angles
_DYNAMICS = {"unconstrained": "unconstrained", "grassmannian": "constrained"}


@dataclass(frozen=True)
class Trained:
    """Weights of the first start at the checkpoints of one step size, in the units of the page."""

    dynamics: str
    eta: float
    times: Array  # (T,)
    weights: Array  # (T, d, z)
    flow: bool  # shown beside the flow: of the finest step size, and what went on from there
    late: bool = False  # it went on, at another step size
    beta: float | None = None


def of_dynamics(dynamics: str, starts: Starts, trajectories: Trajectories, norm: float) -> list[Trained]:
    """What the stages `unconstrained` and `grassmannian` trained, at every step size."""
    schedule, name = starts.schedule, _DYNAMICS[dynamics]
    sizes, times = _digits(schedule.learning_rates * norm), schedule.times * norm
    shared = times[: schedule.shared]
    found = [
        Trained(name, sizes[level], shared, weights[0], flow=level == 0)
        for level, weights in enumerate(trajectories.by_step_size())
    ]
    if "late" in trajectories.weights:
        late = trajectories.weights["late"][0]
        found.append(Trained(name, sizes[-1], times[schedule.shared :], late, flow=True, late=True))
    return found


def of_penalty(design: soft.Design, trajectories: soft.Trajectories) -> list[Trained]:
    """What the stage `soft_constraint` trained at its finest step size, at every penalty."""
    times, eta = design.schedule.times * design.norm, _digits(design.learning_rates * design.norm)[0]
    return [
        Trained("soft", eta, times, weights[0], flow=True, beta=beta)
        for beta, weights in zip(_digits(design.strengths / design.norm), trajectories.weights[0], strict=True)
    ]


def data_of_loss(C: Array, starts: Mapping[int, Array], trained: Mapping[int, list[Trained]], items: Array) -> Entry:
    """What the page knows of a loss: spectra, starts and items in the eigenbasis of C, and what was trained.

    starts: W(0) (d, z) by dimension; trained: by dimension, too; items (N, d).
    """
    eigenvalues, V = np.linalg.eigh(C)
    modes = min(MODES, len(C) - 1)
    coordinates = items @ V
    sets = [(z, each) for z, of_dimension in trained.items() for each in of_dimension if z in starts]
    strengths = sorted({each.beta for _, each in sets if each.beta is not None})
    return {
        "norm": size_of(eigenvalues),
        "starts": {str(z): _start(eigenvalues, V.T @ W, coordinates, modes) for z, W in starts.items()},
        "items": {**_quantised(coordinates[:, :modes]), "mean": float(eigenvalues[modes:].mean())},
        "trained": [_measured(z, each, V[:, :z]) for z, each in sets],
        "steps": sorted({*STEPS, *(each.eta for _, each in sets if each.beta is None and each.eta < STEPS[-1])}),
        "penalties": sorted({*PENALTIES, *strengths}),
        "penalty": next((beta for beta in strengths if beta >= PENALTY), PENALTY),
        "horizon": float(f"{max((float(each.times[-1]) for _, each in sets), default=HORIZON):.6g}"),
    }


def require_limit(C: Array, start: Array) -> None:
    """Raise Unsettled for a start with no component along some leading eigenvector: its limit is another one."""
    graph_coordinates(np.linalg.eigh(C)[1], start, "the smallest eigenvalues")


def offered(starts: Mapping[int, Array]) -> dict[int, Array]:
    """The starts of dimensions up to the largest that is offered, which may be the first columns of a larger one."""
    small = {z: W for z, W in starts.items() if z <= LARGEST}
    larger = [z for z in starts if z > LARGEST]
    if larger and LARGEST not in small:
        small[LARGEST] = starts[min(larger)][:, :LARGEST]
    return small


def some(items: Array) -> NDArray[np.int64]:
    """Indices of the items that are shown, evenly spread: neighbours may be of one class."""
    return np.linspace(0, len(items) - 1, min(ITEMS, len(items))).astype(np.int64)


def render(files: Mapping[str, str], losses: Mapping[str, Entry], labels: list[int] | None, **words: Any) -> str:
    """The whole page.

    files: contents of `template`, `style`, `solver` and `script`; losses: what `data_of_loss` says, by loss; labels:
    class of each item, if it has one; words: config_name, dataset, items (their number), d, trained_dimensions.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["typeset"] = typeset
    count = words["items"]
    data = {"losses": losses, "classes": labels if labels is not None else [None] * count}
    return environment.from_string(files["template"]).render(
        **words,
        losses=list(losses),
        classes=sorted(set(labels or [])),
        kind="training" if labels is None else "test",
        modes=min(MODES, words["d"] - 1),
        version=__version__,
        # A text in a script ends where its element is closed.
        data=Markup(json.dumps(data, sort_keys=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")),
        style=Markup(files["style"]),
        solver=Markup(files["solver"]),
        script=Markup(files["script"]),
    )


def _start(eigenvalues: Array, X: Array, coordinates: Array, modes: int) -> Entry:
    fewer, rows = condensed(eigenvalues, X, modes)
    return {
        "columns": X.shape[1],
        "eigenvalues": _encoded(fewer, np.float64),
        "rows": _encoded(rows, np.float64),
        "items": _quantised(coordinates[:, modes:] @ X[modes:]),
    }


def _measured(z: int, trained: Trained, leading: Array) -> Entry:
    """Logarithms of σ_k/σ_1 (k > 1), and of the tangent of the largest angle to the limit, at each checkpoint.

    None where they are rounding.
    """
    values = np.linalg.svd(trained.weights, compute_uv=False)
    ratios = values / values[:, :1]
    angles = np.zeros(len(ratios))
    whole = ratios[:, -1] > _ROUNDING  # of others float64 has no span
    angles[whole] = principal_angles(np.linalg.qr(trained.weights[whole])[0], leading)[:, 0]
    angles[angles * ratios[:, -1] < _ROUNDING] = 0
    return {
        "z": z,
        "dynamics": trained.dynamics,
        "eta": trained.eta,
        "beta": trained.beta,
        "flow": trained.flow,
        "late": trained.late,
        "times": [_short(time) for time in trained.times],
        "ratios": [[_dot(np.log(r)) if r > _ROUNDING else None for r in ratio[1:]] for ratio in ratios],
        "tangents": [_dot(np.log(np.tan(angle))) if angle else None for angle in angles],
    }


def _digits(values: Array) -> list[float]:
    """Numbers of the configuration, without the rounding that their way through ‖C‖ has left."""
    return [float(f"{value:.12g}") for value in values]


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _dot(log: float) -> float:
    """A logarithm that is drawn: a hundredth of a pixel."""
    return round(float(log), 3) + 0.0  # no −0


def _encoded(values: NDArray[Any], dtype: type) -> str:
    """Base64 of the numbers, row by row, little-endian as browsers have them on every machine in use."""
    array = np.ascontiguousarray(values, np.dtype(dtype).newbyteorder("<"))
    return base64.b64encode(array.tobytes()).decode("ascii")


def _quantised(values: Array) -> Entry:
    """Columns in 8 bits, and what the unit of each is worth."""
    largest = np.abs(values).max(axis=0)
    scales = np.where(largest > 0, largest, 1.0) / 127
    return {"values": _encoded(np.rint(values / scales), np.int8), "scales": [_short(scale) for scale in scales]}
