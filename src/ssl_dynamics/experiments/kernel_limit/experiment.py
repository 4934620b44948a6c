"""The limit of infinite width of tangent kernels, as data."""

from ssl_dynamics.cells import CompareSettings
from ssl_dynamics.description import POINTS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.kernel_limit.config import KernelLimit, SimulateSettings, SolveSettings

KERNEL_LIMIT = Experiment(
    "kernel_limit",
    settings=KernelLimit,
    part="tangent-kernel",
    tables=("kernel_limit",),
    on_points=True,
    repetitions="kernel_limit.seeds",
)
CELL = cell("kernel_limit")

COMPARE = compare_stage(
    KERNEL_LIMIT,
    rule="compare_kernel_limit",
    function="compare:compare",
    settings=CompareSettings,
    reads=files("kernel_limit", "distances", "limit"),
)

FAMILY = Family(
    experiments=(KERNEL_LIMIT,),
    stages=(
        Stage(
            rule="solve_kernel_limit",
            function="solve:solve",
            settings=SolveSettings,
            reads={"points": POINTS},
            writes={"limit": f"{CELL}/limit.npz"},
            provenance="solve",
            message="tangent kernels of infinite width",
        ),
        Stage(
            rule="simulate_kernel_limit",
            function="simulate:simulate",
            settings=SimulateSettings,
            given={name: f"kernel_limit.{name}" for name in ("seeds", "widths", "nets")},
            reads={"points": POINTS, "limit": f"{CELL}/limit.npz"},
            writes={"distances": f"{CELL}/distances.npz"},
            provenance="simulate",
            message="tangent kernels of finite width",
            memory=3000,
        ),
        COMPARE,
    ),
    equations=(COMPARE,),  # nothing is trained
    figures=(
        Figure(
            "kernel-limit",
            tables=("kernel_limit",),
            finding="The kernel of random nets tends to that of infinite width: its mean square distance is "
            "{A4-kernel-limit} times the predicted V/h where it is farthest from it.",
        ),
    ),
)
