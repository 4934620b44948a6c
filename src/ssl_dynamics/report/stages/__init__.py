"""The stages of the report: verdicts, figures, notebooks, the claims page, the paper."""
