"""Trains two-layer nets of every width on the loss over the triplets, at every step size."""

from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.widths.config import SimulateSettings
from ssl_dynamics.experiments.widths.design import DESIGNS, Array, NarrowDesign, Trajectories, WideDesign
from ssl_dynamics.problem.names import Metric
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import to_tensor, train_on
from ssl_dynamics.simulation.layers import Net, train_layers


def simulate(job: Job[SimulateSettings]) -> None:
    """Stage `simulate_layers`."""
    train_on(job.settings.device)
    settings = job.settings
    triplets = read_triplets(job.input("triplets"))
    design = DESIGNS[settings.kind].load(job.input("layers"))
    schedule = design.schedule
    progress = Progress(job, schedule.total_steps)
    weights: dict[tuple[str, int, int], Array] = {}
    orthonormality: dict[tuple[str, int, int], Array] = {}
    for level, rate in enumerate(schedule.learning_rates):
        nets = nets_at_start(design, coarsest=level == len(schedule.learning_rates) - 1)
        trained = train_layers(
            triplets,
            list(nets.values()),
            settings.loss,
            learning_rate=float(rate),
            checkpoints=schedule.checkpoints(level),
            on_step=lambda _: progress.advance(),
        )
        for (metric, width), trajectory in zip(nets, trained, strict=True):
            weights[metric, width, level] = trajectory.weights
            orthonormality[metric, width, level] = trajectory.orthonormality
    Trajectories(weights, orthonormality).save(job.output("trajectories"))


def nets_at_start(design: NarrowDesign | WideDesign, *, coarsest: bool) -> dict[tuple[Metric, int], Net]:
    """Nets by metric and width: on the Grassmannian at all widths; narrow ones on Stiefel where theory knows the speed.

    At widths between z and d, where it does not, Stiefel nets are trained at the coarsest step size only.
    """
    widths = [int(width) for width in design.widths]
    chosen: list[tuple[Metric, int]] = [("grassmann", width) for width in widths]
    if isinstance(design, NarrowDesign):
        d, z = design.start.shape[1:]
        chosen += [("stiefel", width) for width in widths if coarsest or width in (z, d)]
        chosen += [("canonical", width) for width in widths if width == d]
    return {
        (metric, width): Net(
            to_tensor(design.first[width]),
            to_tensor(design.second[width]),
            wide=isinstance(design, WideDesign),
            metric=metric,
        )
        for metric, width in chosen
    }
