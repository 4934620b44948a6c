"""The right theory passes in at least 99 % of draws, simulated from what theory itself says of their statistics.

Random starts and kernels, the equations, and orders of what is left out: nothing here is the spread of trained nets.
"""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.integrate import quad

from problems import passes
from ssl_dynamics.analysis import first_crossing, first_passage, graph_over, interpolated, mean_interval
from ssl_dynamics.claims.verdict import judge
from ssl_dynamics.config_file import load_config
from ssl_dynamics.experiments.constrained_nets.config import READ_AT
from ssl_dynamics.experiments.departure.config import FIXED_TIME
from ssl_dynamics.experiments.depth.solve import supervised_drift as deep_drift
from ssl_dynamics.experiments.drift.config import COSINE_STEP, COSINE_TIME, WITHIN
from ssl_dynamics.experiments.drift.design import net_outputs, regression_rate
from ssl_dynamics.experiments.drift.solve import pulled_drift, supervised_drift
from ssl_dynamics.experiments.finite_sample.config import SMALL_SQUARE
from ssl_dynamics.experiments.mini_batch.design import half_way
from ssl_dynamics.kernels import infinite_width_ntk, two_layer_ntk, unit_variance
from ssl_dynamics.kernels.three_layer import three_layer_features
from ssl_dynamics.problem import coupling_matrix, quadratic_form
from ssl_dynamics.problem.forms import factors_of, form_of
from ssl_dynamics.problem.levels import BLOW_UP, DEPARTURE
from ssl_dynamics.problem.mixture import mixture
from ssl_dynamics.problem.sampling import triplet_sampler
from ssl_dynamics.problem.starts.gaussian_nets import gaussian_factor, other_modes
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.settings.data import GaussianMixture, Noise
from ssl_dynamics.theory import batch_noise, departure_law, gram_curve, gram_state, gram_velocity, pair_variance
from ssl_dynamics.theory.frozen_descent import cosine_descent
from ssl_dynamics.theory.gram import GramState, kernel_norm
from trees import TOP

Z, ACTIVATIONS, BLOCKS = 2, ["identity", "relu", "erf"], ["first", "second", "all"]
WIDTHS, SEEDS = (256, 1024, 8192), 8  # of the nets in config/quick.yaml
LARGE_WIDTHS = 2.0 ** np.array([18, 26, 34, 42, 50])  # of the Gram equations
KERNEL_WIDTHS, KERNEL_SEEDS, NETS = (64, 128, 256, 512, 1024), 16, 16  # of its random ones
# Mean of the largest of three |N(0, 1)|, the integral of 1 − (2Φ(x) − 1)³.
LARGEST_OF_THREE = quad(lambda x: 1 - (2 * stats.norm.cdf(x) - 1) ** 3, 0, 12)[0]
POOL = 600  # of random starts, from which draws are put together
SHIPPED = [load_config(TOP / f"config/{name}.yaml") for name in ("quick", "full")]
SHIPPED_VERDICTS = json.loads((TOP / "results/reference/quick/verdicts.json").read_text(encoding="utf-8"))
# How many numbers the means of the two configurations are over.
MEANS_OVER = sorted(
    {config.seeds_of(claim.experiment) for config in SHIPPED for claim in CLAIMS if claim.statistic == "mean"}
)


def claim(name):
    return next(claim for claim in CLAIMS if claim.id == name)


def wrong_by(name):
    """Relative errors of theories that the claim must notice: 1.05 times what it resolves, as shipped, of both signs.

    Of its cells in the reference of config/quick.yaml the largest. By a theory that is wrong by ε a ratio to what is
    predicted is divided by 1 + ε, and a measure in which the rate is a factor multiplied by it.
    """
    cells = next(record["cells"] for record in SHIPPED_VERDICTS if record["id"] == name)
    error = 1.05 * max(cell["resolves"] for cell in cells)
    return -error, error


