"""Training of wide two-layer nets until they have converged, or have left their tangent kernel for good."""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.levels import BLOW_UP, DEPARTURE, REMAINDER
from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.objective_functions import cosine
from ssl_dynamics.simulation.wide_nets import Layers, Nets, Value, moved, size
from ssl_dynamics.unsettled import Unsettled

Array = NDArray[np.float64]
Rows = dict[str, Array]  # columns (R,): seed, time, value of the loss, rate, drift, drift_first, drift_second

# Drift of the whole kernel beyond which a net is not followed. Where features run away, theirs is a third of it;
# where they are bounded, W_1 turns at rates that grow with |W_2|², and steps would shrink without end.
RUNAWAY = 4 * BLOW_UP
AFTER = 3.0  # how long a net is followed after its departure, in units of 1/(growth rate at its departure)
FEELER = 1e-6  # length of the step by which growing nets feel their first rate, in units of ‖W‖
PLATEAU = 0.02  # share of the whole decrease that the second half of the time still brings, at a plateau
SETTLING = 16  # steps before which no plateau is looked for
LOOKS = 1.1  # ratio of the step counts at which drift is measured during a descent
MOST_STEPS = 100_000


def triplet_value(loss: Loss, *, similarity: str) -> Value:
    """The self-supervised loss on outputs (S, 3n, z); without negatives (S, 2n, z) will do."""
    evaluate = {"dot product": loss_value, "cosine": cosine}[similarity]

    def value(U: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        parts = U.chunk(3 if loss == "contrastive" else 2, dim=1)
        return evaluate(parts[0], parts[1], parts[-1], loss)

    return value


def regression_value(targets: Array) -> Value:
    """(1/2n) Σ_i |u_i − y_i|², Y (S, n, z)."""
    Y = to_tensor(targets)

    def value(U: torch.Tensor, seeds: torch.Tensor) -> torch.Tensor:
        return (U - Y[seeds]).square().sum((1, 2)) / (2 * U.shape[1])

    return value


def train_until_departure(nets: Nets, value: Value, *, step: float, on_step: Callable[[], None] = lambda: None) -> Rows:
    """Training on a loss that is unbounded below, in steps η = `step`/(growth rate ‖U̇‖/‖U‖ of the outputs).

    Classical Runge-Kutta steps of order 4. Stops on drift, never on the size of U: a net is followed for three growth
    times after its departure (drift 0.5), or until the drift of its output layer's block is 50 (it blows up then, as
    bounded features cannot) or that of the whole kernel 200. Rows at every step, with the growth rate of √|L|,
    ‖∇L‖²/(2|L|). Not to depart within 100,000 steps is an outcome: rows go so far. Raises Unsettled where a net has
    departed, and was not followed to its end by then. Source: docs/theory.md §4.
    """
    rows: list[Rows] = []
    speed = growth_rate(nets, value)
    end = torch.full_like(speed, math.inf)
    _, losses, gradients = nets.gradient(nets.layers, value)
    _record(rows, nets, losses, rate=_loss_rate(losses, gradients))
    for _ in range(MOST_STEPS):
        eta = step / speed
        _, _, second = nets.gradient(moved(nets.layers, gradients, eta / 2), value)
        middle, _, third = nets.gradient(moved(nets.layers, second, eta / 2), value)
        _, _, fourth = nets.gradient(moved(nets.layers, third, eta), value)
        first_slope, second_slope = (
            torch.add(a, b, alpha=2).add_(c, alpha=2).add_(d).div_(6)
            for a, b, c, d in zip(gradients, second, third, fourth, strict=True)
        )
        nets.layers, nets.times = moved(nets.layers, (first_slope, second_slope), eta), nets.times + eta
        U, losses, gradients = nets.gradient(nets.layers, value)
        speed = _distance(U, middle) / (eta / 2)  # of U = 1/(T − t) exactly the rate at the end
        rate = _loss_rate(losses, gradients)
        _record(rows, nets, losses, rate=rate)
        drift, features = (to_tensor(rows[-1][name]) for name in ("drift", "drift_second"))
        on_step()
        end = torch.where((drift >= DEPARTURE) & torch.isinf(end), nets.times + AFTER / rate, end)
        kept = (nets.times < end) & (features < BLOW_UP) & (drift < RUNAWAY)
        if not kept.any():
            return _joined(rows)
        if not kept.all():
            nets.keep(kept)
            speed, end = speed[kept], end[kept]
            gradients = (gradients[0][kept], gradients[1][kept])
    if departed := int(torch.isfinite(end).sum()):
        raise Unsettled(f"{departed} nets have departed and not come to their end after {MOST_STEPS} steps")
    return _joined(rows)


def train_to_fit(nets: Nets, value: Value, *, learning_rate: float, on_step: Callable[[], None] = lambda: None) -> Rows:
    """Gradient descent on a loss with minimum 0 until it is 1 % of its start. Rows at step counts 10 % apart, and last.

    Raises Unsettled where that takes more than 100,000 steps: no claim says that it does not.
    Source: docs/theory.md §4.
    """
    _, start, _ = nets.gradient(nets.layers, value)

    def ended(losses: torch.Tensor) -> torch.Tensor:
        return losses <= REMAINDER * start[nets.seeds]

    return _descend(nets, value, torch.full_like(nets.times, learning_rate), ended, on_step)


def train_to_plateau(
    nets: Nets, value: Value, *, step: float, landing: float, on_step: Callable[[], None] = lambda: None
) -> Rows:
    """Gradient descent until the second half of the time has changed the loss by less than 2 % of its decrease.

    η = `step`/(growth rate at the start), or as much as moves one representation by its own norm, if that is less: no
    step jumps over a zero. One step ends at the time `landing`/(growth rate at the start), which has a row. Rows and
    errors as in `train_to_fit`. Source: docs/theory.md §4.
    """
    _, start, _ = nets.gradient(nets.layers, value)
    rates = step / growth_rate(nets, value)
    mark_time, mark_loss = SETTLING / 2 * rates, torch.full_like(start, math.nan)

    def ended(losses: torch.Tensor) -> torch.Tensor:
        seeds = nets.seeds
        due = nets.times >= 2 * mark_time[seeds]
        # A step beside a zero of a representation may raise the loss: that is no plateau either.
        flat = (mark_loss[seeds] - losses).abs() < PLATEAU * (start[seeds] - losses)
        mark_time[seeds[due]], mark_loss[seeds[due]] = nets.times[due], losses[due]
        return due & flat

    return _descend(nets, value, rates, ended, on_step, most_moved=1.0, landing=landing / step * rates)


def growth_rate(nets: Nets, value: Value) -> torch.Tensor:
    """‖U̇‖_F/‖U‖_F of the outputs under gradient flow (S,), from a step of 1e−6 of the size of the weights."""
    U, _, gradients = nets.gradient(nets.layers, value)
    eta = FEELER * size(nets.layers) / size(gradients)
    return _distance(nets.outputs(moved(nets.layers, gradients, eta)), U) / eta


def _descend(
    nets: Nets,
    value: Value,
    rates: torch.Tensor,
    ended: Callable[[torch.Tensor], torch.Tensor],
    on_step: Callable[[], None],
    *,
    most_moved: float = math.inf,
    landing: torch.Tensor | None = None,
) -> Rows:
    """Gradient descent at η = `rates` (S,), less where the output at a point would move by `most_moved` of its norm.

    One step of every net ends at its time `landing` (S,).
    """
    rows: list[Rows] = []
    U, losses, gradients = nets.gradient(nets.layers, value)
    _record(rows, nets, losses)
    look = 1
    for number in range(1, MOST_STEPS + 1):
        left = torch.full_like(rates, math.inf) if landing is None else _ahead(landing - nets.times, landing)
        eta = torch.minimum(rates, left)
        tried = moved(nets.layers, gradients, eta)
        new_U, new_losses, new_gradients = nets.gradient(tried, value)
        # In proportion: a step that is halved at a bound would jump there, and the net with it.
        shorter = eta * (most_moved / _farthest(new_U, U)).clamp(max=1)
        if (shorter < eta).any():
            eta = shorter
            tried = moved(nets.layers, gradients, eta)
            new_U, new_losses, new_gradients = nets.gradient(tried, value)
        nets.layers, nets.times = tried, nets.times + eta
        U, losses, gradients = new_U, new_losses, new_gradients
        on_step()
        done = ended(losses)
        if number >= look or done.any() or (eta == left).any():
            _record(rows, nets, losses)
            look = math.ceil(LOOKS * look)
        if done.all():
            return _joined(rows)
        if done.any():
            kept = ~done
            nets.keep(kept)
            U, losses, rates = U[kept], losses[kept], rates[kept]
            gradients = (gradients[0][kept], gradients[1][kept])
            landing = landing if landing is None else landing[kept]
    raise Unsettled(f"{len(nets.seeds)} nets have not converged after {MOST_STEPS} steps")


def _ahead(left: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
    """Times that are left, infinite where there is none but rounding."""
    return torch.where(left > 1e-9 * of, left, math.inf)


def _loss_rate(losses: torch.Tensor, gradients: Layers) -> torch.Tensor:
    """Growth rate of √|L| under gradient flow (S,)."""
    return size(gradients).square() / (2 * losses.abs())


def _distance(new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    """‖U' − U‖_F/‖U‖_F of every net (S,)."""
    distance: torch.Tensor = torch.linalg.matrix_norm(new - old) / torch.linalg.matrix_norm(old)
    return distance


def _farthest(new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    """max_i |u_i' − u_i|/|u_i| of every net (S,), 0 for what has not moved."""
    moved = torch.linalg.vector_norm(new - old, dim=-1)
    shares = torch.where(moved > 0, moved / torch.linalg.vector_norm(old, dim=-1), 0.0)
    return shares.amax(dim=-1)


def _record(rows: list[Rows], nets: Nets, losses: torch.Tensor, **more: torch.Tensor) -> None:
    columns = {"seed": nets.seeds, "time": nets.times, "value": losses, **more}
    rows.append({**{name: column.cpu().numpy() for name, column in columns.items()}, **nets.drift()})


def _joined(rows: list[Rows]) -> Rows:
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
