"""Training of unconstrained two-layer linear nets in the NTK parameterisation, until they run away; seeds batched."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.device import to_tensor

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Watched:
    """What was observed of each net after every `every` steps, until all of them had passed the limit."""

    values: Array  # (S, T); a net that has passed the limit rests, and so does its value
    steps: NDArray[np.int64]  # (T,)


def train_linear_nets(
    triplets: Triplets,
    first: Array,
    second: Array,
    loss: Loss,
    *,
    learning_rate: float,
    every: int,
    most_steps: int,
    observe: Callable[[Array, Array], Array],
    limit: float,
    on_step: Callable[[], None] = lambda: None,
) -> Watched:
    """Gradient descent of the loss on the triplets for u = W_2ᵀW_1x/√(dh), by automatic differentiation.

    first W_1 (S, h, d), second W_2 (S, h, z), float64. `observe(W_1, W_2)` gives one value for each net (S,); it is
    asked at step 0 and after every `every` steps. A net whose value has reached `limit` is not trained further: the
    loss has no lower bound, and its weights would become infinite. The run ends when all have, or after `most_steps`.
    Raises FloatingPointError if a value is not finite.
    """
    data = [to_tensor(part) for part in (triplets.anchor, triplets.positive, triplets.negative)]
    W1, W2 = (to_tensor(weights.copy()).requires_grad_(True) for weights in (first, second))
    scale = 1 / np.sqrt(W1.shape[-1] * W1.shape[-2])
    values: list[Array] = []
    steps = list(range(0, most_steps + 1, every))
    for count in range(len(steps)):
        values.append(observe(W1.detach().cpu().numpy(), W2.detach().cpu().numpy()))
        if not np.isfinite(values[-1]).all():
            raise FloatingPointError(
                f"a net is not finite after step {steps[count]}: learning rate {learning_rate:.3g}"
            )
        running = values[-1] < limit
        if count + 1 == len(steps) or not running.any():
            break
        rates = to_tensor(learning_rate * running)[:, None, None]
        for _ in range(every):
            end_to_end = scale * (W1.mT @ W2)
            u_anchor, u_positive, u_negative = (x @ end_to_end for x in data)
            total = loss_value(u_anchor, u_positive, u_negative, loss).sum()  # seeds share nothing
            gradients = torch.autograd.grad(total, (W1, W2))
            with torch.no_grad():
                W1 -= rates * gradients[0]
                W2 -= rates * gradients[1]
            on_step()
    return Watched(np.stack(values, -1), np.array(steps[: len(values)]))
