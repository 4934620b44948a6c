"""Run by `peers.py` in the environment of the peers: a task a line on stdin, what it took a line on stdout."""

import functools
import json
import os
import sys
import time
import types

# One thread, as everything else here; jax has its own.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
# Needs TensorFlow, and nothing here uses it.
sys.modules["neural_tangents.experimental"] = types.ModuleType("neural_tangents.experimental")

import jax

jax.config.update("jax_enable_x64", val=True)

import jax.numpy as jnp
import neural_tangents as nt
import numpy as np
import pymanopt
from pymanopt.manifolds import Grassmann
from pymanopt.optimizers import SteepestDescent


def main():
    answers, sys.stdout = sys.stdout, sys.stderr
    tasks = {"tangent kernel": tangent_kernel, "descent": descent, "descent seconds": descent_seconds}
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(tasks[request.pop("task")](**request)), file=answers, flush=True)


def tangent_kernel(problem, n, *, trace):
    """Seconds of a kernel by structured derivatives, compiled and warm."""
    kernel, X, weights = compiled(problem, n, trace)
    started = time.process_time()
    kernel(X, None, weights).block_until_ready()
    return time.process_time() - started


@functools.cache
def compiled(problem, n, trace):
    stored = np.load(problem)
    weights = (jnp.asarray(stored["W1"].T.copy()), jnp.asarray(stored["W2"]))
    (d, h), X = weights[0].shape, jnp.asarray(stored["X"][:n])

    def net(weights, x):
        first, second = weights
        return (2 / h) ** 0.5 * jnp.maximum(d**-0.5 * x @ first, 0) @ second

    # Without vmap_axes, or with a transpose in the net, Jacobians are formed that hold 39 GB of zeros or more.
    kernel = nt.empirical_ntk_fn(
        net,
        trace_axes=(-1,) if trace else (),
        vmap_axes=0,
        implementation=nt.NtkImplementation.STRUCTURED_DERIVATIVES,
    )
    return jax.jit(kernel).lower(X, None, weights).compile(), X, weights


class ConstantStep:
    """In place of a line search, which would leave the flow: x ← R_x(ηd) with a step η of always the same size."""

    def __init__(self, step):
        self._step = step

    def search(self, _objective, manifold, x, d, _f0, _df0):
        return self._step, manifold.retraction(x, self._step * d)


def run(C, W, step, steps):
    """Steps of steepest descent of Tr(WᵀCW) on the Grassmannian, whose gradient is given."""
    manifold = Grassmann(*W.shape)

    @pymanopt.function.numpy(manifold)
    def cost(W):
        return np.sum(W * (C @ W))

    @pymanopt.function.numpy(manifold)
    def gradient(W):
        return 2 * C @ W

    problem = pymanopt.Problem(manifold, cost, euclidean_gradient=gradient)
    endless = {"min_gradient_norm": 0.0, "min_step_size": 0.0, "max_time": float("inf")}
    descent = SteepestDescent(ConstantStep(step), max_iterations=steps, verbosity=0, **endless)
    return descent.run(problem, initial_point=W).point


def descent(problem, output, step, checkpoints):
    """Writes W at the checkpoints, counted in steps."""
    stored = np.load(problem)
    W, done, saved = stored["W0"], 0, []
    for checkpoint in checkpoints:
        if checkpoint > done:
            W = run(stored["C"], W, step, checkpoint - done)
        done = checkpoint
        saved.append(W)
    np.save(output, np.stack(saved))
    return 0.0


def descent_seconds(problem, step, steps):
    """Seconds of a step, over so many."""
    C, W0 = loaded(problem)
    started = time.process_time()
    run(C, W0, step, steps)
    return (time.process_time() - started) / steps


@functools.cache
def loaded(problem):
    stored = np.load(problem)
    return stored["C"], stored["W0"]


if __name__ == "__main__":
    main()
