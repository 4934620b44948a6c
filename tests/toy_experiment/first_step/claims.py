"""What is claimed of the first step."""

from ssl_dynamics.claims.measures.trajectories import relative_error
from ssl_dynamics.claims.verdict import Claim, Control, Criterion

CLAIMS = [
    Claim(
        id="beyond-first-step",
        source="beyond",
        statement="In one step of gradient descent the loss falls by η‖2CW‖² less a term of second order.",
        formula=r"L(W)-L(W-\eta G)=\eta\|G\|_F^2-\eta^2\,\text{Tr}(G^\top CG),\quad G=2CW",
        quantity="relative |difference| of the fall",
        experiment="first_step",
        table="falls",
        measure=relative_error("fall", "predicted"),
        statistic="largest",
        criterion=Criterion("<=", 1e-9),
        control=Control("without the term of second order", relative_error("fall", "control")),
        figure="first-step",
    )
]
