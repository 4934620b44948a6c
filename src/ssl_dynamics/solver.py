"""The command `ssl-dynamics solve`: closed forms on arrays of one's own, .npz in, .npz and a picture out."""

import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.analysis import principal_angles
from ssl_dynamics.engine.artifacts import Arrays, write_arrays
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.extras import needs
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.theory import (
    grassmann_flow,
    leading_eigenspace,
    soft_constraint_flow,
    unconstrained_flow,
    unconstrained_span,
    wide_two_layer_flow,
    wide_two_layer_span,
)
from ssl_dynamics.validation import Array, real, start, symmetric_matrix, time_grid

FLOWS: dict[str, Callable[..., Array]] = {
    "grassmann": grassmann_flow,
    "unconstrained": unconstrained_flow,
    "wide": wide_two_layer_flow,
    "soft": soft_constraint_flow,
}
# The span of weights that have lost all directions but one is not theirs: it is taken by itself.
SPANS = {"unconstrained": unconstrained_span, "wide": wide_two_layer_span, "soft": unconstrained_span}
_EQUAL = 1e-12  # relative difference below which eigenvalues are equal but for rounding

VIEWS = ("anchor", "positive", "negative")

# What reading a damaged file may raise, in the archive, in its compressed members or in their headers.
_DAMAGED = (ValueError, TypeError, AttributeError, EOFError, MemoryError, RuntimeError, zlib.error, zipfile.BadZipFile)


def solve(problem: Path, output: Path, *, flow: str, loss: Loss, plot: Path | None, beta: str | None) -> None:
    """Solve the flow that a problem file describes and write `times`, `W` (T, d, z), `loss` (T,), `sines` (T, z).

    The file holds `W0` (d, z), `times` (T,), and either `C` (d, d) or the views `anchor`, `positive` and, for the
    contrastive loss, `negative` (n, d), float64. `loss` is Tr(WᵀCW); `sines` are those of the principal angles between
    span W(t) and the leading eigenspace of C; where there are many, standard error says so. The flow "soft" has the
    penalty (`beta`/2)‖WᵀW − I‖², and its `W` is that of the flow up to a rotation of the outputs; `beta` is as on the
    command line. Raises ConfigError with what is wrong in which file or option.
    """
    if (flow == "soft") != (beta is not None):
        raise ConfigError("--beta: the flow soft needs it, in units of C, and no other flow has one")
    penalty = {} if beta is None else {"beta": _penalty(beta)}
    for path, suffixes in ((output, (".npz",)), (plot, (".svg", ".png"))):
        if path is not None:
            _check_place(path, suffixes)
    if output.resolve() == problem.resolve():
        raise ConfigError(f"{output}: this is the problem itself; name another file")
    arrays = _read(problem)
    try:
        C = symmetric_matrix("C", arrays["C"] if "C" in arrays else _form(arrays, loss))
        W0, times = _start(arrays["W0"], C), time_grid("times", arrays["times"])
        W = FLOWS[flow](C, W0, times, **penalty)
        span = SPANS[flow](C, W0, times) if flow in SPANS else W
        values = _losses(C, W, times)
        limit = leading_eigenspace(C, W.shape[-1])
        sines = np.sin(principal_angles(span, limit))
    except KeyError as error:
        known = ", ".join(sorted(arrays)) or "nothing"
        raise ConfigError(f"{problem}: no array {error}; it holds {known}") from None
    except (ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        raise ConfigError(f"{problem}: {error}") from None
    _say_if_not_unique(C, W.shape[-1])
    solution = {"times": times, "W": W, "loss": values, "sines": sines}
    try:
        if plot is None:
            write_arrays(output, solution)
            return
        # The picture takes its place when the solution has: neither is lost to the other's failure.
        with tempfile.TemporaryDirectory(dir=plot.parent) as folder:
            drawn = Path(folder) / plot.name
            _draw(drawn, times, values, sines, asked=plot)
            write_arrays(output, solution)
            drawn.replace(plot)
    except OSError as error:
        places = output if plot is None else f"{output}, {plot}"
        raise ConfigError(f"{places}: {error.strerror or error}; nothing was written") from None


def _penalty(text: str) -> float:
    try:
        strength = float(text)
    except ValueError:
        strength = np.nan
    if not 0 <= strength < np.inf:
        raise ConfigError(f"--beta: {text!r} is not allowed: it must be a number, 0 or greater")
    return strength


def _draw(plot: Path, times: Array, values: Array, sines: Array, *, asked: Path) -> None:
    try:
        from ssl_dynamics.figures import theme  # noqa: PLC0415 -- only a picture needs what draws
        from ssl_dynamics.figures.solution import solution  # noqa: PLC0415 -- as above
        from ssl_dynamics.figures.writing import write_figure  # noqa: PLC0415 -- as above
    except ModuleNotFoundError as error:
        raise ConfigError(f"{asked}: {error.name} is not installed; a picture {needs('pipeline')}") from None
    theme.apply()
    write_figure(solution(times, values, sines), plot)


def _start(W0: NDArray[np.generic], C: Array) -> NDArray[np.generic]:
    """The start as it is stored, if it is one."""
    if W0.ndim != 2:
        raise ValueError(f"W0 must have shape (d, z); got {W0.shape}")
    start("W0", W0, len(C), orthonormal=False)
    if not real("W0", W0).any():
        raise ValueError("W0 is zero: it spans nothing, and stays zero")
    return W0


def _losses(C: Array, W: Array, times: Array) -> Array:
    """Tr(WᵀCW) (T,), of weights scaled by a power of two, so that no product overflows unless the loss does."""
    _, exponents = np.frexp(np.abs(W).max(axis=(-2, -1)))
    scaled = np.ldexp(W, -exponents[:, None, None])
    with np.errstate(over="ignore"):
        values: Array = np.ldexp(np.einsum("tdz,de,tez->t", scaled, C, scaled), 2 * exponents)
    beyond = ~np.isfinite(values)
    if beyond.any():
        raise ValueError(
            f"the loss at t = {times[beyond][0]:.6g} overflows float64: end earlier, or use log_singular_values and "
            "unconstrained_span"
        )
    return values


def _read(problem: Path) -> Arrays:
    if problem.exists() and not problem.is_file():
        raise ConfigError(f"{problem}: no file; expected an .npz file")
    try:
        with problem.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except OSError as error:
        raise ConfigError(f"{problem}: {error.strerror or 'not an .npz file'}; expected an .npz file") from None
    except _DAMAGED:
        raise ConfigError(f"{problem}: not an .npz file of plain arrays; pickled objects are not read") from None


def _form(arrays: Arrays, loss: Loss) -> Array:
    names = VIEWS if loss == "contrastive" else VIEWS[:2]
    return quadratic_form(*(arrays[name] for name in names), loss=loss)


def _say_if_not_unique(C: Array, z: int) -> None:
    eigenvalues = np.linalg.eigvalsh(C)
    if z < len(eigenvalues) and eigenvalues[z] - eigenvalues[z - 1] <= _EQUAL * np.abs(eigenvalues).max():
        print(
            f"note: λ_{z} = λ_{z + 1} = {eigenvalues[z]:.6g}: the leading eigenspace is not unique; `sines` are to one",
            file=sys.stderr,
        )


def _check_place(path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix not in suffixes:
        raise ConfigError(f"{path}: {' or '.join(suffixes)} is allowed")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path}: no file, so it is not written over")
