"""The register: every claim, criterion or size that was changed or withdrawn after a first result.

`make changes` writes docs/changes-after-results.md from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["criterion", "measure", "size", "withdrawn", "added", "judgement"]

KINDS: dict[Kind, str] = {
    "criterion": "what the number must meet was changed",
    "measure": "what is measured was changed, the criterion kept",
    "size": "step sizes, widths, seeds or horizons were changed, measure and criterion kept",
    "withdrawn": "the claim is no longer made",
    "added": "the claim was made after the result of another",
    "judgement": "how numbers become verdicts was changed, for all claims",
}


@dataclass(frozen=True)
class Change:
    """What was changed after which result, and why; `claims` are ids, of withdrawn claims too, none for all claims."""

    date: str
    claims: tuple[str, ...]
    kind: Kind
    before: str
    result: str
    after: str
    reason: str


CHANGES = (
    Change(
        "2026-11-24",
        ("A2-convergence-bound",),
        "measure",
        "ratio of the trained tangent to its bound over the whole training, ≤ 1",
        "failed where the bound had fallen to 1e−17",
        "the same while the bound exceeds 1e−12",
        "an angle of 1e−17 is the rounding of float64, not of the dynamics",
    ),
    Change(
        "2026-11-24",
        ("A2-no-collapse",),
        "measure",
        "lowest (rank − 1)/(z − 1) from t = 11.5/(λ_2 − λ_1) on, ≥ 1/2",
        "not recorded",
        "lowest (rank − 1)/(rank of the limit − 1) from that time on, ≥ 1/2",
        "z − 1 measures the spectrum of the data: a limit of full rank may have a smaller effective one",
    ),
    Change(
        "2026-11-24",
        ("A1-regression-rank",),
        "measure",
        "control: self-supervised training on the same kernel",
        "a review: the target had the rank of a random start, so that regression had nothing to learn",
        "columns of the target of different size; control: the start of the training",
        "a claim about a rank that the start already has proves nothing",
    ),
    Change(
        "2026-11-24",
        ("A5-accuracy",),
        "size",
        "η‖C‖ = 0.01 on digits, difference of accuracies ≤ 0.01",
        "failed on digits, where one test item of 355 is 0.3 %",
        "a quarter of the step size on digits",
        "the difference falls with the step size, which the criterion speaks of",
    ),
    Change(
        "2026-11-24",
        ("A5-accuracy-limit",),
        "added",
        "no such claim",
        "A5-accuracy failed on digits at η‖C‖ = 0.01",
        "the extrapolated projector has the accuracy, difference ≤ 0.01",
        "to tell the error of the step size from one of the theory",
    ),
    Change(
        "2026-11-24",
        ("beyond-linearised-against-frozen",),
        "measure",
        "smallest ratio of the two errors at the end, τ = 16, ≥ 10",
        "9.4 for one seed of ReLU nets on the mixture",
        "the same ratio at τ = 8, where the flow is judged",
        "at τ = 16 the features of h = 256 have moved twice as far",
    ),
    Change(
        "2026-11-24",
        ("beyond-linearised-stays-wrong",),
        "criterion",
        "exponent of 1 − cos in the width ≤ 0.2",
        "not recorded",
        "exponent within [−0.2, 0.2]",
        "an error that falls is no error that stays: the one-sided criterion let a model pass that becomes right",
    ),
    Change(
        "2026-11-24",
        ("beyond-fast-features",),
        "withdrawn",
        "with W_1 at the rate κ = h features move at every width: exponent ≥ −0.2",
        "not recorded",
        "the control of beyond-frozen-features",
        "the statement is what the other claim must not be true of",
    ),
    Change(
        "2026-11-24",
        ("beyond-depth-random-features",),
        "criterion",
        "the Gram error of three-layer nets to the flow on frozen features falls as h^{−1}: exponent within "
        "[−1.3, −0.8]",
        "−1.33: failed",
        "exponent ≤ −0.4",
        "the rate is not derived for three layers; a relaxation after the result all the same",
    ),
    Change(
        "2026-11-24",
        ("beyond-depth-random-features",),
        "withdrawn",
        "exponent ≤ −0.4",
        "not settled by the widths that can be trained",
        "no claim",
        "neither the rate nor a band for it follows from a derivation",
    ),
    Change(
        "2026-11-24",
        ("beyond-depth-departure-law",),
        "withdrawn",
        "three-layer nets depart at t = ln h/(2μ) + c: slope within [0.9, 1.25]",
        "outside: these widths do not reach the law",
        "no claim",
        "the predicted finite-width value is not known for three layers",
    ),
    Change(
        "2026-11-27",
        ("A4-departure-law", "beyond-departure-time", "beyond-blow-up"),
        "size",
        "widths from 2^18 to 2^40",
        "another draw of the mixture failed all three: the second mode, of size h^{−(1 − 0.78)/2}, was left",
        "widths to 2^50; judged where the second mode is small",
        "the law is asymptotic, and the spectrum says from which width on",
    ),
    Change(
        "2026-11-27",
        ("A3-integration",),
        "size",
        "DOP853 with a tolerance of 1e−12, distance ≤ 1e−9",
        "another draw of the mixture failed: the error of the integrator exceeded 1e−9",
        "the tightest tolerance that float64 allows",
        "the error falls with the tolerance, by 85 where that falls by 100: it is the integrator's, not the "
        "closed form's",
    ),
    Change(
        "2026-11-27",
        ("beyond-tangent-drift",),
        "size",
        "trained to a fixed time τ",
        "another draw of the mixture failed: eigenvalues close together, training not at its end",
        "trained until the closed form has converged",
        "the prediction is that of the limit",
    ),
    Change(
        "2026-11-29",
        (),
        "judgement",
        "95 % percentile bootstraps of means and extremes; a claim passed or failed",
        "with nine other root seeds 2 to 8 claims of the quick configuration failed every time",
        "t-intervals of means, the range of extremes; open where an interval reaches over a bound",
        "percentile bootstraps cover 80 % at 4 seeds and 90 % at 10; a wide interval is no evidence against a claim",
    ),
    Change(
        "2026-11-29",
        (),
        "judgement",
        "a control failed by its mean or its largest value over the seeds",
        "the controls of A1-regression-rank and A5-finite-sample meet the criterion on one seed each",
        "a control must fail on the seed on which it comes nearest to the criterion",
        "a control that passes on some seed tells nothing on that seed",
    ),
    Change(
        "2026-11-29",
        (),
        "judgement",
        "a spectrum that needs more steps than the budget stopped the run",
        "root seed 17 stopped the quick run: 24,122 steps of 20,000",
        "training ends with the budget, and what is read later is open, with the reason",
        "a draw must not be able to stop a run, nor to be chosen for not stopping it",
    ),
    Change(
        "2026-11-29",
        ("beyond-linearised-stays-wrong",),
        "measure",
        "exponent of 1 − cos in the width at the end, within [−0.2, 0.2]",
        "−0.28 [−0.33, −0.23] on the mixture: failed; with four of nine other root seeds as well",
        "|m/m' − 1|·h/4096 ≤ 0.02 at τ = 8, m' predicted of each net; the limit is beyond-linearised-limit",
        "theory implies no such exponent, but tells the error of each net",
    ),
    Change(
        "2026-11-29",
        ("beyond-linearised-against-frozen",),
        "withdrawn",
        "smallest ratio of the two errors at τ = 8, ≥ 10",
        "131",
        "no claim",
        "it follows from beyond-linearised-stays-wrong and beyond-frozen-features-error; 10 came from no derivation",
    ),
    Change(
        "2026-11-29",
        ("beyond-frozen-features",),
        "measure",
        "exponent of the Gram error, within [−1.3, −0.8]",
        "−1.10 [−1.21, −0.98] passes; with four of nine other root seeds it failed",
        "exponent of the Gram error over each net's ∫‖∂L/∂U‖ dt, within [−1.25, −0.75]",
        "wider nets escape later, and the band was not symmetric about the exponent predicted",
    ),
    Change(
        "2026-11-29",
        ("A5-batch-exponent-step", "A5-batch-exponent-size", "A5-batch-prediction"),
        "withdrawn",
        "fitted exponents within 0.1 of 1/2 and −1/2, and a fitted constant: ratio within [0.8, 1.25]",
        "0.54 [0.49, 0.59], −0.48 [−0.54, −0.42], 0.90 [0.83, 0.97]; the laws η²/B and √η/B pass as well",
        "A5-batch-noise: deviation over its prediction, nothing fitted, within 1 ± 0.05",
        "the variance follows from the triplets, and tells the laws apart",
    ),
    Change(
        "2026-11-29",
        ("A5-finite-sample",),
        "measure",
        "slope of ln(sin θ_max) in ln(1/n + 1/N), within [0.4, 0.6]",
        "0.50 [0.45, 0.54], but the control had a slope of 0.47 on one sample of the mixture",
        "root mean square coordinate over its prediction, nothing fitted, within 1 ± 0.08",
        "the variance follows from the triplets, with its constant",
    ),
)


def register(changes: Sequence[Change] = CHANGES) -> str:
    """The register as Markdown, newest first."""
    head = (
        "# What was changed after a result\n\n"
        "Written by `make changes` from [`claims/changes.py`](../src/ssl_dynamics/claims/changes.py); do not edit.\n\n"
        "Criteria follow from derivations ([theory](theory.md)). Whatever was changed once a result was known is "
        "listed here, claims that are no longer made included.\n\n"
        + "\n".join(f"- *{kind}*: {text}" for kind, text in KINDS.items())
    )
    rows = "\n".join(map(_row, reversed(changes)))
    table = "| date | claims | kind | before | result | after | reason |\n|---|---|---|---|---|---|---|\n"
    return f"{head}\n\n{table}{rows}\n"


def _row(change: Change) -> str:
    claims = ", ".join(change.claims) or "all"
    cells = (change.date, claims, change.kind, change.before, change.result, change.after, change.reason)
    # A bar would end a cell.
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"
