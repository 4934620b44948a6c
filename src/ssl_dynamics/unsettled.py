"""What is raised where a draw has nothing to say: an open cell, never an error and never a silent pass."""

REASON = "unsettled"  # the array, or the column, that says why in a file whose contents a draw has left open


class Unsettled(ValueError):  # noqa: N818 -- no error of a run: a draw that has nothing to say
    """A draw leaves a cell open; the text says why.

    Raised by measures, and by all that a stage calls where its data or its starts are beyond what the theory is about;
    the engine then leaves the files of the stage, and of those that read them, open. To whom it was that chose the
    values it is a ValueError.
    """
