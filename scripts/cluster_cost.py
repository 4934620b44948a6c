"""What training nets up to width 2^13 with 100 seeds costs, and how long it takes on how many cores.

Usage, after `make` (a few minutes): python scripts/cluster_cost.py [results/full]

The sweep is the experiment `drift` of config/full.yaml with 100 seeds at every width: two data sets, two losses, three
activations, nine widths, by dot product and by cosine; and the regression, which knows no loss. One seed of width 2^13
is trained on each of them, by the functions of the stages, in CPU time on one thread, which other programs disturb
least. Every operation is linear in the width: a job costs that times its seeds times h/2^13. The jobs of the finished
run, predicted so, stand beside what their benchmarks say; they take longer, since seeds side by side need memory that
is new at every step. The projection takes that share more, also for jobs of one seed, which do not.
"""

import csv
import heapq
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from ssl_dynamics.config import load_config
from ssl_dynamics.experiments.drift.config import Drift, NetsSettings
from ssl_dynamics.experiments.drift.design import regression_targets, starts
from ssl_dynamics.experiments.drift.simulate import train_cosine, train_dot_product, train_supervised
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.shared_files import read_triplets

SEEDS = 100
# Core-seconds that a submission takes beside its work: two Snakemakes, one in the other, that read the workflow.
START = 5.0
SUBMISSION = 0.1  # seconds from one to the next
# Three steps follow one another: data, nets, tables and figures. Work of the first and the last, in seconds, and how
# long Snakemake takes to notice that a step has ended.
BEFORE, AFTER, NOTICED = 5.0, 180.0, 10.0

Cell = tuple[str, str | None]  # data set and loss, which the regression has not
Costs = dict[tuple[Cell, str, str], float]  # cell, activation, objective: seconds of one seed at the greatest width


def main(results: Path) -> None:
    config = load_config(Path("config/full.yaml"))
    drift: Drift = config.value("drift")
    costs: Costs = {}
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for dataset in config.points.datasets:
            settings = NetsSettings(
                root_seed=config.root_seed,
                seeds=1,
                dataset_name=dataset,
                dimension=drift.dimensions[0],
                drift=drift.model_copy(update={"widths": drift.widths[-1:]}),
            )
            costs |= measured(settings, read_triplets(results / dataset / "points.npz"))
    slower = print_check(costs, drift, config.seeds, results / "benchmarks")
    print_projection({name: slower * seconds for name, seconds in costs.items()}, drift)


def measured(settings: NetsSettings, points: Triplets) -> Costs:
    """CPU seconds of one seed at the greatest width, on everything that it is trained on."""
    drift, dataset = settings.drift, settings.dataset_name
    costs: Costs = {}

    def take(loss: str | None, activation: str, objective: str, since: float) -> None:
        taken = costs[(dataset, loss), activation, objective] = time.process_time() - since
        print(f"one seed, width {drift.widths[-1]}: {dataset} {loss or ''} {activation} {objective}: {taken:.1f} s")

    for start in starts(settings, points.anchor.shape[1]):
        since = time.process_time()
        targets = regression_targets(settings, points.anchor, start.activation)
        train_supervised(start, points.anchor, targets, drift)
        take(None, start.activation, "regression", since)
        for loss in drift.losses:
            since = time.process_time()
            train_dot_product(start, points, loss, drift)
            take(loss, start.activation, "dot product", since)
            since = time.process_time()
            train_cosine(start, points, loss, drift)
            take(loss, start.activation, "cosine", since)
    return costs


def print_check(costs: Costs, drift: Drift, seeds: int, benchmarks: Path) -> float:
    """The jobs of the finished run, with fewer seeds of wide nets, fewest by cosine; returns the measured share."""
    trained = {
        "dot product": [drift.seeds_of(h, seeds) for h in drift.widths],
        "cosine": [min(drift.seeds_of(h, seeds), drift.cosine.hidden_units // h) for h in drift.widths],
    }
    trained["regression"] = trained["dot product"]
    totals = [0.0, 0.0]
    print("\njobs of the finished run: seconds predicted, seconds and memory measured")
    for dataset, loss in dict.fromkeys(cell for cell, _, _ in costs):
        predicted = sum(
            seconds * sum(n * h for n, h in zip(trained[objective], drift.widths, strict=True)) / drift.widths[-1]
            for (cell, _, objective), seconds in costs.items()
            if cell == (dataset, loss)
        )
        job = f"{dataset}/{loss}/drift/z2/simulate" if loss else f"{dataset}/drift/z2/supervised"
        with (benchmarks / f"{job}.tsv").open() as file:
            (row,) = csv.DictReader(file, delimiter="\t")
        print(f"  {job:52}{predicted:6.0f}{float(row['s']):6.0f} s{float(row['max_rss']) / 1000:6.1f} GB")
        totals = [totals[0] + predicted, totals[1] + float(row["s"])]
    print(f"measured over predicted: {totals[1] / totals[0]:.2f}")
    return totals[1] / totals[0]


def print_projection(costs: Costs, drift: Drift) -> None:
    whole: dict[Cell, float] = {}
    for (cell, _, _), seconds in costs.items():
        whole[cell] = whole.get(cell, 0) + seconds * SEEDS * sum(drift.widths) / drift.widths[-1]
    print(f"\nthe sweep, {SEEDS} seeds: {sum(whole.values()) / 3600:.1f} core-hours of training")
    ways = {"a job for each data set and loss, as it is": list(whole.values())}
    for most in (10, 4, 1):
        ways[f"and activation, width and {most} seeds of 2^13"] = list(split(costs, drift, most))
    for way, jobs in ways.items():
        print(f"  {way}: {len(jobs)} jobs, the longest {max(jobs) / 60:.1f} min")
        for cores in (1, 10, 1000):
            hours = (sum(jobs) + len(jobs) * START + BEFORE + AFTER) / 3600
            print(f"    {cores:5} cores: {hours:5.1f} core-hours, {elapsed(jobs, cores) / 60:6.1f} min")


def split(costs: Costs, drift: Drift, most: int) -> Iterator[float]:
    """Seconds of jobs of one activation and width, with at most the hidden units of `most` nets of the greatest."""
    widest = drift.widths[-1]
    together: dict[tuple[Cell, str], float] = {}
    for (cell, activation, _), seconds in costs.items():
        together[cell, activation] = together.get((cell, activation), 0) + seconds
    for seconds in together.values():
        for h in drift.widths:
            chunk = min(SEEDS, most * widest // h)
            yield from (min(chunk, SEEDS - first) * seconds * h / widest for first in range(0, SEEDS, chunk))


def elapsed(jobs: list[float], cores: int) -> float:
    """Seconds of the whole run: the longest jobs first, each on the first core that is free."""
    free = [0.0] * cores
    for number, seconds in enumerate(sorted(jobs, reverse=True)):
        begin = max(heapq.heappop(free), number * SUBMISSION)
        heapq.heappush(free, begin + START + seconds)
    return BEFORE + AFTER + max(free) + 2 * START + 3 * NOTICED


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("results/full"))