def points(n=6):
    """Triplets (3n, d), positives near the anchors, of mean |x|² = d and one direction above the others."""
    random = np.random.default_rng(0)
    anchor, noise, negative = (random.standard_normal((n, 4)) * [2.0, 1.2, 0.8, 0.4] for _ in range(3))
    X = np.vstack([anchor, anchor + 0.2 * noise, negative])
    return X * np.sqrt(X.shape[1] / (X**2).sum(1).mean())


def grid(**levels):
    """A row for each combination, the last level fastest."""
    return pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)


def net(random, width, d=4, *lead):
    return random.standard_normal((*lead, width, d)), random.standard_normal((*lead, width, Z))


@pytest.mark.parametrize("seeds", MEANS_OVER)
def test_interval_of_a_mean_covers_it_as_often_as_it_says(seeds):
    draws = np.random.default_rng(seeds).standard_normal((4000, seeds))
    covered = np.mean([low <= 0 <= high for low, high in map(mean_interval, draws)])
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 4000))
    # Percentiles of resamples do not: they take the deviation of the draw itself, and are normal.
    resamples = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), 500) / seeds
    low, high = np.percentile(draws @ resamples.T, [2.5, 97.5], axis=-1)
    ends = stats.norm.ppf(0.975) * np.sqrt(1 - 1 / seeds)
    expected = 1 - 2 * stats.t.sf(ends, seeds - 1)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(expected, abs=0.03)
    assert expected < 0.95


@pytest.mark.parametrize("seeds", [4, 8, 10, 60])
@pytest.mark.parametrize(
    ("of_normals", "mean", "coverage"),
    [
        # Coverage in 200,000 draws (60,000 of 60 seeds), which is good to 0.001.
        (lambda x: np.abs(x[..., 0]), math.sqrt(2 / math.pi), {4: 0.921, 8: 0.928, 10: 0.932, 60: 0.947}),
        (lambda x: np.abs(x).max(-1), LARGEST_OF_THREE, {4: 0.942, 8: 0.943, 10: 0.944, 60: 0.948}),
        (lambda x: (x**2).mean(-1), 1.0, {4: 0.904, 8: 0.911, 10: 0.915, 60: 0.939}),
    ],
    ids=["folded", "largest of three folded", "mean square of three"],
)
def test_interval_of_a_mean_of_skewed_values_covers_it_less_often(seeds, of_normals, mean, coverage):
    draws = of_normals(np.random.default_rng(seeds).standard_normal((4000, seeds, 3)))
    covered = np.mean([low <= mean <= high for low, high in map(mean_interval, draws)])
    expected = coverage[seeds]
    assert expected < 0.95
    assert covered == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / len(draws)))


@pytest.fixture(scope="module")
def kernel_ratios():
    """h‖Θ_h − Θ∞‖²/V of random nets: (activations, blocks, widths, POOL)."""
    random = np.random.default_rng(1)
    X = random.standard_normal((10, 8)) * np.linspace(1.3, 0.7, 8)
    ratios = np.empty((3, 3, len(KERNEL_WIDTHS), POOL))
    for (a, activation), (w, width) in itertools.product(enumerate(ACTIVATIONS), enumerate(KERNEL_WIDTHS)):
        layers = net(random, width, 8, POOL)
        for b, block in enumerate(BLOCKS):
            limit = np.kron(infinite_width_ntk(X, activation=activation, block=block), np.eye(Z))
            squares = ((two_layer_ntk(X, *layers, activation=activation, block=block) - limit) ** 2).sum((1, 2))
            ratios[a, b, w] = width * squares / unit_variance(X, z=Z, activation=activation, block=block)
    return ratios


def kernel_draw(ratios, error=0.0):
    """Per seed the measure of A4-kernel-limit, of nets drawn from the pool."""

    def draw(random):
        size = (3, 3, len(KERNEL_WIDTHS), KERNEL_SEEDS * NETS)
        nets = np.broadcast_to(random.integers(0, POOL, size[2:]), size)  # its blocks are those of one net
        means = np.take_along_axis(ratios, nets, 3).reshape(*size[:3], KERNEL_SEEDS, NETS).mean((2, 4))
        rows = grid(activation=ACTIVATIONS, block=BLOCKS, seed=range(KERNEL_SEEDS))
        rows = rows.assign(ratio=means.ravel() / (1 + error), limit="complete")
        return claim("A4-kernel-limit").measure(rows).to_numpy()

    return draw


