"""Orthogonality of the output layer alone: on the time h/κ a free first layer brings the collapse back (§10)."""
