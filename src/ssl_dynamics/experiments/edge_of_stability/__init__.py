"""Steps beyond the edge of stability: the orbit of period 2 in which training ends (docs/theory.md §11)."""