def test_least_certain_block_is_that_of_the_products_of_the_outputs(kernel_ratios):
    """Of linear nets Γ ⊗ (W_2ᵀW_2/h − I), three squares of equal mean: the variance is 2/3. The band rests on it."""
    variances = kernel_ratios.var(-1)
    of_products = variances[ACTIVATIONS.index("identity"), BLOCKS.index("first")]
    np.testing.assert_allclose(of_products.mean(), 2 / 3, rtol=0.15)
    assert variances.mean(-1).max() <= 2 / 3 * 1.15


def test_limit_of_random_kernels_passes_and_a_variance_wrong_by_what_is_resolved_does_not(kernel_ratios):
    assert passes(claim("A4-kernel-limit"), kernel_draw(kernel_ratios), draws=300) >= 0.99
    for error in wrong_by("A4-kernel-limit"):
        assert passes(claim("A4-kernel-limit"), kernel_draw(kernel_ratios, error), draws=50) == 0


def departures(activation, slope=1.0):
    """Per seed the slope of departures whose logarithms differ from ½ ln h as kernels of random starts from Θ∞.

    By ρ = √(V/h)/‖Θ∞‖ net by net, and by a coefficient of order 1 over √h that all have in common.
    """
    X = points()
    size = np.sqrt(Z) * np.linalg.norm(infinite_width_ntk(X, activation=activation))
    spread = np.sqrt(unit_variance(X, z=Z, activation=activation)) / size

    def draw(random):
        rows = grid(seed=range(SEEDS), width=WIDTHS)
        off = (spread * random.standard_normal(len(rows)) + random.standard_normal()) / np.sqrt(rows["width"])
        rows["frozen_change"] = np.exp(slope / 2 * np.log(rows["width"]) + off)
        rows = rows.assign(objective="dot-product", departed=1, activation=activation)
        return claim(f"A4-departure-time-{activation}").measure(rows).to_numpy()

    return draw


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_departures_that_scatter_as_random_kernels_pass_and_slopes_wrong_by_a_third_do_not(activation):
    found = claim(f"A4-departure-time-{activation}")
    assert passes(found, departures(activation), draws=300) >= 0.99
    # More than is resolved as shipped: the coefficient that all nets have in common moves the slope, draw by draw.
    for slope in (2 / 3, 4 / 3):
        assert passes(found, departures(activation, slope), draws=100) <= 0.01


@pytest.fixture(scope="module")
def drifts():
    """What the kernels of random starts at the least width predict of their drift: by objective, (activations, 12)."""
    X, random = points(), np.random.default_rng(2)
    anchor, A = X[:6], coupling_matrix(6, loss="contrastive")
    found = {name: np.empty((3, 12)) for name in ("supervised", "cosine")}
    for (a, activation), k in itertools.product(enumerate(ACTIVATIONS), range(12)):
        layers = net(random, WIDTHS[0])
        Y = net_outputs(anchor, *net(random, WIDTHS[-1]), activation)
        rate = regression_rate(anchor, activation)
        found["supervised"][a, k] = supervised_drift(anchor, layers, Y, activation, rate)
        kernel, U = two_layer_ntk(X, *layers, activation=activation), net_outputs(X, *layers, activation)
        descent, _ = cosine_descent(kernel, A, U, step=COSINE_STEP, end=COSINE_TIME)
        found["cosine"][a, k] = pulled_drift(X, anchor, layers, descent, activation)
    return found


