"""Learning times: when constrained training acquires each leading eigen-direction of C."""
