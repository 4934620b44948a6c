"""Where training and its closed form meet for the first time, without the constraint and with it."""
