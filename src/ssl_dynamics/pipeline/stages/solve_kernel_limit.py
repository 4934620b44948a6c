"""Stage `solve_kernel_limit`: the tangent kernel of infinite width on the points, by activation and layer."""

from ssl_dynamics.kernels import infinite_width_ntk
from ssl_dynamics.kernels.infinite_width import COVARIANCES
from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.points import all_points
from ssl_dynamics.pipeline.settings import NoSettings
from ssl_dynamics.pipeline.stage import Job, main


def compute(job: Job[NoSettings]) -> None:
    points = read_arrays(job.input("points"))
    X = all_points(points)
    limit: Arrays = {}
    for activation in COVARIANCES:
        for block in ("first", "second"):
            limit[f"{block}_{activation}"] = infinite_width_ntk(X, activation=activation, block=block)
    write_arrays(job.output("limit"), limit)


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.solve_kernel_limit", NoSettings, compute)
