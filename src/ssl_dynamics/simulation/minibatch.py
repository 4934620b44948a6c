"""Mini-batch training of the linear model on the Grassmannian, all seeds side by side."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ssl_dynamics.problem.losses import pair_loss
from ssl_dynamics.problem.names import Loss
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.device import to_tensor
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.training import pairs

Array = NDArray[np.float64]


def train_on_batches(
    triplets: Triplets,
    start: Array,
    loss: Loss,
    streams: Sequence[np.random.Generator],
    *,
    batch: int,
    learning_rate: float,
    checkpoints: Sequence[int],
    on_step: Callable[[int], None] = lambda _: None,
) -> Array:
    """Weights (S, T, d, z) at the checkpoints of W ← qf(W − η(I − WWᵀ)∇L_B), L_B the loss on a batch.

    Every step of every seed draws `batch` triplets, with replacement, from the stream of this seed; `start` (S, d, z)
    float64 orthonormal, one stream each; `checkpoints` are step counts, increasing, 0 allowed. Raises ValueError for
    batch < 1 or another number of streams, FloatingPointError if the weights cease to be finite. Source:
    docs/theory.md §5.
    """
    if batch < 1:
        raise ValueError(f"batch must hold at least one triplet; got {batch}")
    if len(streams) != len(start):
        raise ValueError(f"{len(streams)} random streams for {len(start)} starts; expected one for each")
    data = torch.stack(pairs(triplets, loss), 1)  # anchor and what attracts it side by side: one gather a step
    W = to_tensor(np.ascontiguousarray(start))
    S, d, _ = W.shape
    manifold = Grassmannian()
    saved = []
    step = 0
    for checkpoint in checkpoints:
        while step < checkpoint:
            drawn = np.concatenate([random.integers(len(data), size=batch) for random in streams])
            rows = data.index_select(0, to_tensor(drawn)).reshape(S, batch * 2, d)
            W = W.detach().requires_grad_(True)
            u = torch.bmm(W.mT, rows.mT).reshape(S, -1, batch, 2)
            value = pair_loss(u[..., 0].mT, u[..., 1].mT).sum()
            W = manifold.step(W.detach(), torch.autograd.grad(value, W)[0], learning_rate).weights
            step += 1
            on_step(step)
        if not torch.isfinite(W).all():
            raise FloatingPointError(f"weights are not finite after step {step}: learning rate {learning_rate:.3g}")
        saved.append(W.detach())
    return torch.stack(saved, 1).cpu().numpy()
