"""Takes a step on the loss over the triplets."""

from ssl_dynamics.cells import TrainingSettings
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.first_step.design import Design, Falls
from ssl_dynamics.problem.losses import pair_loss
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.simulation.device import to_tensor, train_on
from ssl_dynamics.simulation.training import loss_gradient, pairs, representations


def simulate(job: Job[TrainingSettings]) -> None:
    train_on(job.settings.device)
    design, views = Design.load(job.input("design")), pairs(read_triplets(job.input("triplets")), job.settings.loss)
    W = to_tensor(design.start)
    stepped = W - design.learning_rate * loss_gradient(W, views)
    before, after = (pair_loss(*representations(weights, views)) for weights in (W, stepped))
    Falls((before - after).cpu().numpy()).save(job.output("trained"))
