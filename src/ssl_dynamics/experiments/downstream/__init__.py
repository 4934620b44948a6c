"""What a probe makes of the representation: accuracy as predicted by the closed form, and what the collapse costs."""
