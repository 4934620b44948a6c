"""Levels and times that training, theory and measures agree on."""

# Of the drift ‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F of a tangent kernel.
DEPARTURE = 0.5  # a kernel that has drifted so far is said to have departed
BLOW_UP = 50.0  # drift of the output layer's block (of the features) by which a net has all but reached its singularity

REMAINDER = 0.01  # share of its first excess loss with which supervised training of wide nets ends

# In units of 1/(λ_2 − λ_1): an unconstrained representation has then collapsed, e^{−2 · 11.5} = 1e−10 is left of
# σ_2/σ_1 (docs/theory.md §2).
COLLAPSE_TIME = 11.5
COLLAPSED = 1.01  # effective rank of a representation that has
# σ_2/σ_1 of representations that is still told from rounding: steps leave some 1e−16 of σ_1, which is 5e−4 of σ_2 here,
# five-fold by extrapolations, and 2e−5 of a logarithm of −27. Most starts end at 1e−11.
RESOLVED = 1e-12
# σ_2/σ_1 of representations whose two are told apart: where they cross, the logarithm has a kink, at which steps turn
# it too early or too late and extrapolations in the step size do not help (docs/theory.md §2).
APART = 0.7

# Controls solve a flow at a rate that is wrong by so much, relatively, on either side: what training resolves that is
# extrapolated in the step size, and where the error of the step size itself is of that size (docs/theory.md §6).
RATE_ERROR, COARSE_RATE_ERROR = 0.01, 0.1
MIDDLE_RATE_ERROR = 0.05  # of laws that are judged within 1 or 2 %
NEAR_RATES = {"slow": 1 - RATE_ERROR, "fast": 1 + RATE_ERROR}
FAR_RATES = {"slower": 1 - COARSE_RATE_ERROR, "faster": 1 + COARSE_RATE_ERROR}
