"""What a benchmark says of the limits of a run: the shares of training, and what its elapsed time is bounded by."""

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import kernel, pipeline, report, shares
from benchmarks.shares import Part, Shares
from problems import orthonormal
from ssl_dynamics.catalogue import stages
from ssl_dynamics.engine.artifacts import write_arrays
from ssl_dynamics.shared_files import Starts

TOP = Path(__file__).parents[1]


def job(rule, name, cpu, starting=1.0, *, inputs=(), s=None, **more):
    usage = {"cpu_time": str(cpu), "s": str(cpu if s is None else s)}
    record = {"rule": rule, "name": name, "usage": usage, "starting": starting, "inputs": list(inputs)}
    return record | {"outputs": [f"{name}.npz"]} | more


JOBS = [
    job("simulate", "a", 31),
    job("simulate", "b", 51),
    job("simulate_small", "c", 1.5),
    job("simulate_tiny", "d", 1.25),
    job("solve", "e", 6),
    job("solve_small", "f", 3),
    job("compare", "g", 2.25),
]
SHARES = {"simulate": Shares(0.5, 0.125, 0.25), "simulate_small": Shares(0.4, 0, 0), "simulate_tiny": Shares(1, 0, 0)}


def test_the_longest_job_of_each_stage_of_training_is_done_again():
    assert [each["name"] for each in shares.longest(JOBS)] == ["d", "c", "b"]


def test_cpu_seconds_of_a_run_are_those_of_its_parts():
    found = shares.parts_of(JOBS, 104.0, SHARES)
    assert [(part.what, part.seconds, part.jobs) for part in found] == [
        ("simulate", 80, 2),
        ("Snakemake's own", 8, None),
        ("solving", 7, 2),
        ("starting the jobs", 7, None),
        ("all other jobs", 1.25, 1),
        ("2 more stages of training", 0.75, 2),
    ]
    assert sum(part.seconds for part in found) == 104
    # 0.5 s at 0.4 and 0.25 s at 1
    assert found[-1].shares == Shares(pytest.approx(0.6), 0, 0)
    assert SHARES["simulate"].rest == 0.125
    # all but training, 23.25 s, with half of 80 s and 0.6 of 0.75 s
    assert shares.least(found) == pytest.approx(23.25 + 40 + 0.45)


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (None, r"at least 60 s\.$"),
        (100.0, r"at least 60 s\.$"),
        (50.0, "above the target of 50 s: with the same products, in their present shapes, faster training"),
        (65.0, "Its factorisations take at least 10 s more, 70 s in all. This is above the target of 65 s: "),
        (80.0, "This is below the target of 80 s, which neither of them stops, but what is done beside them: 20 s "),
    ],
)
def test_the_sentence_says_what_stops_the_target(most, said):
    found = (
        Part("simulate", 60.0, 1, Shares(0.5, 0.125, 0.25)),
        Part("solving", 15.0, 1),
        Part("small", 20.0, 3, Shares(0.5, 0.125, 0.125)),
        Part("starting the jobs", 5.0),
    )
    assert re.search(said, shares.limit(found, most))


def test_what_is_beside_products_and_factorisations_is_named_and_sums_to_the_rest():
    found = shares.parts_of(JOBS, 104.0, SHARES)
    words = shares.limit(found, 95.0)
    beside = re.search(r"would have to go of (.*?)\. Of these, all that is not training takes (\d+) s", words)
    named = dict(each.rsplit(" ", 1) for each in beside[1].split(", "))
    assert named == {
        "other operations of torch": "20",  # a quarter of 80 s
        "Python and the profiler": "10",  # an eighth of them, and 0.3 s
        "Snakemake's own": "8",
        "solving": "7",
        "starting the jobs": "7",
        "all other jobs": "1",
    }
    assert beside[2] == "23"
    # with the products and factorisations of training
    assert 40.45 + 10 + sum(map(int, named.values())) == pytest.approx(104, abs=1)


def event(name, ts, dur):
    return {"name": f"aten::{name}", "ts": ts, "dur": dur}


