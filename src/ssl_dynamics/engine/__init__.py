"""Engine: what makes re-runs exact. Runs stages, fingerprints their code, records and checks what they made.

It knows nothing of the science.
"""