@pytest.mark.parametrize(
    ("name", "objective"), [("A4-supervised-kernel", "supervised"), ("follow-up-cosine-kernel", "cosine")]
)
def test_drifts_pass_with_all_that_their_prediction_leaves_out(drifts, name, objective):
    """ln(10)Δ at most, relatively, Δ the drift in prediction: as 1/h it is a sixteenth of it at the widest nets.

    Of either sign, the same for all nets, which no mean makes less.
    """
    found = claim(name)

    def of(sign, error):
        def draw(random):
            of_widest = (
                WIDTHS[0] / WIDTHS[-1] * np.stack([random.choice(of_net, SEEDS) for of_net in drifts[objective]])
            )
            rows = grid(activation=ACTIVATIONS, seed=range(SEEDS))
            rows = rows.assign(objective=objective, width=WIDTHS[-1], predicted_drift=of_widest.ravel())
            predicted = rows["predicted_drift"]
            rows["compared_drift"] = predicted * (1 + sign * np.log(10) * predicted) / (1 + error)
            return found.measure(rows).to_numpy()

        return draw

    for sign in (-1, 1):
        assert passes(found, of(sign, 0.0), draws=200) >= 0.99
        for error in wrong_by(name):
            assert passes(found, of(sign, error), draws=20) == 0


@pytest.mark.parametrize(
    ("name", "objective"), [("A4-supervised-drift", "supervised"), ("follow-up-cosine-drift", "cosine")]
)
def test_drifts_stay_below_a_departure_with_all_that_their_prediction_leaves_out(drifts, name, objective):
    """As above at every width. Of ReLU nets this is the output layer's block: nothing predicts that of the gates."""
    found = claim(name)

    def draw(random):
        rows = grid(activation=ACTIVATIONS, width=WIDTHS, seed=range(SEEDS)).assign(objective=objective)
        at_least = np.stack([random.choice(of_net, (len(WIDTHS), SEEDS)) for of_net in drifts[objective]])
        drift = at_least.ravel() * WIDTHS[0] / rows["width"]
        return found.measure(rows.assign(largest_drift=drift * (1 + np.log(10) * drift))).to_numpy()

    assert passes(found, draw, draws=200) >= 0.99


@pytest.fixture(scope="module")
def delays():
    """Delays from departure to blow-up as the experiment reads them off: over those of the equations, (widths, 40).

    And in units of 1/(growth rate of √|L| at the departure).

    Runge-Kutta steps of 0.3 over the growth rate of the outputs, here of the Gram equations of random starts;
    departures by a cubic; T off the growth rate at the end.
    """
    X, random = points(), np.random.default_rng(3)
    anchor, positive, negative = np.split(X, 3)
    C = quadratic_form(anchor, positive, negative, loss="contrastive")
    ratios, left = [], []
    for width in WIDTHS:
        start = gram_state(*net(random, width, 4, 40), width)
        curve = gram_curve(C, start, width=width, points=anchor)
        expected = curve.blow_up - first_passage(curve.times, curve.drift, DEPARTURE)
        measured = [delay(C, anchor, width, GramState(*(part[k] for part in parts(start)))) for k in range(40)]
        of_width, rate = np.transpose(measured)
        ratios.append(of_width / expected)
        left.append(of_width * rate)
    return np.stack(ratios), np.stack(left)


def parts(state):
    return state.first, state.cross, state.second


def ahead(state, slope, step):
    return GramState(*(at + step * v for at, v in zip(parts(state), parts(slope), strict=True)))


def delay(C, anchor, width, start):
    def rate(state):
        return np.linalg.norm(C @ gram_velocity(C, state, width).cross) / np.linalg.norm(C @ state.cross)

    def drift(state):
        return kernel_norm(anchor, ahead(state, start, -1)) / kernel_norm(anchor, start)

    def features(state):
        return np.linalg.norm(anchor @ (state.first - start.first) @ anchor.T) / np.linalg.norm(
            anchor @ start.first @ anchor.T
        )

    def growth(state):
        moved = C @ gram_velocity(C, state, width).cross
        return np.trace(state.cross.T @ moved) / np.trace(state.cross.T @ C @ state.cross)

    state, time, times, values, rates = start, 0.0, [0.0], [0.0], [growth(start)]
    while features(state) < BLOW_UP:
        step = 0.3 / rate(state)
        first = gram_velocity(C, state, width)
        second = gram_velocity(C, ahead(state, first, step / 2), width)
        third = gram_velocity(C, ahead(state, second, step / 2), width)
        fourth = gram_velocity(C, ahead(state, third, step), width)
        for slope, weight in ((first, 1), (second, 2), (third, 2), (fourth, 1)):
            state = ahead(state, slope, weight * step / 6)
        time += step
        times.append(time)
        values.append(drift(state))
        rates.append(growth(state))
    departure = first_crossing(np.array(times), np.array(values), DEPARTURE)
    return time + 1 / rates[-1] - departure, np.interp(departure, times, rates)


