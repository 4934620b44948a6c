"""The orbits and what happens beside them, from C alone; how many steps the way there takes, from C and W(0)."""

import numpy as np

from ssl_dynamics.engine.stage import Job
from ssl_dynamics.experiments.edge_of_stability.config import (
    BELOW,
    BESIDE_STEPS,
    CURVE_END,
    CURVE_POINTS,
    DISPLACEMENT,
    LASTING,
    ORBITS,
    WITHIN,
    DesignSettings,
    SolveSettings,
)
from ssl_dynamics.experiments.edge_of_stability.design import Design, Solution
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.levels import NEAR_RATES
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.schedule import require_spread, size_of
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.problem.triplets import Array, Triplets
from ssl_dynamics.shared_files import read_triplets
from ssl_dynamics.theory import (
    EdgeOrbit,
    edge_angle,
    largest_riemannian_step,
    steps_to_edge_orbit,
)

EXPONENTIAL = {orbit: orbit == "geodesic" for orbit in dict.fromkeys(ORBITS.values())}


def design(job: Job[DesignSettings]) -> None:
    """Stage `design_edge_of_stability`: it lies here because the edge, its orbits and the way there are theory."""
    settings, edge = job.settings, job.settings.edge_of_stability
    triplets = read_triplets(job.input("triplets"))
    parts = (triplets.anchor, triplets.positive, triplets.negative)
    used = Triplets(*(part[: edge.triplets] for part in parts))
    C, z = form_of(used, settings.loss), settings.dimension
    eigenvalues = np.asarray(np.linalg.eigvalsh(C), dtype=np.float64)
    size_of(eigenvalues)  # a C that is zero has no step sizes
    require_spread(eigenvalues)
    name, root_seed = settings.dataset_name, settings.root_seed
    start = random_orthonormal_start(len(C), z, seeds=settings.seeds, root_seed=root_seed, name=name)
    limit, step_sizes = largest_riemannian_step(C), np.array([*BELOW, *edge.step_sizes])
    needed = {
        orbit: steps_to_edge_orbit(
            C,
            start,
            limit * step_sizes,
            within=WITHIN,
            lasting=LASTING,
            most=edge.most_steps,
            exponential=exponential,
        )
        for orbit, exponential in EXPONENTIAL.items()
    }
    job.log.info("steps to the orbits: %s", needed)
    offsets = stream(root_seed, "beside the orbit", name, z).standard_normal(start.shape)
    offsets *= DISPLACEMENT / np.linalg.norm(offsets, axis=(-2, -1), keepdims=True)
    Design(
        triplets=len(used.anchor),
        start=start,
        limit=limit,
        step_sizes=step_sizes,
        steps={orbit: int(min(steps, edge.most_steps)) for orbit, steps in needed.items()},
        needed=needed,
        beside={
            orbit: np.linalg.qr(np.stack([each.points()[0] + offsets for each in orbits]))[0]
            for orbit, orbits in _orbits(C, z, limit * np.array(edge.step_sizes)).items()
        },
    ).save(job.output("schedule"))


def solve(job: Job[SolveSettings]) -> None:
    """Stage `solve_edge_of_stability`."""
    plan = Design.load(job.input("schedule"))
    C = form_of(plan.used(read_triplets(job.input("triplets"))), job.settings.loss)
    z = plan.start.shape[-1]
    everywhere = _orbits(C, z, plan.limit * plan.step_sizes)
    beyond = {orbit: orbits[len(BELOW) :] for orbit, orbits in everywhere.items()}
    edges = np.zeros((len(plan.step_sizes), z))
    for row, orbit in zip(edges, everywhere["qr"], strict=True):
        row[: len(orbit.edges)] = orbit.edges
    curve_edges = np.linspace(min(BELOW), CURVE_END, CURVE_POINTS)

    def arrivals(orbit: str, rate: float = 1.0) -> Array:
        ends = [
            each.beside(starts, BESIDE_STEPS, rate=rate)
            for each, starts in zip(beyond[orbit], plan.beside[orbit], strict=True)
        ]
        return np.stack(ends)

    Solution(
        eigenvectors=np.linalg.eigh(C)[1],
        edges=edges,
        angles={orbit: np.stack([each.angles for each in orbits]) for orbit, orbits in everywhere.items()},
        points={orbit: np.stack([each.points()[0] for each in orbits]) for orbit, orbits in beyond.items()},
        beside={orbit: arrivals(orbit) for orbit in beyond},
        beside_wrong={(orbit, name): arrivals(orbit, rate) for orbit in beyond for name, rate in NEAR_RATES.items()},
        curve_edges=curve_edges,
        curves={orbit: edge_angle(curve_edges, exponential=each) for orbit, each in EXPONENTIAL.items()},
    ).save(job.output("solution"))


def _orbits(C: Array, z: int, learning_rates: Array) -> dict[str, list[EdgeOrbit]]:
    """The orbits at some step sizes, by the retraction whose they are."""
    first = EdgeOrbit(C, z, float(learning_rates[0]))
    return {
        orbit: [first.at(float(rate), exponential=exponential) for rate in learning_rates]
        for orbit, exponential in EXPONENTIAL.items()
    }
