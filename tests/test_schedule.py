import numpy as np
import pytest

from ssl_dynamics.problem.schedule import COLLAPSE_TIME, HORIZON, late_window, make_schedule
from ssl_dynamics.settings.step_sizes import Grassmannian, Unconstrained

EIGENVALUES = np.array([-10.0, -6.0, -3.0, -2.0, 0.0, 0.5])
CONSTRAINED = Grassmannian(
    finest_step=0.01, levels=5, checkpoints=12, max_steps=100_000, transient=10, convergence=16, late_checkpoints=8
)
SHORT = CONSTRAINED.model_copy(update={"max_steps": 1500})
FREE = Unconstrained(finest_step=0.01, levels=3, checkpoints=20, max_steps=100_000)


def test_every_step_size_meets_the_shared_checkpoints():
    schedule = make_schedule(EIGENVALUES, 2, CONSTRAINED)
    np.testing.assert_allclose(schedule.learning_rates, 0.001 * 2.0 ** np.arange(5))
    shared = schedule.times[: schedule.shared]
    for level, learning_rate in enumerate(schedule.learning_rates):
        times = np.array(schedule.checkpoints(level)) * learning_rate
        np.testing.assert_allclose(times, shared)
    assert shared[0] == 0
    assert shared[-1] == pytest.approx(10 / 10, rel=0.02)
    assert (np.diff(schedule.coarse_steps) > 0).all()


def test_constrained_training_goes_on_to_convergence_and_past_the_collapse_time():
    for z, gap in ((1, 4.0), (2, 3.0), (3, 1.0)):
        end = make_schedule(EIGENVALUES, z, CONSTRAINED).times[-1]
        assert end == pytest.approx(max(16 / (2 * gap), HORIZON / 4.0), rel=0.02)
        assert end > COLLAPSE_TIME / 4.0


def test_late_checkpoints_go_on_in_coarsest_steps_from_the_end_of_the_finest_run():
    schedule = make_schedule(EIGENVALUES, 2, CONSTRAINED)
    finest_end = schedule.checkpoints(0)[-1] * schedule.learning_rates[0]
    late = finest_end + np.array(schedule.late_checkpoints()) * schedule.learning_rates[-1]
    np.testing.assert_allclose(late, schedule.times[schedule.shared :])
    runs = [schedule.checkpoints(level)[-1] for level in range(5)]
    assert schedule.total_steps == sum(runs) + schedule.late_checkpoints()[-1]
    assert make_schedule(EIGENVALUES, 2, FREE).late_checkpoints() == []


def test_unconstrained_training_looks_just_before_the_collapse_time():
    schedule = make_schedule(EIGENVALUES, 2, FREE)
    before = schedule.times[schedule.times <= COLLAPSE_TIME / 4.0][-1]
    assert COLLAPSE_TIME / 4.0 - before < schedule.learning_rates[-1]
    assert schedule.shared == len(schedule.times)
    # Spans turn before the second of the even checkpoints, where λ_3 − λ_2 is wide beside λ_2 − λ_1.
    narrow = make_schedule(np.array([-2.0, -1.98, 0.0, 1.0]), 2, FREE)
    turning = narrow.times[narrow.times < HORIZON / 0.02 / 20]
    for time in (1, 2, 3):
        assert np.abs(turning - time / (2 * 1.98)).min() <= narrow.learning_rates[-1]


@pytest.mark.parametrize(
    ("eigenvalues", "z", "settings", "message"),
    [
        (EIGENVALUES, 6, CONSTRAINED, "z = 6 must be smaller than the dimension of the data, d = 6"),
        (np.zeros(4), 2, CONSTRAINED, "C is zero"),
        (EIGENVALUES, 2, SHORT, r"the transient takes \d+ steps at 5 step sizes from 0\.01 on; max_steps is 1500"),
    ],
)
def test_what_no_schedule_fits_is_refused(eigenvalues, z, settings, message):
    with pytest.raises(ValueError, match=message):
        make_schedule(eigenvalues, z, settings)


@pytest.mark.parametrize("settings", [CONSTRAINED, FREE], ids=["constrained", "free"])
@pytest.mark.parametrize(
    "gaps", [(1.0, 1.0), (1e-7, 1.0), (1.0, 1e-7), (1e-7, 1e-7), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
)
def test_no_spectrum_asks_for_more_steps_than_there_may_be(settings, gaps):
    eigenvalues = np.array([-2.0, -2.0 + gaps[0], -2.0 + gaps[0] + gaps[1], 1.0])
    schedule = make_schedule(eigenvalues, 2, settings)
    assert schedule.total_steps <= settings.max_steps
    slow = min(gaps) if settings is CONSTRAINED else gaps[0]
    assert (schedule.total_steps > 0.9 * settings.max_steps) == (slow < 1)
    assert (np.diff(schedule.coarse_steps) > 0).all()
    assert len(schedule.coarse_steps) >= settings.checkpoints - 2


def test_late_window_is_before_the_collapse_time_as_far_as_training_goes():
    times = np.array([0.0, 5.0, 6.5, 8.0, 11.5, 12.5])
    starts = np.array([-1.0, -8.0, -20.0, -40.0])  # those of the last two are rounding before the end of the window
    ratios = starts[:, None] - 2 * times
    assert late_window(times, ratios).tolist() == [[2, 4], [2, 3], [2, 3], [2, 3]]
    assert late_window(np.array([0.0, 3.0, 5.0]), ratios[:1, :3]).tolist() == [[1, 2]]
