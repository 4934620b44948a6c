"""The span learned from a finite sample of triplets against that of the population."""
