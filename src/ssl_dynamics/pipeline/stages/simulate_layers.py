"""Stage `simulate_layers`: train two-layer nets of every width on the loss over the triplets, at every step size."""

import torch

from ssl_dynamics.pipeline.artifacts import Arrays, read_arrays, write_arrays
from ssl_dynamics.pipeline.experiments import TwoLayerKind
from ssl_dynamics.pipeline.schedule import Schedule
from ssl_dynamics.pipeline.settings import SimulateLayersSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.layers import Metric, Net, train_layers


def compute(job: Job[SimulateLayersSettings]) -> None:
    settings = job.settings
    stored = read_arrays(job.input("triplets"))
    triplets = Triplets(stored["anchor"], stored["positive"], stored["negative"])
    plan = read_arrays(job.input("layers"))
    schedule = Schedule(plan["learning_rates"], plan["coarse_steps"], len(plan["coarse_steps"]))
    progress = Progress(job, schedule.total_steps)
    arrays: Arrays = {}
    for level, rate in enumerate(schedule.learning_rates):
        nets = nets_at_start(plan, settings.kind, coarsest=level == len(schedule.learning_rates) - 1)
        trained = train_layers(
            triplets,
            list(nets.values()),
            settings.loss,
            learning_rate=float(rate),
            checkpoints=schedule.checkpoints(level),
            on_step=lambda _: progress.advance(),
        )
        for (metric, width), trajectory in zip(nets, trained, strict=True):
            for name, values in vars(trajectory).items():
                arrays[f"{name}_{metric}_{width}_{level}"] = values
    write_arrays(job.output("trajectories"), arrays)


def nets_at_start(plan: Arrays, kind: TwoLayerKind, *, coarsest: bool) -> dict[tuple[Metric, int], Net]:
    """Nets by metric and width: on the Grassmannian at all widths; narrow ones on Stiefel where theory knows the speed.

    At widths between z and d, where it does not, Stiefel nets are trained at the coarsest step size only.
    """
    widths = [int(width) for width in plan["widths"]]
    chosen: list[tuple[Metric, int]] = [("grassmann", width) for width in widths]
    if kind == "narrow":
        d, z = plan["start"].shape[1:]
        chosen += [("stiefel", width) for width in widths if coarsest or width in (z, d)]
        chosen += [("canonical", width) for width in widths if width == d]
    return {
        (metric, width): Net(
            torch.from_numpy(plan[f"first_{width}"]),
            torch.from_numpy(plan[f"second_{width}"]),
            wide=kind == "wide",
            metric=metric,
        )
        for metric, width in chosen
    }


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_layers", SimulateLayersSettings, compute)
