"""Takes a step on the loss over the triplets."""

import torch

from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.first_step.design import Design, Falls
from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.manifolds import Euclidean
from ssl_dynamics.simulation.training import representations, train


def simulate(job: Job[LossSettings]) -> None:
    views, design = read_triplets(job.input("triplets")), Design.load(job.input("design"))
    data = [torch.from_numpy(view) for view in (views.anchor, views.positive, views.negative)]
    W = train(
        views, design.start, job.settings.loss, Euclidean(), learning_rate=design.learning_rate, checkpoints=[0, 1]
    ).weights
    before, after = (loss_value(*representations(torch.from_numpy(W[:, t]), data), job.settings.loss) for t in (0, 1))
    Falls((before - after).numpy()).save(job.output("trained"))
