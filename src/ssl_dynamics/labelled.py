"""The labelled items of a data set, and the accuracy of probes on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ssl_dynamics.analysis import Moments, labelled_moments, probe_hits
from ssl_dynamics.engine.array_file import ArrayFile

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled(ArrayFile):
    """The items on which probes are trained (n, d) and scored (m, d), with their labels."""

    train: Array
    train_labels: Labels
    test: Array
    test_labels: Labels

    @cached_property
    def moments(self) -> Moments:
        """What probes know of the train items."""
        return labelled_moments(self.train, self.train_labels)

    def accuracies(self, models: Mapping[str, Array], penalty: float) -> dict[str, dict[str, Array]]:
        """Accuracies (...) of every probe, by name, on the weights (..., d, z) of every model."""
        return {
            probe: {name: of.mean(-1) for name, of in hits.items()}
            for probe, hits in self.hits(models, penalty).items()
        }

    def hits(self, models: Mapping[str, Array], penalty: float) -> dict[str, dict[str, NDArray[np.bool_]]]:
        """Test items (..., m) that every probe, by name, gets right on the weights (..., d, z) of every model."""
        by_model = {
            name: probe_hits(weights, self.moments, self.test, self.test_labels, penalty=penalty)
            for name, weights in models.items()
        }
        probes = next(iter(by_model.values()))
        return {probe: {name: hits[probe] for name, hits in by_model.items()} for probe in probes}
