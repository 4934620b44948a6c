"""Stage `labelled`: the labelled train and test items, on which probes are trained and scored."""

from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.data.config import LabelledSettings
from ssl_dynamics.problem.datasets import load


def labelled(job: Job[LabelledSettings]) -> None:
    dataset = load(job.settings.dataset, job.settings.dataset_name, job.settings.root_seed)
    names = ("train", "train_labels", "test", "test_labels")
    arrays = {name: getattr(dataset, name) for name in names}
    job.log.info("labelled items: %s", {name: array.shape for name, array in arrays.items()})
    write_arrays(job.output("labelled"), arrays)
