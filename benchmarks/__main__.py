"""`python -m benchmarks`: measure all and write the report, check ratios against the baseline, or set the baseline."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from benchmarks import kernel, pipeline, plot, report, shares, training, trajectory
from benchmarks.baseline import key, regressions
from benchmarks.growth import grow
from benchmarks.peers import Peers
from benchmarks.pipeline import Measure
from benchmarks.problems import LinearProblem, files_for_peers, linear_problem, net
from benchmarks.turns import Comparison, keep_freed_memory, take
from ssl_dynamics.engine.run_record import surroundings

RESULTS = Path("results/benchmark")
JSON = RESULTS / "benchmark.json"
PAGE, PICTURE = Path("docs/benchmark.md"), Path("docs/figures/benchmark.svg")
QUICK = Path("config/quick.yaml")
BASELINE = Path(__file__).with_name("baseline.json")
USAGE = "usage: python -m benchmarks measure CONFIG | check | baseline | memory"


def main(arguments: list[str]) -> None:
    match arguments:
        case ["measure", config]:
            try:
                measure(Path(config))
            except (OSError, ValueError) as error:  # a configuration, or a log of a run, that is not there
                sys.exit(str(error))
        case ["check"]:
            try:
                check()
            except (OSError, ValueError) as error:  # a baseline that is not there, or of other rows
                sys.exit(str(error))
        case ["baseline"]:
            if not JSON.is_file():
                sys.exit(f"{JSON}: nothing has been measured yet: make benchmark")
            shutil.copyfile(JSON, BASELINE)
        case ["memory"]:
            with threadpool_limits(1):
                print(kernel.memory())
        case _:
            sys.exit(USAGE)


def measure(config: Path) -> None:
    """Everything, into results/benchmark and the page in docs."""
    pipelines = {of: tuple(values) for values, of in map(pipeline.measures, dict.fromkeys((config, QUICK)))}
    parts = {next(iter(pipelines)): shares.parts(config, say)}
    again = pipeline.reruns(QUICK) if all(pipelines.values()) else []
    answer = subprocess.run([sys.executable, "-m", "benchmarks", "memory"], capture_output=True, text=True, check=True)
    peak = Measure(
        "peak memory of a full tangent kernel, n = 1,000",
        float(answer.stdout),
        most=kernel.MOST_MEMORY,
        note="over its result and its activations",
    )
    with prepared() as (problem, comparisons):
        rows = tuple(take(comparisons, say))
        say("growth")
        growths = tuple(map(grow, [*training.growing(problem), *kernel.growing()]))
    found = report.Report(surroundings(), rows, growths, peak, pipelines, tuple(again), parts)
    found.write(JSON)
    write(report.read(JSON))
    say(f"{JSON.parent} and {PAGE} are written")


def write(found: report.Report) -> None:
    """Tables and figure of a report."""
    report.frame(found).to_csv(RESULTS / "benchmark.csv", index=False)
    figure = plot.draw(found)
    plot.save(figure, RESULTS / "benchmark.svg", RESULTS / "benchmark.png", PICTURE, PICTURE.with_suffix(".png"))
    page = report.markdown(found, PICTURE.relative_to(PAGE.parent).as_posix())
    for path, text in ((PAGE, page), (RESULTS / "benchmark.md", page.replace("figures/", ""))):
        path.write_text(text, encoding="utf-8")


def check() -> None:
    """Exit 1, naming them, if ratios have fallen past the margin; what falls short is measured once more first."""
    baseline = report.read(BASELINE).rows
    with prepared() as (_, comparisons):
        fallen = regressions(baseline, take(comparisons, say))
        if fallen:
            say(f"measured again: {len(fallen)} rows")
            again = [each for each in comparisons if any(key_[:2] == (each.group, each.what) for key_ in fallen)]
            rows = [row for row in take(again, say) if key(row) in fallen]
            fallen = regressions([row for row in baseline if key(row) in fallen], rows)
    if fallen:
        sys.exit("\n".join(fallen.values()))
    say(f"no ratio of {len(baseline)} has fallen past its margin")


@contextmanager
def prepared() -> Iterator[tuple[LinearProblem, list[Comparison]]]:
    """All comparisons, warm, on one thread, with the peers at hand."""
    keep_freed_memory()
    torch.set_num_threads(1)
    problem, weights = linear_problem(), net()
    with threadpool_limits(1), files_for_peers(problem, weights) as paths, Peers() as peers:
        say("preparing")
        yield (
            problem,
            [
                *trajectory.comparisons(problem, peers, paths["linear"]),
                *kernel.comparisons(weights, peers, paths["net"]),
                *training.comparisons(problem),
            ],
        )


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
