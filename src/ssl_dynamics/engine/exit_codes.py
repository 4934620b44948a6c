"""Exit codes of `ssl-dynamics`, beside 0: `make` shows them as `Error 1`, and ends itself with 2 for each."""

DISAGREES = 1  # what was run or looked at is not as it should be: a verdict, a number, an artifact
WRONG_INPUT = 2  # nothing was begun: a wrong argument, configuration or file
STOPPED = 3  # the command did not come to its end: a job failed, the disk was full, it was interrupted
