"""Starts: weights of models before training, each seed from a stream of its own name."""
