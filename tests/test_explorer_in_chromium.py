"""The explorer in Chromium: its numbers against the theory, on the data set of the replication, and its use."""

import re
from pathlib import Path

import numpy as np
import pytest

from chromium import in_chromium, violations
from ssl_dynamics.analysis import log_excess_rank, principal_angles
from ssl_dynamics.config_file import load_config
from ssl_dynamics.problem.datasets import load
from ssl_dynamics.problem.forms import form_of
from ssl_dynamics.problem.rng import stream
from ssl_dynamics.problem.sampling import draw_triplets
from ssl_dynamics.problem.starts.orthonormal import random_orthonormal_start
from ssl_dynamics.report import explorer
from ssl_dynamics.theory import (
    descent_log_singular_values,
    grassmann_flow,
    grassmann_tangent,
    leading_eigenspace,
    log_singular_values,
    orthogonal_iteration,
    soft_constraint_flow,
    unconstrained_flow,
)
from test_explorer import FILES

TOP = Path(__file__).parents[1]
LOSSES = ("contrastive", "non-contrastive")
DIMENSIONS = (1, 2, 8)
ETA, BETA = 0.02, 0.0001  # as if trained
TOLERANCE = 1e-6
TIMES = np.array([0.0, 0.8, 6.0, 60.0, 1000.0, 1e5])  # in 1/‖C‖: the last are long after everything has converged
FLOAT64 = 1e-9  # σ_k/σ_1 above which the svd of a matrix in float64 has the digits of the tolerance
# Plain lists of what is drawn, by dynamics; and whether the text that a slider is read as is another one.
POINTS = """(settings) => Object.fromEntries(Object.entries(explorer.points(settings)).map(
    ([name, U]) => [name, U.map((column) => [...column])]))"""
MOVED = "([slider, text]) => slider.getAttribute('aria-valuetext') !== text"
RAD = 1e-7  # angles above which bases in float64 have


class Fashion:
    """The data set of the replication: forms, starts, items; and closed forms in place of what would be trained."""

    def __init__(self):
        config = load_config(TOP / "config/full.yaml")
        settings = config.datasets["fashion-mnist"]
        dataset = load(settings, "fashion-mnist", config.root_seed)
        triplets = draw_triplets(dataset, settings, stream(config.root_seed, "triplets", "fashion-mnist"))
        self.forms = {loss: form_of(triplets, loss) for loss in LOSSES}
        self.d = len(self.forms["contrastive"])
        self.norms = {loss: np.abs(np.linalg.eigvalsh(C)).max() for loss, C in self.forms.items()}
        self.starts = {
            z: random_orthonormal_start(self.d, z, seeds=1, root_seed=config.root_seed, name="fashion-mnist")[0]
            for z in DIMENSIONS
        }
        chosen = explorer.some(dataset.test)
        self.items, self.labels = dataset.test[chosen], dataset.test_labels[chosen].tolist()

    def start(self, z):
        """That of the page: the first columns of the next larger one, where there is none."""
        return self.starts[min(own for own in DIMENSIONS if own >= z)][:, :z]

    def trained(self, loss):
        C, norm, W = self.forms[loss], self.norms[loss], self.starts[2]
        times = np.array([0.0, 2.0, 10.0])
        steps = np.rint(times / ETA).astype(int)
        free = np.linalg.matrix_power(np.eye(self.d) - 2 * ETA / norm * C, 100) @ W
        soft = soft_constraint_flow(C, W, times / norm, beta=BETA * norm)
        return {
            2: [
                explorer.Trained("unconstrained", ETA, times[:2], np.stack([W, free]), flow=True),
                explorer.Trained("constrained", ETA, times, orthogonal_iteration(C, W, ETA / norm, steps), flow=True),
                explorer.Trained("soft", 0.001, times, soft, flow=True, beta=BETA),
            ]
        }

    def page(self, losses=LOSSES):
        found = {
            loss: explorer.data_of_loss(self.forms[loss], self.starts, self.trained(loss), self.items)
            for loss in losses
        }
        return explorer.render(
            FILES,
            found,
            self.labels,
            config_name="full",
            dataset="fashion-mnist",
            items=len(self.items),
            d=self.d,
            trained_dimensions=[2],
        )


@pytest.fixture(scope="module")
def fashion():
    return Fashion()


@pytest.mark.slow
def test_page_of_the_replication_is_small(fashion):
    assert len(fashion.page().encode()) < 100_000


