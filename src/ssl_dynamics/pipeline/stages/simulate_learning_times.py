"""Stage `simulate_learning_times`: constrained training at one small step size, looked at often."""

from ssl_dynamics.pipeline.artifacts import read_arrays, write_arrays
from ssl_dynamics.pipeline.settings import SimulateLearningTimesSettings
from ssl_dynamics.pipeline.stage import Job, Progress, main
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.simulation.manifolds import Grassmannian
from ssl_dynamics.simulation.training import train


def compute(job: Job[SimulateLearningTimesSettings]) -> None:
    stored = read_arrays(job.input("triplets"))
    plan = read_arrays(job.input("plan"))
    checkpoints = plan["checkpoints"].tolist()
    progress = Progress(job, checkpoints[-1])
    trajectory = train(
        Triplets(stored["anchor"], stored["positive"], stored["negative"]),
        plan["start"],
        job.settings.loss,
        Grassmannian(),
        learning_rate=float(plan["learning_rate"]),
        checkpoints=checkpoints,
        on_step=lambda _: progress.advance(),
    )
    write_arrays(job.output("trajectory"), {"weights": trajectory.weights})


if __name__ == "__main__":
    main("ssl_dynamics.pipeline.stages.simulate_learning_times", SimulateLearningTimesSettings, compute)
