"""Verification: a run against the reference that is shipped."""
