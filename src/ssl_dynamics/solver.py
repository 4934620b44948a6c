"""The command `ssl-dynamics solve`: closed forms on arrays of one's own, .npz in, .npz and a picture out."""

import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.analysis import principal_angles
from ssl_dynamics.config import ConfigError
from ssl_dynamics.engine.artifacts import Arrays, write_arrays, write_figure
from ssl_dynamics.figures import theme
from ssl_dynamics.figures.solution import solution as draw_solution
from ssl_dynamics.problem import quadratic_form
from ssl_dynamics.problem.settings import Loss
from ssl_dynamics.theory import grassmann_flow, leading_eigenspace, unconstrained_flow, wide_two_layer_flow

FLOWS = {
    "grassmann": grassmann_flow,
    "unconstrained": unconstrained_flow,
    "wide": wide_two_layer_flow,
}
_EQUAL = 1e-12  # relative difference below which eigenvalues are equal but for rounding

VIEWS = ("anchor", "positive", "negative")

# What reading a damaged file may raise, in the archive, in its compressed members or in their headers.
_DAMAGED = (ValueError, TypeError, AttributeError, EOFError, MemoryError, RuntimeError, zlib.error, zipfile.BadZipFile)


def solve(problem: Path, output: Path, *, flow: str, loss: Loss, plot: Path | None) -> None:
    """Solve the flow that a problem file describes and write `times`, `W` (T, d, z), `loss` (T,), `sines` (T, z).

    The file holds `W0` (d, z), `times` (T,), and either `C` (d, d) or the views `anchor`, `positive` and, for the
    contrastive loss, `negative` (n, d), float64. `loss` is Tr(WᵀCW); `sines` are those of the principal angles between
    span W(t) and the bottom-z eigenspace of C; where there are many, standard error says so. Raises ConfigError with
    what is wrong in which file.
    """
    for path, suffixes in ((output, (".npz",)), (plot, (".svg", ".png"))):
        if path is not None:
            _check_place(path, suffixes)
    if output.resolve() == problem.resolve():
        raise ConfigError(f"{output}: this is the problem itself; name another file")
    arrays = _read(problem)
    try:
        C = arrays["C"] if "C" in arrays else _form(arrays, loss)
        W = FLOWS[flow](C, arrays["W0"], arrays["times"])
        limit = leading_eigenspace(C, W.shape[-1])
    except KeyError as error:
        known = ", ".join(sorted(arrays)) or "nothing"
        raise ConfigError(f"{problem}: no array {error}; it holds {known}") from None
    except (ValueError, ArithmeticError, MemoryError) as error:
        raise ConfigError(f"{problem}: {error}") from None
    _say_if_not_unique(C, W.shape[-1])
    times = np.asarray(arrays["times"], dtype=np.float64)
    values = np.einsum("tdz,de,tez->t", W, C, W)
    sines = np.sin(principal_angles(_basis(W), limit))
    write_arrays(output, {"times": times, "W": W, "loss": values, "sines": sines})
    if plot is not None:
        theme.apply()
        write_figure(draw_solution(times, values, sines), plot)


def _read(problem: Path) -> Arrays:
    try:
        with problem.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except OSError as error:
        raise ConfigError(f"{problem}: {error.strerror or 'not an .npz file'}; expected an .npz file") from None
    except _DAMAGED:
        raise ConfigError(f"{problem}: not an .npz file of plain arrays; pickled objects are not read") from None


def _form(arrays: Arrays, loss: Loss) -> NDArray[np.float64]:
    names = VIEWS if loss == "contrastive" else VIEWS[:2]
    return quadratic_form(*(arrays[name] for name in names), loss=loss)


def _basis(W: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal bases of the spans, scaled before so that a weight that has shrunk to 1e-200 has one."""
    return np.linalg.qr(W / np.abs(W).max(axis=(-2, -1), keepdims=True))[0]


def _say_if_not_unique(C: NDArray[np.float64], z: int) -> None:
    eigenvalues = np.linalg.eigvalsh(C)
    if z < len(eigenvalues) and eigenvalues[z] - eigenvalues[z - 1] <= _EQUAL * np.abs(eigenvalues).max():
        print(
            f"note: λ_{z} = λ_{z + 1} = {eigenvalues[z]:.6g}: many bottom-{z} eigenspaces; `sines` are to one of them",
            file=sys.stderr,
        )


def _check_place(path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix not in suffixes:
        raise ConfigError(f"{path}: {' or '.join(suffixes)} is allowed")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: no folder {path.parent}")
