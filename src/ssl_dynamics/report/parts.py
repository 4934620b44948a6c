"""The parts of the report, in whose order claims are listed: title, and what its claims say."""

PARTS = {
    "collapse": (
        "Dimension collapse",
        "Without a constraint, linear models and models on a fixed kernel turn into a scalar representation, along a "
        "curve that is known; regression on the same kernel does not.",
    ),
    "grassmannian": (
        "Exact dynamics on the Grassmannian",
        "Under WᵀW = I nothing collapses: training is a flow of subspaces with a closed form, whatever the retraction "
        "and whatever the width.",
    ),
    "framework": (
        "What else the closed form predicts",
        "Accuracies, learning times, errors of finite samples and of mini-batches follow from it; other objectives "
        "share its limit or depart from it.",
    ),
    "tangent-kernel": (
        "Departure from the tangent kernel",
        "Supervised nets stay near their tangent kernel; self-supervised nets of every width leave it, at a time that "
        "grows like ln h.",
    ),
    "infinite-width": (
        "What replaces the tangent kernel",
        "With the constraint kept, wide nets follow the flow on their features at the start; the model linearised at "
        "the start stays wrong; nets of three layers depart and freeze as those of two do.",
    ),
}

# What a reader wants to know of each part.
QUESTIONS = {
    "collapse": "Does training without a constraint collapse, along the curve that theory predicts?",
    "grassmannian": "With the constraint, is training the exact flow on the Grassmannian, whatever retraction and "
    "width?",
    "framework": "Does the closed form predict accuracies, learning times, and the noise of samples and batches?",
    "tangent-kernel": "Which nets leave the tangent kernel of their start, and when?",
    "infinite-width": "What replaces the tangent kernel for wide self-supervised nets?",
}