def test_an_operation_inside_another_counts_once():
    events = [
        event("mm", 1.0, 3.0),
        event("matmul", 0.0, 5.0),
        event("linalg_qr", 6.0, 4.0),
        event("mm", 7.0, 1.0),
        event("geqrf", 8.0, 1.0),
        event("mul", 10.0, 2.0),
        event("linalg_vector_norm", 12.0, 1.0),
        event("bmm", 14.0, 1.0),
    ]
    # others: 2 of matmul around its product, mul, and the norm
    assert shares.shares_of_events(events, 20.0) == Shares(4 / 20, 4 / 20, 5 / 20)


def test_products_that_are_nearly_all_work_are_seen_as_such():
    A = torch.randn(300, 300, dtype=torch.float64)
    b = torch.randn(300, dtype=torch.float64)

    def work(product):
        for _ in range(20):
            A @ A if product else b.exp()

    much, little = (shares.shares_of(lambda product=product: work(product), 10.0) for product in (True, False))
    assert 0 < much.products <= 1
    assert little.products == much.factorisations == 0
    assert little.others > 0


def test_a_call_that_never_ends_is_stopped():
    def forever():
        while True:
            torch.linalg.qr(torch.eye(20))

    found = shares.shares_of(forever, 0.05)
    assert found.factorisations > 0
    assert found.rest > 0


def test_a_stage_is_done_again_from_the_inputs_of_its_job_and_writes_elsewhere(tmp_path):
    random = np.random.default_rng(0)
    views = dict(zip(("anchor", "positive", "negative"), random.standard_normal((3, 30, 6)), strict=True))
    cell = tmp_path / "data/contrastive/grassmannian/z2"
    cell.mkdir(parents=True)
    write_arrays(tmp_path / "data/triplets.npz", views)
    Starts(orthonormal(6, 2, random, 2), np.array([1e-3, 2e-3]), np.array([0, 2, 4]), 3).save(cell / "schedule.npz")
    before = sorted(tmp_path.rglob("*"))
    settings = {"loss": "contrastive", "dynamics": "grassmannian", "device": "cpu"}
    stage = "ssl_dynamics.experiments.dynamics.simulate:simulate"
    done = job("simulate", f"{cell.as_posix()}/trajectories", 1, stage=stage, settings=settings)
    found = shares.shares_of_stage(done, tmp_path)
    assert found.products > 0
    assert found.factorisations > 0
    assert found.products + found.factorisations + found.others < 1
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(ValueError, match="not made by the present stage simulate"):
        shares.shares_of_stage(done | {"name": f"{cell.as_posix()}/old/trajectories"}, tmp_path)


def test_the_inputs_of_every_stage_of_training_follow_from_the_name_of_its_job():
    training = [stage for _, stage in stages() if stage.rule.startswith(shares.TRAINING)]
    assert len(training) > 10
    for stage in training:
        named = re.findall(r"{(\w+)}", stage.provenance_path)
        assert len(set(named)) == len(named)
        assert set(re.findall(r"{(\w+)}", " ".join([*stage.reads.values(), *stage.writes.values()]))) <= set(named)
        assert not stage.collects
        assert not stage.reads_data


def test_where_no_run_is_whole_nothing_is_said(tmp_path, monkeypatch):
    (tmp_path / "config").symlink_to(TOP / "config")
    monkeypatch.chdir(tmp_path)
    assert shares.parts(Path("config/quick.yaml"), print) == ()
    run = {"start": "", "cores": 2}  # of a cluster, which knows no CPU seconds
    monkeypatch.setattr(shares, "whole_run", lambda _: (JOBS, run))
    assert shares.parts(Path("config/quick.yaml"), print) == ()
    monkeypatch.setattr(shares, "whole_run", lambda _: (JOBS, run | {"cpu_seconds": 104.0}))
    monkeypatch.setattr(shares, "shares_of_stage", lambda job, _: SHARES[job["rule"]])
    assert shares.parts(Path("config/quick.yaml"), print) == shares.parts_of(JOBS, 104.0, SHARES)


