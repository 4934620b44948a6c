"""The machinery of `make benchmark`, on times that are given: nothing is timed here."""

import csv
import json
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import __main__, baseline, growth, kernel, peers, pipeline, plot, report, training, trajectory, turns
from benchmarks.pipeline import Measure
from benchmarks.problems import LOSS, LinearProblem
from benchmarks.turns import Comparison, Peer, Row, Target
from problems import orthonormal, symmetric
from ssl_dynamics.kernels import two_layer
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.starts.gaussian_nets import gaussian_factor
from ssl_dynamics.problem.triplets import Triplets
from ssl_dynamics.theory import SolvedFlow, gram_curve, gram_state
from ssl_dynamics.theory.exponential_sums import node_count

TOP = Path(__file__).parents[1]


def scripted(name, times, said):
    """A clock that says when it is asked, and takes these times."""
    left = iter(times)

    def clock():
        said.append(name)
        return next(left)

    return clock


def row(ours=(1.0, 1.0), peers=(3.0, 3.0), limits=(), targets=(), **names):
    names = {"group": "trajectory", "what": "bases", "peer": "training", "limit": "products", "note": ""} | names
    return Row(targets=targets, ours=ours, peers=peers, limits=limits, **names)


def test_everything_is_timed_in_turn_and_ratios_are_those_of_a_turn():
    said = []
    fast = Peer("fast", scripted("fast", [2.0, 2.0], said))
    slow = Peer("slow", scripted("slow", [1.0, 3.0], said), calls=10)
    one = Comparison(
        "g", "one", scripted("ours", [1.0, 2.0], said), (fast, slow), "limit", scripted("limit", [0.5, 0.5], said)
    )
    two = Comparison(
        "g", "two", scripted("other", [1.0, 1.0], said), (Peer("peer", scripted("peer", [4.0, 5.0], said)),)
    )
    rows = turns.take([one, two], said.append, turns=2)
    a_turn = ["ours", "fast", "slow", "limit", "other", "peer"]
    assert said == [*a_turn, "turn 1 of 2", *a_turn, "turn 2 of 2"]
    assert [(each.what, each.peer) for each in rows] == [("one", "fast"), ("one", "slow"), ("two", "peer")]
    assert [each.ratios for each in rows] == [(2.0, 1.0), (10.0, 15.0), (4.0, 5.0)]
    assert [each.shares for each in rows] == [(0.5, 0.25), (0.5, 0.25), ()]


def test_short_calls_are_repeated_until_there_is_something_to_measure(monkeypatch):
    now = [0.0]
    calls = []

    def work():
        calls.append(1)
        now[0] += 0.01

    monkeypatch.setattr(time, "process_time", lambda: now[0])
    take = turns.clock(work)
    calls.clear()
    assert take() == pytest.approx(0.01)
    assert len(calls) == pytest.approx(turns.LEAST_SECONDS / 0.01)


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (Target("ratio", 3.0), True),
        (Target("ratio", 3.1), False),
        (Target("ratio", 0.95, 1.05), False),
        (Target("share", 0.5), True),
        (Target("share", 0.6), False),
    ],
)
def test_targets_are_for_medians(target, reached):
    measured = row((1.0, 1.0, 1.0), (3.0, 100.0, 2.0), (0.5, 0.1, 0.9))
    assert measured.reached(target) is reached


