"""Words and numbers that several claims share."""

COLLAPSE_TIME = 11.5  # in units of 1/(λ_2 − λ_1): e^{−2 · 11.5} = 1e−10 is left of σ_2/σ_1

HALF_RATE = "the same solution at rate 1 instead of 2"
