"""Claims: the registry of statements and how each gets its verdict."""
