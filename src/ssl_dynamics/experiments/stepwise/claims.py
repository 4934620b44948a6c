"""Stepwise learning: exact from aligned starts, one mode after another from small ones."""

from ssl_dynamics.claims.common import NEAR_RATE
from ssl_dynamics.claims.measures.rates import at_error, nearer_rate, proportional
from ssl_dynamics.claims.measures.trajectories import half, largest_error
from ssl_dynamics.claims.verdict import Claim, Control, Criterion
from ssl_dynamics.experiments.stepwise.measures import missed_share, step_time_error

CLAIMS = [
    Claim(
        id="beyond-stepwise-aligned",
        source="beyond",
        statement="On a loss like that of Barlow Twins, training from starts along the eigenvectors follows a closed "
        "form.",
        formula=r"\dot W=-4\Gamma W(W^\top\Gamma W-I)\;\Rightarrow\;"
        r"s_k(t)=e^{4\gamma_kt}\big/\sqrt{s_k(0)^{-2}+\gamma_k(e^{8\gamma_kt}-1)}",
        quantity="largest difference of an eigenvalue γ_k s_k² of WᵀΓW from the prediction, Runge-Kutta steps of at "
        "most 1/(8γ_1)",
        experiment="stepwise",
        table="stepwise_aligned",
        measure=largest_error("error"),
        statistic="largest",
        # The logistic equation itself, solved in Runge-Kutta steps of 1/rate from 0.01, errs by 1.1e−3.
        criterion=Criterion("<=", 2e-3),
        control=Control(NEAR_RATE, nearer_rate(largest_error, "error")),
        figure="stepwise",
        wrong=proportional(largest_error, "error"),
    ),
    Claim(
        id="beyond-stepwise-times",
        source="beyond",
        statement="From small random starts modes are learned one at a time, in steps whose times are predicted.",
        formula=r"t_k=\frac{1}{8\gamma_k}\ln\Bigl(\frac{1}{\gamma_kr_{kk}^2}-1\Bigr),\quad"
        r"(V_z^\top W(0))^\top=QR",
        quantity="largest |t_k/predicted − 1| over the steps, over what theory allows: 0.1 % for the steps of the "
        "integration, and what the other modes may add",
        experiment="stepwise",
        table="stepwise_modes",
        measure=at_error(step_time_error()),
        statistic="largest",
        criterion=Criterion("<=", 1.0),
        control=Control(
            "the diagonal entries of the start in place of R's, as if each output had its own mode from the first",
            at_error(step_time_error(predicted="naive")),
            # Of a start whose outputs happen to have their own modes, both say the same.
            theory=half(at_error(step_time_error("predicted", predicted="naive"))),
        ),
        figure="stepwise",
        wrong=step_time_error(),
    ),
    Claim(
        id="beyond-stepwise-order",
        source="beyond",
        statement="Small starts learn the modes in the order of their eigenvalues, though any others would bring the "
        "loss to zero as well.",
        formula=r"\sum_{i\le k}\gamma_i\|W^\top v_i\|^2\big/\operatorname{Tr}W^\top\Gamma W\approx1"
        r"\quad\text{after the }k\text{-th step}",
        quantity="largest share over the steps of what has been learned that is not of the modes up to then, over what "
        "theory allows: 1 %, and twice what small starts carry along",
        experiment="stepwise",
        table="stepwise_modes",
        measure=at_error(missed_share("missed")),
        statistic="largest",
        criterion=Criterion("<=", 1.0),
        control=Control("the same starts scaled up, so that Tr Wᵀ|Γ|W = 1", at_error(missed_share("missed_large"))),
        figure="stepwise",
        wrong=missed_share("missed"),
    ),
]