@pytest.fixture(scope="module")
def file(fashion, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    path.write_text(fashion.page(), encoding="utf-8")
    return path


def opened_with(browser, file, **options):
    tab = browser.new_page(**options)
    tab.said = []
    tab.route(re.compile(r"^(?!file:|data:)"), lambda route: route.abort())
    tab.on(
        "request", lambda request: tab.said.extend([] if request.url in (file.as_uri(), "data:,") else [request.url])
    )
    tab.on("console", lambda message: tab.said.append(message.text))
    tab.on("pageerror", lambda error: tab.said.append(str(error)))
    tab.goto(file.as_uri())
    return tab


@pytest.fixture
def opened(browser, file):
    tab = opened_with(browser, file)
    yield tab
    assert tab.said == []
    tab.close()


@pytest.fixture(scope="module")
def computing(browser, file):
    """One page for all that is computed and not shown."""
    tab = opened_with(browser, file)
    yield tab
    assert tab.said == []
    tab.close()


def shown(tab, **settings):
    """Set the page to these settings."""
    tab.evaluate("settings => explorer.set(settings)", settings)


def solved(tab, times, **settings):
    """What the page computes at these settings and times."""
    every = [{**settings, "time": time} for time in times]
    return tab.evaluate("every => every.map((settings) => explorer.values(settings))", every)


class TestNumbersInChromium:
    pytestmark = in_chromium

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("z", [1, 2, 5, 8])
    @pytest.mark.parametrize("eta", [0, ETA, 0.4])
    def test_without_penalty_they_are_those_of_the_theory(self, computing, fashion, loss, z, eta):
        C, norm, W = fashion.forms[loss], fashion.norms[loss], fashion.start(z)
        if eta:
            steps = np.rint(TIMES / eta).astype(int)
            expected = descent_log_singular_values(C, W, eta / norm, steps)
            bases, leading = orthogonal_iteration(C, W, eta / norm, steps), leading_eigenspace(C, z)
            angles = principal_angles(bases, leading)[:, 0]
        else:
            expected = log_singular_values(C, W, TIMES / norm)
            angles = np.arctan(grassmann_tangent(C, W, TIMES / norm))
        found = solved(computing, TIMES, loss=loss, z=z, eta=eta, beta=1.0)
        for values, logs, angle in zip(found, expected, angles, strict=True):
            free = values["unconstrained"]
            np.testing.assert_allclose(free["logSingularValues"], logs, rtol=TOLERANCE, atol=TOLERANCE)
            np.testing.assert_allclose(np.diff(free["logSingularValues"]), np.diff(logs), rtol=0, atol=TOLERANCE)
            if z > 1:
                with np.errstate(divide="ignore"):  # in the end it is 1 to all digits that float64 has
                    excess = log_excess_rank(logs)
                np.testing.assert_allclose(free["logExcessRank"], excess, rtol=0, atol=TOLERANCE)
                assert free["effectiveRank"] == pytest.approx(1 + np.exp(excess), rel=TOLERANCE)
            assert values["constrained"]["effectiveRank"] == pytest.approx(z, rel=TOLERANCE)
            for dynamics in ("unconstrained", "constrained"):
                near = {"rel": TOLERANCE, "abs": 0} if not eta or angle > RAD else {"abs": RAD}
                assert values[dynamics]["angle"] == pytest.approx(angle, **near)

    @pytest.mark.parametrize("loss", LOSSES)
    @pytest.mark.parametrize("z", [1, 2, 5, 8])
    def test_with_the_penalty_they_are_those_of_the_theory(self, computing, fashion, loss, z):
        C, norm, W = fashion.forms[loss], fashion.norms[loss], fashion.start(z)
        # The least is below many eigenvalues of the contrastive form, the largest above all.
        betas = np.array([1e-8, 1e-4, 0.02, 1.0, 10.0])
        factors = soft_constraint_flow(C, W, TIMES / norm, beta=betas * norm)
        angles = np.arctan(grassmann_tangent(C, W, TIMES / norm))
        for beta, expected in zip(betas, np.linalg.svd(factors, compute_uv=False), strict=True):
            found = solved(computing, TIMES, loss=loss, z=z, eta=ETA, beta=beta)
            for values, sizes, angle in zip(found, expected, angles, strict=True):
                measured, seen = np.exp(values["soft"]["logSingularValues"]), sizes > FLOAT64 * sizes[0]
                np.testing.assert_allclose(measured[seen], sizes[seen], rtol=TOLERANCE)
                assert (measured[~seen] <= 2 * FLOAT64 * sizes[0]).all()
                assert values["soft"]["angle"] == pytest.approx(angle, rel=TOLERANCE, abs=0)

    def test_a_direction_dies_whose_eigenvalue_is_above_the_penalty(self, computing):
        found = computing.evaluate(
            """() => {
              const start = [[0.6, 0.8, 0], [-0.48, 0.36, 0.8]].map((column) => Float64Array.from(column));
              const problem = closedForms.prepare(Float64Array.from([-1, 0.5, 1]), start);
              return [0, 1, 40].map((time) => closedForms.softConstraint(problem, 0.25, time));
            }"""
        )
        start = np.array([[0.6, 0.8, 0.0], [-0.48, 0.36, 0.8]]).T
        factor = soft_constraint_flow(np.diag([-1.0, 0.5, 1.0]), start, [0, 1, 40], beta=0.25)
        expected = np.linalg.svd(factor, compute_uv=False)
        np.testing.assert_allclose(np.exp(found)[:2], expected[:2], rtol=TOLERANCE)
        assert np.exp(found[2][0]) == pytest.approx(np.sqrt(5), rel=TOLERANCE)
        # It decays like e^{−2(λ_2 − β)t}, far below what the svd of a matrix can hold.
        assert found[2][1] == pytest.approx(found[1][1] - 2 * 0.25 * 39, abs=1)

    def test_the_table_has_the_same_numbers(self, opened):
        shown(opened, loss="contrastive", z=8, eta=0, time=6.0, beta=0.01)
        found = opened.evaluate("explorer.values()")
        assert found["time"] == 6.0
        assert not opened.get_by_text("needs JavaScript").is_visible()
        for dynamics in ("unconstrained", "soft", "constrained"):
            cells = opened.locator(f"#{dynamics}-numbers td").all_text_contents()
            assert float(cells[3]) == pytest.approx(found[dynamics]["effectiveRank"], abs=6e-5)
            assert float(cells[4].rstrip("°")) == pytest.approx(np.degrees(found[dynamics]["angle"]), rel=6e-3)

    @pytest.mark.parametrize("z", [2, 8])
    @pytest.mark.parametrize("loss", LOSSES)
    def test_points_are_the_representation_of_the_items(self, computing, fashion, loss, z):
        C, norm, W = fashion.forms[loss], fashion.norms[loss], fashion.start(z)
        for time in (0.0, 0.5, 2.0, 8.0, 60.0):
            settings, t = {"loss": loss, "z": z, "eta": 0, "time": time, "beta": 0.01}, [time / norm]
            found = {name: np.array(U).T for name, U in computing.evaluate(POINTS, settings).items()}
            free = fashion.items @ unconstrained_flow(C, W, t)[0]
            size = np.linalg.norm(free) / np.linalg.norm(found["unconstrained"])
            assert distance(size * found["unconstrained"], free) < 0.02
            # The others up to the rotation of the outputs, which Gram matrices do not see.
            for name, basis in (
                ("constrained", grassmann_flow(C, W, t)[0]),
                ("soft", soft_constraint_flow(C, W, t, beta=0.01 * norm)[0]),
            ):
                U = fashion.items @ basis
                assert distance(found[name] @ found[name].T, U @ U.T) < 0.03

    def test_at_the_start_all_three_are_the_start(self, computing, fashion):
        settings = {"loss": "contrastive", "z": 8, "eta": 0, "time": 0, "beta": 0.01}
        found = [np.array(U).T for U in computing.evaluate(POINTS, settings).values()]
        for U in found:
            np.testing.assert_allclose(U, found[0], atol=1e-6 * np.abs(found[0]).max())
        assert distance(found[0], fashion.items @ fashion.start(8)) < 0.02


def distance(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def dots(tab, chart):
    return tab.locator(f"#{chart} circle").evaluate_all("dots => dots.map(dot => dot.getAttribute('class'))")


class TestUseInChromium:
    pytestmark = in_chromium

    def test_dots_are_there_where_the_run_trained(self, opened):
        shown(opened, loss="contrastive", z=2, eta=ETA, time=1, beta=BETA)
        legend = opened.locator(".legend .dots")
        assert sorted(set(dots(opened, "ranks"))) == ["dot constrained", "dot soft", "dot unconstrained"]
        assert "(no constraint, penalty, constraint)" in legend.inner_text()
        shown(opened, beta=0.5)
        assert sorted(set(dots(opened, "ranks"))) == ["dot constrained", "dot unconstrained"]
        assert "(no constraint, constraint)" in legend.inner_text()
        shown(opened, eta=0.4)
        assert dots(opened, "ranks") == []
        assert not legend.is_visible()
        assert opened.locator("#trained").text_content() == "The run trained none of these settings: no dots."
        shown(opened, eta=0)
        assert len(dots(opened, "ranks")) == 5
        shown(opened, z=8)
        assert dots(opened, "ranks") == []

    def test_dots_of_closed_forms_lie_on_the_curves(self, opened):
        shown(opened, loss="contrastive", z=2, eta=ETA, time=1, beta=BETA)
        for chart in ("values", "ranks", "angles"):
            for dynamics in ("unconstrained", "soft", "constrained"):
                curve = opened.locator(f"#{chart} .curve.{dynamics}").first.get_attribute("d")
                line = np.array(re.findall(r"[-\d.]+", curve), float).reshape(-1, 2)
                for dot in opened.locator(f"#{chart} .dot.{dynamics}").all():
                    x, y = (float(dot.get_attribute(name)) for name in ("cx", "cy"))
                    assert y == pytest.approx(np.interp(x, line[:, 0], line[:, 1]), abs=1.0)

    def test_keyboard_moves_every_control_and_the_summary_follows(self, opened):
        status = opened.get_by_role("status")
        status.filter(has_text="the span is").wait_for()
        time = opened.get_by_label("Time t")
        time.focus()
        opened.keyboard.press("Home")
        status.filter(has_text="At t = 0/‖C‖").wait_for()
        assert time.get_attribute("aria-valuetext") == "0/‖C‖"
        opened.keyboard.press("End")
        status.filter(has_text="W has collapsed without a constraint").wait_for()
        reached = []
        for _ in range(8):
            opened.keyboard.press("Tab")
            reached.append(opened.evaluate("document.activeElement.id || document.activeElement.className"))
        assert reached[:6] == ["play", "dimension", "step", "penalty", "loss", "class"]
        for label in ("Dimension z", "Step size η", "Penalty β"):
            slider = opened.get_by_label(label)
            before = slider.get_attribute("aria-valuetext")
            slider.focus()
            opened.keyboard.press("ArrowRight")
            opened.wait_for_function(MOVED, arg=[slider.element_handle(), before])
        opened.get_by_label("Loss").select_option("non-contrastive")
        assert opened.evaluate("explorer.values().loss") == "non-contrastive"

    def test_one_dimension_cannot_collapse(self, opened):
        shown(opened, z=1, time=3)
        opened.get_by_role("status").filter(has_text="one dimension cannot collapse").wait_for()
        assert opened.locator("#unconstrained-points circle").count() == 300

    def test_nothing_moves_by_itself_and_play_does(self, opened):
        time = opened.get_by_label("Time t")
        before = time.input_value()
        opened.wait_for_timeout(200)
        assert time.input_value() == before
        opened.get_by_role("button", name="Play").click()
        opened.wait_for_function("([slider, value]) => slider.value !== value", arg=[time.element_handle(), before])
        opened.get_by_role("button", name="Pause").click()
        stopped = time.input_value()
        opened.wait_for_timeout(200)
        assert time.input_value() == stopped

    def test_who_wants_no_motion_gets_none(self, browser, file):
        tab = opened_with(browser, file, reduced_motion="reduce")
        assert not tab.get_by_role("button", name="Play").is_visible()
        tab.get_by_label("Time t").focus()
        tab.keyboard.press("Home")
        tab.get_by_role("status").filter(has_text="At t = 0/‖C‖").wait_for()
        tab.close()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_accessibility(self, browser, file, scheme):
        tab = opened_with(browser, file, color_scheme=scheme)
        tab.get_by_role("status").filter(has_text="the span is").wait_for()
        assert violations(tab) == []
        tab.close()

    @pytest.mark.parametrize("width", [360, 390, 1280])
    def test_page_is_not_wider_than_the_screen(self, opened, width):
        opened.set_viewport_size({"width": width, "height": 740})
        assert opened.evaluate("document.documentElement.scrollWidth") <= width

    def test_without_script_the_claims_page_is_named(self, browser, file):
        tab = browser.new_page(java_script_enabled=False)
        tab.goto(file.as_uri())
        assert tab.get_by_text("needs JavaScript").is_visible()
        assert not tab.locator("main").is_visible()
        tab.close()
