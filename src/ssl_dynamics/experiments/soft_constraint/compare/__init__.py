"""The comparisons of the two experiments."""
