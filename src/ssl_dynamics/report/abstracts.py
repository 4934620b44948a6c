"""The claims of both abstracts, and how they stand by what bears on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ssl_dynamics.claims.common import WORST_FIRST
from ssl_dynamics.report.formatting import Record
from ssl_dynamics.report.parts import OUTPUT_LAYER, Finding

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
# What no claim here settles of each.
UNTESTED = {
    "A1": "Nets that learn features, and losses other than the dot product, are not trained without the constraint "
    "until they collapse.",
    "A2": "The rank is followed for linear models. Constraints on the weights of convolutions, of normalised layers or "
    "of projection heads are not tested. Where the output layer alone is orthogonal, linear nets are judged, at one "
    "ratio κ/h and, in the full run, on two of three data sets. ReLU and erf nets are drawn beside them, not judged.",
    "A3": "The dynamics are exact for linear nets of one and two layers. Which nets, which constraint on each "
    "layer and which metric the paper means, its abstract does not say.",
    "A4": "The abstract does not say in which sense it deviates; here it is the drift of the tangent kernel and the "
    "error of linearised models. Nets of more than three layers and training by batches are not tested.",
    "A5": "That something is a framework cannot be measured. What is measured are predictions that follow from the "
    "closed form.",
    "F1": "The abstract puts no number on almost constant; here it is a drift below one half. Nets have two layers.",
    "F2": "Nets have two layers, and three in F4. What happens long after the departure is followed for two.",
    "F3": "Which matrix is meant is inferred from the abstract. Here the layers below learn at unit rate; at the rate "
    "of the tangent-kernel parameterisation features move at every width, which is the control. The bounds of the "
    "follow-up's theorems are not tested. Where it ends is measured of linear nets, at one ratio κ/h and, in the full "
    "run, on two of three data sets. ReLU and erf nets are drawn beside them, not judged.",
    "F4": "One depth, three layers, with ReLU and the contrastive loss; cosine similarity, linearised models and rates "
    "of the drift in the width are not tested there.",
}
# Where a sentence ends: claims that measure its limit, and do not count as support of it.
LIMITS = {
    "A2": Finding(
        "On the time h/κ, if the output layer alone is orthogonal and the first layer is free at the rate κ: the ratio "
        "of singular values of linear nets of width h then falls at the rate of collapse.",
        OUTPUT_LAYER,
    ),
    "F3": Finding(
        "On the time h/κ, κ the rate of the first layer: linear nets of width h then weigh their components otherwise, "
        "and the ratio of singular values falls at the rate of collapse.",
        OUTPUT_LAYER,
    ),
}
PAPER, FOLLOW_UP = (sum(name.startswith(letter) for name in ABSTRACTS) for letter in "AF")


def standing(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Of every claim of the abstracts that was measured: what bears on it, the verdict, and what is not tested.

    It fails where one of these fails, and is open where one is open: measurements of what the constraint does to wide
    nets count for A4, too. Of a sentence that has a limit, the `limit` is given apart with the claims that measure it.
    """
    verdicts = {record["id"]: record["verdict"] for record in records}
    rows = []
    for name, words in ABSTRACTS.items():
        bearing = [record for record in records if name in record["abstracts"]]
        if bearing:
            worst = min((record["verdict"] for record in bearing), key=WORST_FIRST.index)
            row = {"name": name, "words": words, "verdict": worst, "bearing": bearing, "untested": UNTESTED[name]}
            rows.append(row | {"limit": _limit(LIMITS.get(name), verdicts)})
    return rows


def _limit(limit: Finding | None, verdicts: Mapping[str, str]) -> dict[str, Any] | None:
    """The words, and the claims that measure it with their verdicts; none where none was judged."""
    if limit is None or not verdicts.keys() >= set(limit.claims):
        return None
    return {"words": limit.sentence, "measured": {claim: verdicts[claim] for claim in limit.claims}}