def test_delays_of_random_starts_pass_and_a_rate_wrong_by_what_is_resolved_does_not(delays):
    found = claim("beyond-blow-up-delay")

    def of(factor):
        def draw(random):
            chosen = np.stack([random.choice(of_width, SEEDS) for of_width in delays[0]])
            rows = grid(width=WIDTHS, seed=range(SEEDS))
            rows = rows.assign(blow_up_delay=factor * chosen.ravel(), predicted_delay=1.0)
            return found.measure(rows.assign(objective="dot-product", departed=1, activation="identity")).to_numpy()

        return draw

    assert passes(found, of(1.0), draws=300) >= 0.99
    for error in wrong_by(found.id):
        assert passes(found, of(1 + error), draws=50) == 0


def test_linear_nets_blow_up_in_time_and_steady_growth_does_not(delays):
    """Linear nets alone: of ReLU nets theory says that they blow up, and not when."""
    found = claim("beyond-nets-blow-up")

    def judged(left):
        rows = grid(width=WIDTHS, seed=range(SEEDS)).assign(growth_times_left=left)
        return found.measure(rows.assign(objective="dot-product", departed=1, activation="identity")).to_numpy()

    def right(random):
        return judged(np.stack([random.choice(of_width, SEEDS) for of_width in delays[1]]).ravel())

    assert passes(found, right, draws=300) >= 0.99
    assert passes(found, lambda _: judged(np.log(2 * BLOW_UP) / 2), draws=1) == 0


def test_drifts_of_tangent_kernels_pass_with_all_that_is_left_out_and_wrong_ones_do_not():
    """3τ/h, of either sign and the same for all nets, at the latest end and the largest width of config/full.yaml.

    Of an error of that sign it makes up for as much as the band has: one of 0.11 is told in any case.
    """
    found, nets = claim("beyond-tangent-drift"), SHIPPED[1].value("constrained_nets")
    width = max(nets.widths)

    def judged(ratio):
        rows = grid(activation=["relu", "erf"], seed=range(SEEDS)).assign(width=width, time=nets.end)
        rows = rows.assign(objective="self-supervised", rate="unit", tangent_drift=ratio, tangent_predicted=1.0)
        return judge(found.measure(rows).to_numpy(), found.statistic, found.criterion).verdict

    for sign in (-1, 1):
        left_out = 1 + sign * 3 * nets.end / width
        assert judged(left_out) == "pass"
        for error in (-0.11, 0.11):
            assert judged(left_out / (1 + error)) == "fail"


def unit_rate(rows):
    return rows.assign(objective="self-supervised", rate="unit", time=READ_AT, points=60)


@pytest.mark.parametrize("sign", [-1, 1])
def test_errors_of_the_frozen_flow_pass_with_all_that_is_left_out_and_wrong_ones_do_not(sign):
    """The change of the slopes, 5τ/h of m', of either sign, the same for all nets of two widths (docs/theory.md §4)."""
    found = claim("follow-up-frozen-features")

    def judged(error):
        rows = grid(activation=["relu", "erf"], width=[256, 1024], seed=range(SEEDS))
        predicted = 2 / rows["width"]
        measured = predicted * (1 + sign * 5 * READ_AT / rows["width"])
        rows = unit_rate(rows.assign(stepped_error=measured, predicted_error=predicted * (1 + error)))
        return judge(found.measure(rows).to_numpy(), found.statistic, found.criterion).verdict

    assert judged(0.0) == "pass"
    assert all(judged(error) == "fail" for error in wrong_by(found.id))


