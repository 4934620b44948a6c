"""Levels and times that training, theory and measures agree on."""

# Of the drift ‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F of a tangent kernel.
DEPARTURE = 0.5  # a kernel that has drifted so far is said to have departed
BLOW_UP = 50.0  # drift of the output layer's block (of the features) by which a net has all but reached its singularity

# In units of 1/(λ_2 − λ_1): an unconstrained representation has then collapsed, e^{−2 · 11.5} = 1e−10 is left of
# σ_2/σ_1 (docs/theory.md §2).
COLLAPSE_TIME = 11.5
