"""The data, as data: what every experiment starts from."""

from ssl_dynamics.cells import LossSettings, PointsSettings
from ssl_dynamics.description import Family, Stage
from ssl_dynamics.experiments.data.config import LabelledSettings, TripletsSettings

FAMILY = Family(
    stages=(
        Stage(
            rule="triplets",
            function="triplets:triplets",
            settings=TripletsSettings,
            given={"dataset": "dataset_settings"},
            reads_data=True,
            writes={"triplets": "{dataset}/triplets.npz"},
            message="draw triplets",
            memory=1500,
            minutes=2,
            group="problem",
        ),
        Stage(
            rule="quadratic_form",
            function="quadratic_form:quadratic_form",
            settings=LossSettings,
            reads={"triplets": "{dataset}/triplets.npz"},
            writes={"quadratic_form": "{dataset}/{loss}/quadratic_form.npz"},
            message="quadratic form",
            memory=1000,
            minutes=2,
            group="problem",
        ),
        Stage(
            rule="points",
            function="points:points",
            settings=PointsSettings,
            given={"triplets": "points.triplets", "components": "points.components"},
            reads={"triplets": "{dataset}/triplets.npz"},
            writes={"points": "{dataset}/points.npz"},
            message="points in principal components",
            memory=1000,
            minutes=2,
            group="problem",
        ),
        Stage(
            rule="labelled",
            function="labelled:labelled",
            settings=LabelledSettings,
            given={"dataset": "dataset_settings"},
            reads_data=True,
            writes={"labelled": "{dataset}/labelled.npz"},
            message="labelled items",
            memory=1500,
            minutes=2,
            group="problem",
        ),
    ),
)
