"""Matrices e^D X whose rows differ by many orders of magnitude: their singular values and spans, to high accuracy."""

import numpy as np
import scipy
from numpy.typing import NDArray

from ssl_dynamics.unsettled import Unsettled
from ssl_dynamics.validation import Array

# ln(σ_z/σ_1) down to which LAPACK, on the matrix as float64 holds it, finds every singular value.
_HELD = -340.0
_ORDINARY = 100  # powers of two by which entries may differ from 1 before they are scaled
_SWEEPS = 60  # of Jacobi rotations, of which a handful are needed


def graded_log_singular_values(exponents: Array, X: Array, through: Array | None = None) -> Array:
    """Log σ_k of F diag(e^{exponents}) X, largest first, at every size; F = I unless `through` is given.

    One-sided Jacobi (LAPACK gejsv) finds the singular values of the row-graded matrix DX = QSPᵀ to high *relative*
    accuracy, so that log(σ_2/σ_1) stays right after σ_2/σ_1 has fallen below the rounding of DX; those of FDX are those
    of the column-graded (FQ)S, with a loss that grows with the condition of FQ, but not with that of S. Where σ_z/σ_1
    is below e^{−340}, the same rotations are done with the logarithms of the rows' sizes aside.

    exponents (T, d), X (..., d, z), through F (N, d) with N >= z; returns (..., T, z) float64. Raises Unsettled for X
    or FX of deficient rank, and where the iteration does not converge. Source: Drmač, Veselić (2008).
    """
    *lead, _, z = X.shape
    if (np.linalg.matrix_rank(X) < z).any():
        raise Unsettled(f"W0 has deficient rank: fewer than {z} singular values are not zero")
    X, common = _in_range(X)
    if through is not None:
        through, own = _in_range(through)
        common += own
    result = np.empty((*lead, len(exponents), z))
    for index in np.ndindex(*lead, len(exponents)):
        exponent, start = exponents[index[-1]], X[index[:-1]]
        shift = exponent.max()
        Q, values = _jacobi(np.exp(exponent - shift)[:, None] * start)
        if through is not None:
            values = _jacobi((through @ Q) * values)[1]
        if values[-1] > np.exp(_HELD) * values[0]:
            result[index] = shift + np.log(values)
        else:
            result[index] = _log_singular_values(exponent, start, through)
    return result + common if common else result


def echelon(exponents: Array, X: Array, rounding: float = np.finfo(np.float64).eps) -> tuple[Array, NDArray[np.int64]]:
    """B (d, z) and the pivots p (z,) with span diag(e^{a})X = span diag(e^{a})B, for exponents a (d,).

    The columns of B are those of Xᵀ in reduced echelon form, rows of X taken by falling exponent a: B is the identity
    at its pivots, and B_ji is zero wherever a_j > a_{p_i}. So e^{a_j − a_{p_i}}B_ji never exceeds |B_ji|, at any time:
    graph coordinates over the leading directions that the span has (docs/theory.md §3), at every X of full rank, else
    ValueError. Rows that depend on those before them to d times the `rounding` of X are taken to depend on them.
    """
    d, z = X.shape
    order = np.argsort(-exponents, kind="stable")
    rows = X[order] / np.abs(X).max() if X.any() else X
    smallest = d * rounding * np.linalg.norm(rows, 2)
    basis = np.zeros((0, z))
    pivots: list[int] = []
    for place, row in enumerate(rows):
        rest = row - (row @ basis.T) @ basis
        rest = rest - (rest @ basis.T) @ basis
        if (length := np.linalg.norm(rest)) > smallest and len(pivots) < z:
            basis = np.vstack([basis, rest / length])
            pivots.append(place)
    if len(pivots) < z:
        raise Unsettled(f"W0 has deficient rank: its span has {len(pivots)} dimensions, not {z}")
    R = basis @ rows.T
    for i, place in enumerate(pivots):
        R[i, :place] = 0  # nothing but rounding
        R[i + 1 :, place] = 0
    B = np.empty((d, z))
    B[order] = np.linalg.solve(R[:, pivots], R).T
    for i, place in enumerate(pivots):
        B[order[:place], i] = 0
        B[order[pivots], i] = np.arange(z) == i
    return B, np.asarray(order[pivots], dtype=np.int64)