@pytest.mark.parametrize("sign", [-1, 1])
def test_distances_to_linearised_models_pass_where_they_are_small_too_and_wrong_ones_do_not(sign):
    """The error of the frozen flow, 5τ/h, is left out: the triangle inequality of distances D' from 0.5 to 0.001."""
    found = claim("beyond-linearised-stays-wrong")
    predicted = np.geomspace(0.5, 0.001, SEEDS)

    def judged(measure, width, error=0.0):
        rows = grid(activation=["relu", "erf"], width=[width // 4, width], seed=range(SEEDS))
        apart = predicted[rows["seed"]]
        distance = apart + sign * np.minimum(5 * READ_AT / rows["width"], apart)
        mismatch = ((1 + error) * apart) ** 2 / 2
        rows = unit_rate(rows.assign(linearised_error=distance, predicted_mismatch=mismatch))
        return judge(measure(rows).to_numpy(), found.statistic, found.criterion)

    for width in (1024, 4096):
        assert judged(found.measure, width).verdict == "pass"
        # What is left out makes up for as much again as the criterion allows: 0.04/0.5 at h = 1024.
        resolved = 2.05 * 0.01 * 4096 / width / 0.5
        assert all(judged(found.measure, width, error).verdict == "fail" for error in (-resolved, resolved))
        assert judged(found.control.measure, width).verdict == "fail"


def in_time(within):
    """Per seed the measure of A4-every-run-departs on the nets of config/full.yaml, the cells side by side.

    They depart at [½ ln h + c − ln a]/μ, a the size of z = 2 normal variables, c the largest that the law has.
    """
    full, found = SHIPPED[1], claim("A4-every-run-departs")
    nets = full.value("drift")
    rows = grid(
        cell=range(len(full.cells("drift"))), activation=["relu", "erf"], width=nets.widths, seed=range(nets.seeds)
    )
    rows = rows[rows["seed"] < rows["width"].map(lambda width: nets.seeds_of(width, nets.seeds))]
    rows = rows.assign(seed=rows["seed"] + nets.seeds * rows["cell"], objective="dot-product")
    logs = np.log(rows["width"]) / 2
    latest = np.log(2) - np.arctanh(1 / (1 + 2 * np.sqrt(Z) * DEPARTURE))  # of all D the least is 1/(2√z)

    def draw(random):
        amplitudes = np.linalg.norm(random.standard_normal((len(rows), Z)), axis=-1)
        return found.measure(rows.assign(in_time=within * logs / (logs + latest - np.log(amplitudes)))).to_numpy()

    return draw


def test_every_net_departs_in_time_in_99_draws_of_100_and_not_in_a_shorter_one():
    found = claim("A4-every-run-departs")
    assert passes(found, in_time(WITHIN), draws=500) >= 0.99
    assert passes(found, in_time(WITHIN - 1), draws=500) < 0.98
    assert passes(found, in_time(1.5), draws=200) == 0


@pytest.fixture(scope="module")
def laws():
    """Departure, blow-up and early drift by the Gram equations of 40 random starts, beside the laws; (widths, 40)."""
    X = points()
    anchor, positive, negative = np.split(X, 3)
    C = quadratic_form(anchor, positive, negative, loss="contrastive")
    columns = []
    for width in LARGE_WIDTHS:
        first, second = gaussian_factor(4, Z, int(width), seeds=40, root_seed=0, name="own statistics")
        start = gram_state(first, second, width)
        curve = gram_curve(C, start, width=width, points=anchor)
        law = departure_law(C, start.cross, width=width, points=anchor, level=DEPARTURE)
        departure = first_passage(curve.times, curve.drift, DEPARTURE)
        early = interpolated(curve.times, curve.drift, np.full((40, 1), FIXED_TIME / law.rate))
        columns.append({
            "departure": law.rate * departure, "law": law.rate * law.departure,
            "remaining": curve.blow_up - departure, "law_remaining": np.full(40, law.remaining),
            "drift": early[:, 0], "other_modes": other_modes(C, first, second, width),
        })  # fmt: skip
    return {name: np.stack([part[name] for part in columns]) for name in columns[0]}


@pytest.mark.parametrize("name", ["A4-departure-law", "A4-fixed-time", "beyond-departure-time", "beyond-blow-up"])
def test_laws_of_the_departure_hold_for_random_starts_and_at_a_rate_wrong_by_what_is_resolved_do_not(laws, name):
    found = claim(name)

    def of(factor):
        def draw(random):
            chosen = random.choice(40, SEEDS, replace=False)
            rows = grid(width=LARGE_WIDTHS, seed=range(SEEDS))
            rows = rows.assign(**{column: values[:, chosen].ravel() for column, values in laws.items()})
            rows["other_modes"] = rows.groupby("width")["other_modes"].transform("max")
            rows["departure"] *= factor
            rows["remaining"] *= factor
            rows["drift"] **= factor  # its exponent
            return found.measure(rows.assign(model="equations", moment="fixed")).to_numpy()

        return draw

    assert passes(found, of(1.0), draws=200) >= 0.99
    for error in wrong_by(name):
        assert passes(found, of(1 + error), draws=20) == 0


@pytest.fixture(scope="module")
def batch_ratios():
    """Mean squares of Gaussian δG over the variance that theory predicts of it, (8 starts, 40), and that variance.

    δĠ_jk = −2(λ_j − λ_k) δG_jk + 2N_jk, N white with the covariance of [−G, I] VᵀcV [I; G] over the triplets, G on the
    flow: draws of weights on triplets have it. Per unit of η/B, and as a mean square projector distance.
    """
    settings = GaussianMixture(
        source="gaussian-mixture", dimension=40, components=3, separation=3.0, decay=0.97, items=50, test_items=1,
        triplets=2, augmentations=[Noise(kind="noise", standard_deviation=0.3)],
    )  # fmt: skip
    random, starts, draws, steps = np.random.default_rng(6), 8, 40, 100
    triplets = triplet_sampler(settings, "x", 3)(300, random)
    C, (x, y) = form_of(triplets, "contrastive"), factors_of(triplets, "contrastive")
    eigenvalues, V = np.linalg.eigh(C)
    end = 5 / np.abs(eigenvalues).max()  # of config/quick.yaml, as are its 10 checkpoints
    start = half_way(V, random.standard_normal((starts, 40 - Z, Z)))
    noise = batch_noise(C, x, y, start, np.linspace(0, end, 11))
    single = np.einsum("ni,nj->nij", x @ V, y @ V)
    single = (single + single.mT) / 2 - np.diag(eigenvalues)
    gaps, step = eigenvalues[Z:, None] - eigenvalues[:Z], end / steps
    # Of the noise within a step, whose start and end decay by different shares.
    spread = np.sqrt(-np.expm1(-4 * gaps * step) / gaps)
    ratios = np.zeros((starts, draws))
    for seed in range(starts):
        moved = np.zeros((draws, *gaps.shape))
        for k in range(steps):
            G = np.exp(-2 * gaps * (k + 0.5) * step) * noise.graph[seed, 0]
            left, right = np.hstack([-G, np.eye(len(G))]), np.vstack([np.eye(Z), G])
            of_triplets = (left @ (single @ right)).reshape(len(single), -1)
            drawn = random.standard_normal((draws, len(single))) @ of_triplets / np.sqrt(len(single))
            moved = np.exp(-2 * gaps * step) * moved + spread * drawn.reshape(moved.shape)
            if (k + 1) % 10 == 0:
                ratios[seed] += (moved**2 / noise.variance[seed, (k + 1) // 10]).mean((1, 2)) / 10
    return ratios, noise.variance[:, 1:].sum((-2, -1)).mean(1) / Z / np.abs(eigenvalues).max()


def test_noise_of_batches_passes_with_all_that_is_left_out_and_wrong_by_what_is_resolved_does_not(batch_ratios):
    """Of the order η‖C‖ and of the squared deviation, relatively, of either sign, the same for all starts."""
    found, (ratios, squares) = claim("beyond-batch-noise"), batch_ratios

    def of(sign, factor):
        def draw(random):
            rows = grid(step=[0.005, 0.01, 0.02], batch=[16, 32, 64], seed=range(SEEDS))
            rows["predicted"] = np.sqrt(rows["step"] / rows["batch"] * squares[rows["seed"]])
            drawn = ratios[rows["seed"], random.integers(ratios.shape[1], size=len(rows))]
            left_out = sign * (rows["step"] + rows["predicted"] ** 2)
            return found.measure(rows.assign(ratio=factor**2 * drawn * (1 + left_out))).to_numpy()

        return draw

    for sign in (-1, 1):
        assert passes(found, of(sign, 1.0), draws=200) >= 0.99
    for error in wrong_by(found.id):
        assert passes(found, of(0, 1 / (1 + error)), draws=50) == 0


@pytest.fixture(scope="module")
def sample_ratios():
    """The measure of A5-finite-sample of spans of 200 samples of a mixture whose C is known."""
    settings = GaussianMixture(
        source="gaussian-mixture", dimension=48, components=3, separation=3.0, decay=0.97, items=50, test_items=1,
        triplets=2, augmentations=[Noise(kind="noise", standard_deviation=0.3)],
    )  # fmt: skip
    sample, random = triplet_sampler(settings, "x", 3), np.random.default_rng(4)
    C = mixture(settings, "x", 3).population_quadratic_form("contrastive", centered=True)
    eigenvalues, V = np.linalg.eigh(C)
    gaps = eigenvalues[Z:, None] - eigenvalues[:Z]
    of_one = pair_variance(V, *factors_of(sample(50_000, random), "contrastive"), Z)[Z:] / gaps**2
    size = math.ceil(of_one.sum() / SMALL_SQUARE)  # the least that is used
    forms = np.stack([form_of(sample(size, random), "contrastive") for _ in range(200)])
    G = graph_over(V, np.linalg.eigh(forms)[1][..., :Z])
    return np.sqrt((G**2 / (of_one / size)).mean((1, 2)))


def test_spans_of_samples_pass_and_a_deviation_wrong_by_ten_percent_does_not(sample_ratios):
    found = claim("A5-finite-sample")

    def of(factor):
        def draw(random):
            rows = pd.DataFrame({"seed": range(60), "predicted": SMALL_SQUARE})
            return found.measure(rows.assign(ratio=(factor * random.choice(sample_ratios, 60)) ** 2)).to_numpy()

        return draw

    assert passes(found, of(1.0), draws=300) >= 0.99
    for factor in (0.9, 1.1):
        assert passes(found, of(factor), draws=100) <= 0.01


@pytest.fixture(scope="module")
def deep_drifts():
    """What the kernels of random three-layer starts predict of their drift at the width 192 of config/quick.yaml."""
    X, width, random = points()[:6], 192, np.random.default_rng(5)
    shapes = ((width, 4), (width, width), (width, Z))
    nets = [[random.standard_normal(shape) for shape in shapes] for _ in range(24)]
    targets = [three_layer_features(X, first, second) @ third for first, second, third in nets[12:]]
    return np.array([deep_drift(X, net, Y, 0.5) for net, Y in zip(nets, targets, strict=False)])


def test_three_layers_pass_with_all_that_their_prediction_leaves_out(deep_drifts):
    """ln(10)Δ at most, relatively, as of two layers; the band is 0.25, and a prediction wrong by half fails."""
    found = claim("follow-up-depth-supervised")

    def of(sign, factor):
        def draw(random):
            predicted = random.choice(deep_drifts, 4)
            measured = factor * predicted * (1 + sign * np.log(10) * predicted)
            rows = pd.DataFrame({"seed": range(4), "width": 192, "drift_predicted": predicted})
            return found.measure(rows.assign(drift_supervised=measured)).to_numpy()

        return draw

    for sign in (-1, 1):
        assert passes(found, of(sign, 1.0), draws=200) >= 0.99
        # More than is resolved as shipped: what is left out, of the sign of the error, makes up for a part of it.
        for factor in (0.5, 1.5):
            assert passes(found, of(sign, factor), draws=50) == 0
