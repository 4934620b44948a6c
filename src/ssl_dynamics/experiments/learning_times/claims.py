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
        # Runge-Kutta steps of at most 0.4/‖C‖ err by parts in 10,000, and so does the interpolation; 1 % must be told.
        criterion=Criterion("<=", 0.005),
        control=Control(NEAR_RATE, nearer_learning_time_error),
        figure="acquisition",
        wrong=learning_time_error,
    ),
]
