"""A5 on learning times: when training acquires each eigen-direction."""

from ssl_dynamics.claims.common import NEAR_RATE
from ssl_dynamics.claims.measures.rates import at_error
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.learning_times.measures import learning_time_error, nearer_learning_time_error

CLAIMS = [
    Claim(
        id="A5-learning-times",
        source="A5",
        statement="The closed form predicts when training acquires each of the z leading eigen-directions of C.",
        formula=r"\left|P(t_k)v_k\right|^2=[(I+G(t_k)^\top G(t_k))^{-1}]_{kk}=\frac12",
        quantity="largest |t_k/predicted − 1| over k, t_k the last time that |Pv_k|² rises through 1/2",
        experiment="learning_times",
        table="acquisition",
        measure=at_error(learning_time_error),
        statistic="largest",
        # The interpolation of a time that is as predicted errs by less than AROUND, 1e-3, whatever the curve. Steps of
        # 0.4/‖C‖ err by 1e-4 at most but for 1 draw in 1,000, by more than 1e-3 in 1 of 10,000 (docs/theory.md §5).
        criterion=Criterion("<=", 0.002),
        control=Control(NEAR_RATE, nearer_learning_time_error),
        figure="acquisition",
        wrong=learning_time_error,
    ),
]
