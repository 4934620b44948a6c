"""Words that several claims share."""

HALF_RATE = "the same solution at rate 1 instead of 2"
