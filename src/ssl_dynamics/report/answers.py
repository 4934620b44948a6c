"""What came out, in sentences: each is said only if all claims that it rests on hold in the run at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.report.formatting import Record, verdict_word


@dataclass(frozen=True)
class Finding:
    """A sentence, and the claims without which it must not be said."""

    sentence: str
    claims: tuple[str, ...]


# The answer to the question of each part (`parts.QUESTIONS`).
ANSWERS = {
    "collapse": (
        Finding(
            "Yes: linear models and models on a fixed kernel collapse to one direction, along the predicted curve.",
            ("A1-collapse-curve", "A1-collapse", "A1-kernel-curve", "A1-kernel-collapse"),
        ),
        Finding("Regression on the same kernel does not collapse.", ("A1-regression-rank",)),
        Finding("Weight decay does not prevent it.", ("beyond-weight-decay",)),
    ),
    "grassmannian": (
        Finding("Nothing collapses.", ("A2-no-collapse",)),
        Finding(
            "Training converges to the closed form as the step size falls, with each of three retractions.",
            ("A3-order-1", "A3-order-2", "A3-error-1", "A3-order-polar", "A3-order-geodesic"),
        ),
        Finding(
            "Two-layer linear nets follow it at every width up to d; wider ones obey one equation without the width.",
            ("A3-narrow-order", "A3-narrow-error", "A3-wide-order"),
        ),
    ),
    "framework": (
        Finding(
            "Yes: accuracies, learning times, and the errors of finite samples and of batches.",
            ("A5-accuracy", "A5-accuracy-limit", "A5-learning-times", "A5-finite-sample", "beyond-batch-noise"),
        ),
        Finding(
            "InfoNCE ends elsewhere, and joins the closed form at high temperature.",
            ("beyond-dot-product-limit", "beyond-infonce-limit"),
        ),
    ),
    "tangent-kernel": (
        Finding(
            "Nets on the dot product leave it at every width h, at a time that grows like ln h.",
            ("A4-every-run-departs", "A4-departure-time-relu", "A4-departure-time-erf", "A4-departure-law"),
        ),
        Finding(
            "Supervised nets and nets on cosine similarity stay near it.",
            ("A4-supervised-drift", "follow-up-cosine-drift"),
        ),
    ),
    "infinite-width": (
        Finding(
            "With the constraint, the exact flow on the features of the start.",
            ("follow-up-frozen-features", "follow-up-frozen-features-error"),
        ),
        Finding(
            "The model linearised at the start is wrong at every width.",
            ("beyond-linearised-stays-wrong", "beyond-linearised-limit"),
        ),
        Finding(
            "Nets of three layers behave alike.",
            ("follow-up-depth-supervised", "follow-up-depth-departure", "follow-up-depth-feature-drift"),
        ),
    ),
}

# What each panel of the figure of the whole story shows.
STORY = {
    "A": Finding(
        "Without the constraint the effective rank falls to 1; with WᵀW = I it does not.",
        ("A1-collapse", "A2-no-collapse"),
    ),
    "B": Finding(
        "With it, the trained span approaches the closed form as the step size falls: at first order as trained, at "
        "second and third after Richardson extrapolation.",
        ("A3-order-1", "A3-order-2", "A3-order-3"),
    ),
    "C": Finding(
        "Without it, nets of every width h leave their tangent kernel, at a time that grows like ln h.",
        ("A4-departure-law", "A4-departure-time-relu", "A4-departure-time-erf"),
    ),
    "D": Finding(
        "With it, wide nets approach the exact flow on the features of their start; the model linearised at the start "
        "stays wrong.",
        ("follow-up-frozen-features", "beyond-linearised-stays-wrong"),
    ),
}


def told(finding: Finding, records: Sequence[Record]) -> str:
    """The sentence, if all its claims hold; else that it is not confirmed, or open, and which claims say so.

    Raises KeyError if a claim was not judged: a sentence must not rest on nothing.
    """
    verdicts = {record["id"]: record["verdict"] for record in records}
    own = {claim: verdicts[claim] for claim in finding.claims}
    others = {claim: verdict for claim, verdict in own.items() if verdict != "pass"}
    if not others:
        return finding.sentence
    worst = min(others.values(), key=WORST_FIRST.index)
    named = ", ".join(f"{claim} {verdict_word(verdict)}" for claim, verdict in others.items())
    return f"{'Not confirmed' if worst == 'fail' else 'Left open'} ({named}): “{finding.sentence}”"
