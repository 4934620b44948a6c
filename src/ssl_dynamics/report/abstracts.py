"""The claims of both abstracts, and how they stand by what bears on them."""

from collections.abc import Sequence
from typing import Any

from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.report.formatting import Record

# The abstracts in this project's words: A1 … A5 of the paper, F1 … F4 of the follow-up.
ABSTRACTS = {
    "A1": "Extending the dynamics of multivariate regression naively to self-supervised learning gives trivial scalar "
    "representations: dimension collapse.",
    "A2": "Objectives with orthogonality constraints on the weights do not collapse.",
    "A3": "Their dynamics under gradient descent on the Grassmannian are known exactly, whatever the width.",
    "A4": "The infinite-width approximation of self-supervised models deviates significantly from the tangent-kernel "
    "approximation of supervised ones.",
    "A5": "The results are a framework for further analysis.",
    "F1": "The tangent kernel of wide nets remains almost constant for losses of the cosine similarity.",
    "F2": "It does not for losses of the dot product.",
    "F3": "With orthogonality constraints on the output layer, representations are close to the principal components "
    "of a matrix computed from random features.",
    "F4": "All this holds possibly beyond two layers.",
}

# What bears on each was measured on the models, losses and data of this project. This was not, whatever the verdicts.
NOT_TESTED = {
    "A1": "Deep nets, beyond a fixed kernel; another reading of “naively” than the losses used here.",
    "A2": "Constraints other than WᵀW = I and its penalty; constraints on hidden layers.",
    "A3": "Layers with a nonlinearity in between; more than two linear layers; momentum and adaptive step sizes.",
    "A4": "Nonlinear nets wider than can be trained: there, only equations of linear nets reach; another reading of "
    "“significantly” than a departure at every width.",
    "A5": "Large natural images; analyses other than those listed.",
    "F1": "Cosine losses with a temperature; nets narrower than a few hundred units.",
    "F2": "Dot-product losses that are bounded, such as InfoNCE, on wide nets.",
    "F3": "Representations of held-out items; constraints that are learnt or only approximate.",
    "F4": "Four layers and more; convolutional nets and transformers.",
}
PAPER, FOLLOW_UP = (sum(name.startswith(letter) for name in ABSTRACTS) for letter in "AF")


def standing(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Of every claim of the abstracts that something was measured for: what bears on it, the verdict, what is untested.

    It fails where one of these fails, and is open where one is open: measurements of what the constraint does to wide
    nets count for A4, too.
    """
    rows = []
    for name, words in ABSTRACTS.items():
        bearing = [record for record in records if name in record["abstracts"]]
        if bearing:
            worst = min((record["verdict"] for record in bearing), key=WORST_FIRST.index)
            untested = NOT_TESTED[name]
            rows.append({"name": name, "words": words, "verdict": worst, "bearing": bearing, "untested": untested})
    return rows