@given(st.floats(0.1, 3), st.integers(3, 8), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_exponent_and_its_error_are_those_of_least_squares(exponent, count, seed):
    sizes = 2.0 ** np.arange(count)
    exact, error = growth.fitted_exponent(sizes, 5 * sizes**exponent)
    assert (exact, error) == pytest.approx((exponent, 0), abs=1e-7)
    noisy = 5 * sizes**exponent * np.exp(np.random.default_rng(seed).standard_normal(count))
    design = np.stack([np.ones(count), np.log(sizes)], axis=1)
    solution, (squares,), _, _ = np.linalg.lstsq(design, np.log(noisy))
    covariance = squares / (count - 2) * np.linalg.inv(design.T @ design)
    fitted = growth.fitted_exponent(sizes, noisy)
    assert fitted == pytest.approx((solution[1], np.sqrt(covariance[1, 1])), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("exponent", "met"), [(1.0, True), (2.05, True), (2.2, False)])
def test_growth_is_held_against_that_of_the_operations(exponent, met):
    measured = growth.series("kernel", "n", (10, 20, 40), lambda n: lambda: float(n) ** exponent, lambda n: 7.0 * n**2)
    grown = growth.grow(measured, turns=2)
    assert (grown.exponent, grown.error, grown.expected) == pytest.approx((exponent, 0, 2), abs=1e-6)
    assert grown.seconds == pytest.approx([10.0**exponent, 20.0**exponent, 40.0**exponent])
    assert grown.met is met


def job(name, s, cpu, inputs, memory="100"):
    usage = {"s": str(s), "cpu_time": str(cpu), "max_rss": memory}
    return {
        "rule": name,
        "name": name,
        "starting": 0.1 * cpu,
        "usage": usage,
        "inputs": inputs,
        "outputs": [f"{name}.npz"],
    }


@given(st.integers(1, 5), st.data())
@settings(max_examples=40, deadline=None)
def test_critical_path_is_the_longest_of_all_chains(count, data):
    seconds = data.draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    edges = {(i, j) for i in range(count) for j in range(i) if data.draw(st.booleans())}
    jobs = [job(f"{i}", s, s, [f"{j}.npz" for k, j in edges if k == i]) for i, s in enumerate(seconds)]
    chains = [chain for length in range(1, count + 1) for chain in permutations(range(count), length)]
    longest = max(
        sum(seconds[i] for i in chain) for chain in chains if all((b, a) in edges for a, b in pairwise(chain))
    )
    assert pipeline.critical_path(jobs)[0] == longest


def finished_run(folder, runs, jobs):
    """What jobs and runs leave behind, as far as it is read: provenance, log, benchmark, the record of runs."""
    results = folder / "results/quick"
    for name, seconds, inputs, end in jobs:
        path = f"results/quick/{name}"
        record = {
            "rule": name,
            "stage": f"ssl_dynamics.{name}:{name}",
            "settings": {},
            "extra_roots": [],
            "code": "",
            "lock": "",
        }
        record |= {"inputs": {f"results/quick/{each}.npz": "" for each in inputs}, "outputs": {f"{path}.npz": ""}}
        for kind, text in {
            f"{name}.provenance.json": json.dumps(record),
            f"logs/{name}.log": f"2026-01-01 00:{end},000 WARNING {name} {path}: {seconds} s, "
            f"{0.9 * seconds:.2f} s of CPU, {0.2 * seconds:.2f} s to start\n",
            # Of the CPU seconds, what Snakemake saw at its last look.
            f"benchmarks/{name}.tsv": f"s\tmax_rss\tcpu_time\n{seconds}\t{1000 * seconds}\t{0.1 * seconds}\n",
        }.items():
            (results / kind).parent.mkdir(parents=True, exist_ok=True)
            (results / kind).write_text(text, encoding="utf-8")
    record = {"cores": 2, "cpu_seconds": 90.0, "hardware": {"processor": "a processor"}}
    lines = [
        json.dumps(record | {"start": f"2026-01-01T00:{a}+00:00", "end": f"2026-01-01T00:{b}+00:00"}) for a, b in runs
    ]
    (results / "logs/runs.jsonl").write_text("\n".join(lines), encoding="utf-8")


JOBS = [("first", 30.0, [], "01:30"), ("second", 20.0, ["first"], "02:00"), ("third", 40.0, [], "01:50")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "config").symlink_to(TOP / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_numbers_of_a_run_are_read_from_what_it_left(here):
    finished_run(here, [("01:00", "02:00"), ("05:00", "05:02")], JOBS)
    found, of = pipeline.measures(Path("config/quick.yaml"))
    values = {measure.what: measure.value for measure in found}
    assert values == pytest.approx(
        {
            "jobs": 3,
            "CPU seconds of the jobs": 81,
            "starting them": 18,
            "longest job's share of them": 36 / 81,
            "largest peak memory of a job": 40_000 * 1024**2 / 1e9,
            "critical path": 50,
            "elapsed": 60,
            "busy share": 81 / 120,
            "share in no job": 30 / 120,
            "CPU seconds": 90,
            "overhead share": 9 / 90,
        }
    )
    assert "a processor" in of
    assert [measure.note for measure in found][3:5] == ["results/quick/third"] * 2


def test_a_run_in_pieces_says_nothing_of_the_pipeline(here):
    finished_run(here, [("01:00", "01:55"), ("01:57", "02:00")], JOBS)
    found, of = pipeline.measures(Path("config/quick.yaml"))
    assert not found
    assert of.startswith("results/quick: no run did all of its 3 jobs, the fullest 2, so nothing is said")


def test_a_run_whose_files_are_damaged_is_named_in_a_line(here):
    finished_run(here, [("01:00", "02:00")], JOBS)
    (here / "results/quick/logs/third.log").unlink()
    found, why = pipeline.measures(Path("config/quick.yaml"))
    assert not found
    assert why.startswith("nothing is said of the pipeline: results/quick/third.provenance.json")


@pytest.mark.usefixtures("here")
def test_a_run_that_is_not_there_is_named_in_a_line():
    assert pipeline.measures(Path("config/quick.yaml")) == (
        [],
        "results/quick: no finished run here, so nothing is said of the pipeline",
    )


def test_the_full_run_has_targets():
    jobs = [job("a", 300, 300, [], "2500"), job("b", 100, 700, ["a.npz"])]
    run = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:21:40+00:00", "cores": 2, "cpu_seconds": 1100}
    numbers = [*pipeline.of_jobs(jobs), *pipeline.of_run(jobs, run)]
    on_others = {measure.what: measure.met for measure in pipeline.with_targets(numbers, "full", 16)}
    met = {measure.what: measure.met for measure in pipeline.with_targets(numbers, "full", 2)}
    # What is asked of times and of idle cores is for 2 cores.
    assert on_others == met | {"elapsed": None, "busy share": None}
    assert met == {
        "jobs": None,
        "CPU seconds of the jobs": None,
        "starting them": None,
        "longest job's share of them": False,
        "largest peak memory of a job": False,
        "critical path": None,
        "elapsed": False,
        "busy share": False,
        "share in no job": None,
        "CPU seconds": True,
        "overhead share": None,
    }


def test_a_ratio_that_fell_past_the_spread_of_the_baseline_is_named():
    steady = row(peers=(3.0, 3.3), what="steady")
    fallen = row(peers=(3.0, 3.3), what="fallen")
    assert baseline.floor(fallen) == pytest.approx(9 / 3.3)
    assert baseline.margin(fallen) == pytest.approx(1 - (9 / 3.3) / 3.15)
    now = [replace(steady, peers=(2.75, 2.75)), replace(fallen, peers=(2.7, 2.7))]
    found = baseline.regressions([steady, fallen], now)
    assert list(found) == [("trajectory", "fallen", "training")]
    assert "ratio 2.7, baseline 3.15, margin 13%: no less than 2.73" in found["trajectory", "fallen", "training"]


def test_turns_that_agree_leave_a_margin_of_a_tenth():
    steady = row(peers=(3.0, 3.0))
    assert baseline.floor(steady) == pytest.approx(2.7)
    assert not baseline.regressions([steady], [replace(steady, peers=(2.71, 2.71))])
    assert baseline.regressions([steady], [replace(steady, peers=(2.69, 2.69))])


def test_a_ratio_that_is_to_be_1_may_not_rise_either():
    equal = row(peers=(1.0, 1.0), targets=(Target("ratio", 0.95, 1.05),))
    assert baseline.ceiling(equal) == pytest.approx(1.1)
    assert baseline.ceiling(replace(equal, peers=(1.0, 1.2))) == pytest.approx(1.44)
    assert not baseline.regressions([equal], [replace(equal, peers=(1.09, 1.09))])
    (found,) = baseline.regressions([equal], [replace(equal, peers=(1.12, 1.12))]).values()
    assert found.endswith("ratio 1.12, baseline 1, no more than 1.1")
    free = replace(equal, targets=(Target("ratio", 0.95), Target("share", 0.5, 1.0)))
    assert not baseline.regressions([free], [replace(free, peers=(9.0, 9.0))])


def test_turns_that_lie_too_far_apart_are_no_baseline(tmp_path, monkeypatch):
    steady, wide = row(peers=(3.0, 4.0), what="steady"), row(peers=(3.0, 6.0), what="wide")
    baseline.require_steady([steady])
    of([steady, wide]).write(tmp_path / "benchmark.json")
    monkeypatch.setattr(__main__, "JSON", tmp_path / "benchmark.json")
    monkeypatch.setattr(__main__, "BASELINE", tmp_path / "baseline.json")
    with pytest.raises(SystemExit, match=r"^trajectory: wide: training: margin 67%\nno baseline: turns lie too far"):
        __main__.main(["baseline"])
    assert not (tmp_path / "baseline.json").exists()
    of([steady]).write(tmp_path / "benchmark.json")
    __main__.main(["baseline"])
    assert report.read(tmp_path / "baseline.json") == of([steady])


def test_a_baseline_of_other_rows_is_refused():
    with pytest.raises(ValueError, match=r"other rows.*'new'"):
        baseline.regressions([row()], [row(), row(what="new")])


@pytest.mark.parametrize(("again", "code"), [((1.0, 1.0), "bases"), ((3.0, 3.0), None)])
def test_check_measures_again_what_fell_and_exits_with_its_name(tmp_path, monkeypatch, again, code):
    comparisons = [
        Comparison(
            "g", "bases", lambda: 1.0, (Peer("peer", scripted("", (1.0,) * turns.TURNS + again * turns.TURNS, [])),)
        ),
        Comparison("g", "other", lambda: 1.0, (Peer("peer", scripted("", (3.0,) * turns.TURNS, [])),)),
    ]

    class Prepared:
        def __enter__(self):
            return None, comparisons

        def __exit__(self, *_):
            return None

    before = [row(group="g", what=what, peer="peer", peers=(3.0, 3.0)) for what in ("bases", "other")]
    monkeypatch.setattr(__main__, "BASELINE", tmp_path / "baseline.json")
    monkeypatch.setattr(__main__, "prepared", Prepared)
    of(before).write(tmp_path / "baseline.json")
    if code is None:
        __main__.check()
    else:
        with pytest.raises(
            SystemExit, match=r"g: bases: peer: ratio 1, baseline 3, margin 10%: no less than 2\.7"
        ) as stopped:
            __main__.check()
        assert "other" not in str(stopped.value)


def of(rows, memory=None):
    grown = growth.Growth("kernel", "n", (1, 2), (0.5, 1.0), 1.0, 0.1, 0.8)
    surroundings = {"hardware": {"processor": "a processor", "cores": 2}, "system": "a system"}
    of_run = {"a run": (Measure("busy share", 0.5, least=0.9),)}
    again = (Measure("nothing to do", 2.0, "s", most=2.5),)
    memory, imports = memory or Measure("memory", 1.5, most=2), Measure("import", 0.3, "s", most=0.25)
    return report.Report(surroundings, tuple(rows), (grown,), memory, of_run, again, imports=imports)


def test_report_is_written_and_read_and_says_what_is_met_and_what_stops_the_rest(tmp_path, monkeypatch):
    rows = [
        row(what="met", targets=(Target("ratio", 2.0),)),
        row(what="stopped", limits=(0.5, 0.5), targets=(Target("ratio", 8.0), Target("share", 0.6)), note="why"),
        row(what="slow", limits=(0.1, 0.1), targets=(Target("ratio", 8.0),), group="other"),
        row(what="no target", ours=(0.002, 0.004)),
    ]
    of(rows).write(tmp_path / "benchmark.json")
    found = report.read(tmp_path / "benchmark.json")
    assert found == of(rows)
    page = report.markdown(found, "picture.svg")
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in page.splitlines() if line.startswith("| ")}
    assert "| ≥ 2: met |" in lines["met"]
    assert "| ≥ 8: not met: the limit itself gives 6; share ≥ 0.6: not met |" in lines["stopped"]
    assert "| ≥ 8: not met |" in lines["slow"]
    assert "| 3 ms | training | 3 s | 1,120 [750, 1,500] | 375 | — |" in lines["no target"]
    assert "| 1.00 ± 0.10 | 0.80 | not met |" in lines["kernel"]
    assert "| 0.5 | ≥ 0.9 | not met |" in lines["busy share"]
    assert "| 2 s | ≤ 2.5 | met |" in lines["nothing to do"]
    assert "| 0.3 s | ≤ 0.25 | not met |" in lines["import"]
    assert "- stopped; training: why." in page
    for name in ("RESULTS", "PAGE", "PICTURE"):
        monkeypatch.setattr(
            __main__, name, tmp_path / {"PAGE": "page.md", "PICTURE": "figures/picture.svg"}.get(name, "")
        )
    (tmp_path / "figures").mkdir()
    __main__.write(found)
    with (tmp_path / "benchmark.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [line["met"] for line in table] == ["met", "not met; not met", "not met", ""]
    assert (tmp_path / "page.md").read_text() == report.markdown(found, "figures/picture.svg")


def test_figure_shows_every_row_with_its_target():
    rows = [row(what="bases", targets=(Target("ratio", 2.0),)), row(what="readout", limits=(0.5, 0.5))]
    ratios, shares = plot.draw(of(rows)).axes
    assert [label.get_text() for label in ratios.get_yticklabels()] == ["bases – training", "readout – training"]
    assert [list(line.get_xdata()) for line in ratios.lines if line.get_marker() == "|"] == [[2.0]]
    assert [list(line.get_xdata()) for line in shares.lines if line.get_marker() == "o"] == [[0.5]]


def test_the_page_is_made_of_the_committed_baseline():
    found = report.read(TOP / "benchmarks/baseline.json")
    assert (TOP / "docs/benchmark.md").read_text(encoding="utf-8") == report.markdown(found, "figures/benchmark.svg")


@pytest.mark.parametrize(
    ("seconds", "words"), [(2e-7, "0.2 µs"), (0.0123, "12.3 ms"), (61.0, "61 s"), (5400.0, "1.5 h"), (2e6, "23.1 d")]
)
def test_durations_have_three_digits(seconds, words):
    assert report.duration(seconds) == words


WORKER = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["task"] == "end":
        sys.exit()
    print(json.dumps(request["n"] / 2), flush=True)
"""


def test_peers_answer_one_request_after_the_other_and_are_missed_when_they_end(tmp_path, monkeypatch):
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setattr(peers, "ENVIRONMENT", Path(sys.executable))
    monkeypatch.setattr(peers, "WORKER", tmp_path / "worker.py")
    with peers.Peers() as asked:
        take = asked.clock("half", n=5)
        assert (take(), asked.ask("half", n=2), take()) == (2.5, 1.0, 2.5)
    with peers.Peers() as asked, pytest.raises(RuntimeError, match=r"ended at end {'n': 3}"):
        asked.ask("end", n=3)


def linear_problem():
    random = np.random.default_rng(0)
    C = symmetric(np.array([-1.0, -0.6, -0.2, 0.0, 0.3, 0.5]), random)
    times = np.linspace(0, 20, 9)
    labels = np.zeros(0, np.int64)
    return LinearProblem(None, C, orthonormal(6, 2, random, 2), times, 4.0, labels, np.zeros((0, 6)), 1.0)


def test_error_of_a_descent_is_measured_after_two_extrapolations(monkeypatch):
    problem = linear_problem()
    flow = SolvedFlow(problem.C)

    def descent(step, checkpoints):  # a descent that runs fast by its step: its error has every power of it
        return flow.bases(problem.starts[0], np.array(checkpoints) * step * (1 + step))

    errors = []
    for finest in (0.02, 0.01):
        monkeypatch.setattr(trajectory, "FINEST", finest)
        errors.append(trajectory.extrapolated_error(problem, flow, descent))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(3, abs=0.3)


def test_steps_follow_from_an_error_of_third_order(monkeypatch):
    monkeypatch.setattr(trajectory, "FINEST", 0.1)
    problem = linear_problem()
    # 20/0.1 steps at the finest size, and as many by half and by a quarter.
    assert trajectory.steps_needed(problem, 1e-3, 1e-3) == pytest.approx(350)
    assert trajectory.steps_needed(problem, 1e-3, 1e-6) == pytest.approx(3500)


class NoPeers:
    def clock(self, task, **_):
        return lambda: len(task) / 10


def called_once(function):
    function()
    return lambda: 1.0


def rows_of_trajectories(monkeypatch, off):
    """All rows of a small problem, on which DOP853 and training are off by about so much."""
    random = np.random.default_rng(0)
    triplets = Triplets(*random.standard_normal((3, 12, 6)))
    rest = {"labels": np.arange(8) % 2, "test": random.standard_normal((8, 6)), "norm": 1.0, "transient": 4.0}
    starts = orthonormal(6, 2, random, 2)
    problem = LinearProblem(triplets, form_of(triplets, LOSS), starts, times=np.linspace(0, 2, 9), **rest)

    def integrated(C, W0, times):
        return np.linalg.qr(SolvedFlow(C).bases(W0, times) + off * random.standard_normal((9, 6, 2)))[0]

    for name, value in {
        "FEW": 3,
        "integrate_grassmann_flow": integrated,
        "extrapolated_error": lambda *_: 10 * off,
        "clock": called_once,
        "product_clock": lambda *_: lambda: 1.0,
    }.items():
        monkeypatch.setattr(trajectory, name, value)
    return turns.take(trajectory.comparisons(problem, NoPeers(), "linear.npz"), lambda _: None, turns=1)


def test_what_is_measured_is_in_the_notes_of_a_row_and_not_in_its_key(monkeypatch):
    one, other = (rows_of_trajectories(monkeypatch, off) for off in (1e-9, 4e-7))
    assert list(map(baseline.key, one)) == list(map(baseline.key, other))
    assert len(set(map(baseline.key, one))) == len(one)
    assert {row.peer for row in one} >= {
        f"training by autograd, {at}" for at in ("at the accuracy of DOP853", "error 1e-04")
    }
    changed = [row.peer for row, before in zip(one, other, strict=True) if row.note != before.note]
    assert len(changed) == 5  # the steps of training and descent, to both errors, and DOP853


def test_accuracies_are_asked_for_on_few_items_and_on_all(monkeypatch):
    rows = [row for row in rows_of_trajectories(monkeypatch, 1e-9) if row.what.startswith("accuracy")]
    assert [row.what.split(",")[0] for row in rows] == ["accuracy on 3 items", "accuracy on 8 items"]
    assert all(row.targets == (Target("ratio", 10),) and row.limits for row in rows)
    assert rows[1].note.endswith("the representations of 10 points are 1.7 times as many numbers as the bases")


def test_a_readout_is_bounded_by_the_terms_of_its_sums():
    rates, times = np.linspace(0, 1, 300), np.linspace(0, 2, 200)
    assert trajectory.terms(rates, times) == node_count(rates, times) < 20
    assert trajectory.terms(rates[:3], times) == pytest.approx(200 * 3 / 203)


def test_every_evaluation_of_the_gram_equations_is_counted():
    def curve(h):
        start = gram_state(*gaussian_factor(3, 2, h, seeds=2, root_seed=0, name="count"), h)
        return gram_curve(np.diag([-1.0, -0.2, 0.5]), start, width=h, points=np.eye(3))

    counts = [training.evaluations(lambda h=h: curve(h)) for h in (2**10, 2**40)]
    assert training.evaluations(lambda: None) == 0
    assert counts[1] > counts[0] > 12  # a step of DOP853 takes as many, and the wider net takes longer


def test_a_baseline_that_is_not_there_or_holds_other_rows_stops_the_check_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(__main__, "BASELINE", tmp_path / "baseline.json")
    with pytest.raises(SystemExit, match=r"baseline\.json"):
        __main__.main(["check"])
    (tmp_path / "baseline.json").write_text("{}")
    with pytest.raises(SystemExit, match="Report"):
        __main__.main(["check"])


def test_operations_are_those_of_products_of_which_symmetric_ones_count_by_half():
    n, d, h, z = 1000, 3, 5, 4
    products = 2 * n * d * h + n * n * (d + h)  # XW_1ᵀ, XXᵀ, ΦΦᵀ
    for trace, of_outputs in ((True, 1), (False, 10)):
        assert kernel.operations(n, d, h, z, trace=trace) == pytest.approx(products + n * n * h * of_outputs, rel=1e-3)


def test_thick_strips_meet_themselves_in_full(monkeypatch):
    sizes = {"n": 7, "d": 3, "h": 5, "z": 2}
    monkeypatch.setattr(two_layer, "_STRIP", 1)
    needed = kernel.operations(**sizes, trace=False)
    assert kernel.by_strips(**sizes) == needed
    monkeypatch.setattr(two_layer, "_STRIP", 3)  # strips of 3, 3 and 1 rows meet 3, 6 and 7 samples
    more = 2 * (3 * 3 + 3 * 6 + 1 * 7 - 7 * 8 // 2) * (3 + 5 + 5 * 3)
    assert kernel.by_strips(**sizes) - needed == more


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["measure", "nowhere.yaml"], "nowhere.yaml: No such file or directory; expected a configuration file"),
        (["baseline"], "benchmark.json: nothing has been measured yet: make benchmark$"),
        (["measure"], "usage: python -m benchmarks"),
    ],
)
def test_what_is_missing_is_said_in_a_line(words, said, tmp_path, monkeypatch):
    monkeypatch.setattr(__main__, "JSON", tmp_path / "benchmark.json")
    monkeypatch.setattr(__main__, "BASELINE", tmp_path / "baseline.json")
    with pytest.raises(SystemExit, match=said):
        __main__.main(words)
    assert not (tmp_path / "baseline.json").exists()


def test_peak_memory_is_that_of_the_process_and_not_of_its_parent():
    held = np.ones(150_000_000)
    command = [sys.executable, "-c", "from benchmarks.kernel import _peak_bytes; print(_peak_bytes())"]
    top = Path(__file__).parents[1]
    printed = subprocess.run(command, cwd=top, capture_output=True, text=True, check=True).stdout
    assert 1e7 < int(printed) < held.nbytes
