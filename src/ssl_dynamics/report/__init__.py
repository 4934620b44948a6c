"""Report: verdicts, the claims page, pages of the notebooks, the paper."""
