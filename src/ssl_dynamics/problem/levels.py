"""Levels of the drift ‖Θ(t) − Θ(0)‖_F/‖Θ(0)‖_F of a tangent kernel that training, theory and measures agree on."""

DEPARTURE = 0.5  # a kernel that has drifted so far is said to have departed
BLOW_UP = 50.0  # drift of the output layer's block (of the features) by which a net has all but reached its singularity
