"""Orthogonality of the output layer alone: on the time h/κ a free first layer undoes what it keeps (§10)."""
