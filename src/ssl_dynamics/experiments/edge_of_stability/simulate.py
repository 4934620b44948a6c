"""Trains with every retraction, all step sizes and starts side by side."""

import numpy as np

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job, Progress
from ssl_dynamics.experiments.edge_of_stability.config import BESIDE_STEPS, ORBITS
from ssl_dynamics.experiments.edge_of_stability.design import Design, Trajectories
from ssl_dynamics.problem.triplets import Array
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import to_tensor, train_on
from ssl_dynamics.simulation.manifolds import Grassmannian, SideBySide, geodesic, polar_retraction
from ssl_dynamics.simulation.training import train

MANIFOLDS = {
    "qr": Grassmannian(),
    "polar": Grassmannian(polar_retraction),
    "geodesic": Grassmannian(geodesic),
}


def simulate(job: Job[TrainingSettings]) -> None:
    """Stage `simulate_edge_of_stability`."""
    train_on(job.settings.device)
    plan = Design.load(job.input("schedule"))
    triplets = plan.used(read_triplets(job.input("triplets")))
    progress = Progress(job, sum(plan.steps[orbit] + BESIDE_STEPS for orbit in ORBITS.values()))

    def trained(retraction: str, starts: Array, step_sizes: Array, checkpoints: list[int]) -> Array:
        """Weights (H, S, T, d, z) from starts (H, S, d, z)."""
        lead = starts.shape[:2]
        factors = to_tensor(np.repeat(step_sizes, lead[1]))
        weights = train(
            triplets,
            starts.reshape(-1, *starts.shape[2:]),
            job.settings.loss,
            SideBySide(MANIFOLDS[retraction], factors),
            learning_rate=plan.limit,
            checkpoints=checkpoints,
            on_step=lambda _: progress.advance(),
        ).weights
        return weights.reshape(*lead, *weights.shape[1:])

    everywhere = np.broadcast_to(plan.start, (len(plan.step_sizes), *plan.start.shape))
    Trajectories(
        weights={
            name: trained(name, everywhere, plan.step_sizes, plan.checkpoints(orbit)) for name, orbit in ORBITS.items()
        },
        beside={
            name: trained(name, plan.beside[orbit], plan.beyond, [BESIDE_STEPS])[:, :, 0]
            for name, orbit in ORBITS.items()
        },
    ).save(job.output("trajectories"))