def test_elapsed_time_is_bounded_by_the_cpu_seconds_of_the_run():
    jobs = [
        *JOBS,
        job("figures_framework", "figures", 5),
        job("triplet_figure", "figure", 3),
        job("notebook", "notebook", 4),
    ]
    run = {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:01:40+00:00", "cores": 2}
    elapsed, *_ = pipeline.of_run(jobs, run | {"cpu_seconds": 120.0})
    assert elapsed.note == (
        "at least 60.0 s on 2 cores, even if never idle; of these, starting the jobs 5.0, Snakemake's own 6.0, "
        "figures and notebooks 4.5: 15.5 s without training, solving or comparing"
    )
    assert pipeline.of_run(jobs, run)[0].note == ""


def test_a_missing_figure_costs_what_follows_it():
    jobs = [
        job("figures", "r/figures/these", 5, s=6.0, outputs=["r/figures/steps.svg", "r/figures/steps.png"]),
        job("figures", "r/figures/others", 50, outputs=["r/figures/other.png"]),
        job("notebook", "r/notebooks/short", 1, inputs=["r/figures/steps.png", "r/figures/other.png"]),
        job("notebook", "r/notebooks/long", 3, inputs=["r/figures/steps.png"]),
        job("page", "r/page", 2, inputs=["r/notebooks/short.npz", "r/notebooks/long.npz"]),
        job("paper", "r/paper", 40, inputs=["r/figures/other.png"]),
    ]
    assert pipeline.in_turn(jobs, "r/figures/steps.svg") == "one after the other 11.0 s: these 6.0, long 3.0, page 2.0"
    assert pipeline.in_turn(jobs, "r/figures/none.svg") == ""


def test_the_page_shows_the_parts_below_the_run_that_they_are_of():
    old = report.read(TOP / "benchmarks/baseline.json")
    first, *_ = old.pipelines
    found = shares.parts_of(JOBS, 104.0, SHARES)
    lines = report.markdown(report.Report(**vars(old) | {"parts": {first: found}}), "x").splitlines()
    assert "| simulate | 2 | 80.0 | 76.9% | 0.50 | 0.12 | 0.25 | 0.12 |" in lines
    assert "| starting the jobs | — | 7.0 | 6.7% | — | — | — | — |" in lines
    assert "| the run | 7 | 104.0 | 100.0% | — | — | — | — |" in lines
    floor = "at least 64 with training at the rate of its products: see below"
    assert sum(line.startswith("| CPU seconds |") and line.endswith(f"| {floor} |") for line in lines) == 1
    assert any(line.endswith(shares.limit(found, 2200.0)) for line in lines)
    assert "What its CPU seconds are:" not in report.markdown(report.Report(**vars(old) | {"parts": {}}), "x")


def test_a_baseline_from_before_the_table_is_read(tmp_path):
    written = json.loads((TOP / "benchmarks/baseline.json").read_bytes())
    written.pop("parts", None)
    (tmp_path / "old.json").write_text(json.dumps(written))
    assert report.read(tmp_path / "old.json").parts == {}
    found = report.read(tmp_path / "old.json")
    of = report.Report(**vars(found) | {"parts": {"a run": (Part("simulate", 1.0, 1, Shares(0.5, 0.25, 0.0)),)}})
    of.write(tmp_path / "new.json")
    assert report.read(tmp_path / "new.json") == of


def test_the_share_of_products_in_a_kernel_is_that_of_their_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    multiply = np.matmul

    def slow(left, right, out):
        now[0] += 3.0
        return multiply(left, right, out=out)

    monkeypatch.setattr(np, "matmul", slow)
    A = np.eye(2)

    def work():
        now[0] += 1.0
        np.matmul(A, A, out=np.empty((2, 2)))

    assert kernel.product_share(work) == pytest.approx(0.75)


def test_only_a_full_kernel_is_said_to_have_strips():
    assert kernel._where_operations_go(100, 10, 20, 3, None).endswith("which every method takes")
    assert "take 0.75 of our time" in kernel._where_operations_go(100, 10, 20, 3, 0.75)
