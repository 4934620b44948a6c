"""Stage `solve_depth`: growth on the kernel of the start, and the flow on the features of the start, from A alone."""

import numpy as np

from ssl_dynamics.kernels.three_layer import three_layer_features, three_layer_ntk
from ssl_dynamics.pipeline import depth_plan as plan
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.points import all_points
from ssl_dynamics.pipeline.settings import DepthSettings
from ssl_dynamics.pipeline.stage import Job, main
from ssl_dynamics.problem import coupling_matrix
from ssl_dynamics.theory import random_feature_flow
from ssl_dynamics.theory.frozen_kernel import fastest_rate, frozen_kernel_change

# Growth on the kernel of the start is computed up to this time, in units of 1/(fastest rate), at so many moments.
HORIZON, MOMENTS = 15.0, 301


def compute(job: Job[DepthSettings]) -> None:
    settings, points = job.settings, read_arrays(job.input("points"))
    X, n = all_points(points), len(points["anchor"])
    A = coupling_matrix(n, loss=settings.loss)
    tau = plan.checkpoints(settings)
    times = tau * plan.time_unit(settings, X)
    solution: Arrays = {"tau": tau}
    for width in settings.depth.widths:
        W1, W2, W3 = plan.start(settings, X.shape[1], width)
        kernels, outputs = three_layer_ntk(X, W1, W2, W3), three_layer_features(X, W1, W2) @ W3
        rates = fastest_rate(kernels, A)
        moments = np.linspace(0, HORIZON, MOMENTS) / rates[:, None]
        solution |= {
            f"rates_{width}": rates,
            f"moments_{width}": moments,
            f"change_{width}": frozen_kernel_change(kernels, A, outputs, moments),
        }
    for width in settings.depth.constrained_widths:
        W1, W2, W3 = plan.start(settings, X.shape[1], width)
        features = three_layer_features(X, W1, W2)
        flows = [
            random_feature_flow(psi, A, W, times)[:, :n] for psi, W in zip(features, plan.orthonormal(W3), strict=True)
        ]
        solution[f"outputs_{width}"] = np.stack(flows)
    write_arrays(job.output("solution"), solution)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_depth", DepthSettings, compute)
