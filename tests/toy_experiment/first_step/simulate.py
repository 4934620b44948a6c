"""Takes a step on the loss over the triplets."""

import torch

from ssl_dynamics.cells import LossSettings
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.first_step.design import Design, Falls
from ssl_dynamics.problem.losses import loss_value
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.training import loss_gradient, representations


def simulate(job: Job[LossSettings]) -> None:
    views, design, loss = read_triplets(job.input("triplets")), Design.load(job.input("design")), job.settings.loss
    data = [torch.from_numpy(view) for view in (views.anchor, views.positive, views.negative)]
    W = torch.from_numpy(design.start)
    before, after = (
        loss_value(*representations(weights, data), loss)
        for weights in (W, W - design.learning_rate * loss_gradient(W, data, loss))
    )
    Falls((before - after).numpy()).save(job.output("trained"))