def graded_span(exponents: Array, X: Array, rounding: float = np.finfo(np.float64).eps) -> Array:
    """Orthonormal basis (T, d, z) of span diag(e^{a(t)})X, exponents a (T, d), X (d, z) of full rank or (T, d, z).

    By QR of the columns of `echelon`, scaled by their pivots: nothing overflows, and no direction is lost at any time.
    Raises ValueError for X of deficient rank.
    """
    starts = np.broadcast_to(X, (len(exponents), *X.shape[-2:]))
    scaled = np.empty(starts.shape)
    for a, start, column in zip(exponents, starts, scaled, strict=True):
        B, pivots = echelon(a, start, rounding)
        column[...] = B * np.exp(np.minimum(a[:, None] - a[pivots], 0))
    span: Array = np.linalg.qr(scaled)[0]
    return span


def _in_range(matrix: Array) -> tuple[Array, float]:
    """The matrix with entries whose squares float64 holds, and the logarithm of what it is divided by."""
    power = int(np.frexp(np.abs(matrix).max())[1])
    if abs(power) <= _ORDINARY:
        return matrix, 0.0
    return np.ldexp(matrix, -power), power * float(np.log(2))


def _jacobi(matrix: Array) -> tuple[Array, Array]:
    """Left singular vectors and singular values."""
    # joba=0 ('C'): full relative accuracy for matrices graded by rows or columns; jobu=0, jobv=3: left vectors only.
    values, vectors, _, work, _, info = scipy.linalg.lapack.dgejsv(matrix, joba=0, jobu=0, jobv=3)
    if info != 0:
        raise Unsettled(f"LAPACK gejsv did not converge (info {info})")
    with np.errstate(over="ignore"):  # the caller sees what is infinite, and takes logarithms
        scaled: Array = values * (work[0] / work[1])
    return vectors[:, : len(values)], scaled


def _log_singular_values(exponent: Array, X: Array, through: Array | None) -> Array:
    """Log σ_k of F diag(e^{exponent}) X without a number that is too small: DX = Q(RL)D_pPᵀ, RL of moderate condition.

    X = BX_p with X_p the rows at the pivots of `echelon`; DBD_p⁻¹ = QR, X_p = L_0Pᵀ and L = D_pL_0D_p⁻¹.
    """
    B, pivots = echelon(exponent, X)
    logs = exponent[pivots]
    Q, R = np.linalg.qr(B * np.exp(np.minimum(exponent[:, None] - logs, 0)))
    L = np.asarray(np.linalg.qr(X[pivots].T, mode="r")).T * np.exp(np.minimum(logs[:, None] - logs, 0))
    columns, logs = _orthogonal_columns(R @ L, logs)
    if through is not None:
        _, logs = _orthogonal_columns(through @ Q @ columns, logs)
    return np.sort(logs)[::-1]


def _orthogonal_columns(M: Array, logs: Array) -> tuple[Array, Array]:
    """Left singular vectors and log singular values of M diag(e^{logs}), by one-sided Jacobi on unit columns.

    The rotation of the columns e^{l_i}m_i and e^{l_j}m_j, l_i >= l_j, has the tangent ρτ, ρ = e^{l_j − l_i}, with
    τ = −2g/(|δ| + √(δ² + 4ρ²g²)), g = m_i·m_j, δ = ρ² − 1: in units of their own sizes m_i − ρ²τm_j and m_j + τm_i.
    """
    columns, logs = _unit(M, logs)
    z = len(logs)
    for _ in range(_SWEEPS):
        largest = 0.0
        for first in range(z):
            for second in range(first + 1, z):
                i, j = (first, second) if logs[first] >= logs[second] else (second, first)
                g, gap = float(columns[:, i] @ columns[:, j]), float(logs[j] - logs[i])
                largest = max(largest, abs(g))
                square = np.exp(2 * gap)
                delta = np.expm1(2 * gap)
                denominator = np.abs(delta) + np.sqrt(delta**2 + 4 * square * g**2)
                tau = -2 * g / denominator if denominator else -1.0
                cosine = 1 / np.sqrt(1 + square * tau**2)
                turned = (columns[:, i] - square * tau * columns[:, j], columns[:, j] + tau * columns[:, i])
                pair, sizes = _unit(cosine * np.stack(turned, axis=1), logs[[i, j]])
                columns[:, [i, j]], logs[[i, j]] = pair, sizes
        if largest <= z * np.finfo(np.float64).eps:
            return columns, logs
    raise Unsettled(f"Jacobi rotations did not converge: two columns are {largest:.3g} from orthogonal")


def _unit(M: Array, logs: Array) -> tuple[Array, Array]:
    """Columns of length 1, and the logarithms with their lengths. Raises ValueError where a column is zero."""
    lengths = np.linalg.norm(M, axis=0)
    if not lengths.all():
        raise Unsettled("a singular value is zero: the columns of FW are dependent")
    return M / lengths, logs + np.log(lengths)
