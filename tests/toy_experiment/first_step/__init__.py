"""One step of gradient descent: how far the loss falls."""
