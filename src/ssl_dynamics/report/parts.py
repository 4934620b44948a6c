"""The parts of the report, in whose order claims are listed: what each asks, and what its claims answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A sentence, and the claims without which it must not be said (`answers.told`)."""

    sentence: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of the report; `answer` is to its question."""

    title: str
    question: str
    answer: tuple[Finding, ...]


OUTPUT_LAYER = ("beyond-output-layer-law", "beyond-output-layer-flow")  # they measure where A2 and F3 end

PARTS = {
    "collapse": Part(
        "Dimension collapse",
        "Does training without a constraint collapse, along the curve that theory predicts?",
        (
            Finding(
                "Yes: linear models and models on a fixed kernel collapse to one direction, along the predicted curve.",
                ("A1-collapse-curve", "A1-collapse", "A1-kernel-curve", "A1-kernel-collapse"),
            ),
            Finding("Regression on the same kernel does not collapse.", ("A1-regression-rank",)),
            Finding("Weight decay does not prevent it.", ("beyond-weight-decay",)),
        ),
    ),
    "grassmannian": Part(
        "Exact dynamics on the Grassmannian",
        "With the constraint, is training the exact flow on the Grassmannian, whatever retraction and width?",
        (
            Finding("Representations keep their rank.", ("A2-no-collapse",)),
            Finding(
                "A fixed Frobenius norm or columns of unit length do not prevent collapse; a bound on the spectral "
                "norm does, if the leading eigenvalues are negative.",
                ("beyond-frobenius-norm", "beyond-unit-columns", "beyond-spectral-norm"),
            ),
            Finding(
                "With the output layer alone orthogonal, the ratio of singular values of linear nets falls at the rate "
                "of collapse on the time h/κ.",
                OUTPUT_LAYER,
            ),
            Finding(
                "Training converges to the closed form as the step size falls, with each of three retractions.",
                ("A3-order-1", "A3-order-2", "A3-error-1", "A3-order-polar", "A3-order-geodesic"),
            ),
            Finding(
                "Two-layer linear nets, constrained layer by layer, follow it at every width up to d; wider ones obey "
                "another equation, in which the width does not occur.",
                ("A3-narrow-order", "A3-narrow-error", "A3-wide-order"),
            ),
        ),
    ),
    "framework": Part(
        "What else the closed form predicts",
        "Does the closed form predict accuracies, learning times, and the noise of samples and batches?",
        (
            Finding(
                "Yes: accuracies to within a point, learning times, and the errors of finite samples and of batches.",
                ("A5-accuracy", "A5-learning-times", "A5-finite-sample", "beyond-batch-noise"),
            ),
            Finding(
                "Training on InfoNCE ends in another span; at high temperature its minimiser tends to the leading "
                "eigenspace of another form C, that of in-batch negatives.",
                ("beyond-dot-product-limit", "beyond-infonce-limit"),
            ),
        ),
    ),
    "tangent-kernel": Part(
        "Departure from the tangent kernel",
        "Which nets leave the tangent kernel of their start, and when?",
        (
            Finding(
                "Nets on the dot product leave it at every width h, at a time that grows like ln h.",
                ("A4-every-run-departs", "A4-departure-time-relu", "A4-departure-time-erf", "A4-departure-law"),
            ),
            Finding(
                "Wide supervised nets of two layers, and wide ones on cosine similarity, stay near it: it moves by "
                "less than half of its norm.",
                ("A4-supervised-drift", "follow-up-cosine-drift"),
            ),
        ),
    ),
    "infinite-width": Part(
        "What replaces the tangent kernel",
        "What replaces the tangent kernel for wide self-supervised nets?",
        (
            Finding(
                "With the constraint, and the layer below at unit rate, the exact flow on the features of the start.",
                ("follow-up-frozen-features", "follow-up-frozen-features-error"),
            ),
            Finding(
                "Only for times well below h/κ, κ the rate of the layer below.",
                OUTPUT_LAYER,
            ),
            Finding(
                "The model linearised at the start does not become right as nets widen.",
                ("beyond-linearised-stays-wrong", "beyond-linearised-limit"),
            ),
            Finding(
                "Three-layer ReLU nets leave their tangent kernel as well, and with the constraint their features "
                "stay near the start.",
                ("follow-up-depth-supervised", "follow-up-depth-departure", "follow-up-depth-feature-drift"),
            ),
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
        "Without it, nets of every width h that learn the dot product leave their tangent kernel, at a time that grows "
        "like ln h.",
        ("A4-departure-law", "A4-departure-time-relu", "A4-departure-time-erf"),
    ),
    "D": Finding(
        "With it, and the first layer at unit rate, wide nets approach the exact flow on the features of their start; "
        "the model linearised at the start stays wrong.",
        ("follow-up-frozen-features", "beyond-linearised-stays-wrong"),
    ),
}
