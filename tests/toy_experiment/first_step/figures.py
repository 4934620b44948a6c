"""Figure of the first step."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure


def first_step(falls: pd.DataFrame) -> Figure:
    """The fall of the loss in one step against its prediction, a point for each seed."""
    figure, axes = plt.subplots(figsize=(3.5, 2.5))
    axes.loglog(falls["predicted"], falls["fall"], "o", markersize=3)
    axes.set(xlabel="predicted", ylabel="fall of the loss")
    return figure
