"""The data, as data: what every experiment starts from."""

from ssl_dynamics.cells import LossSettings, PointsSettings
from ssl_dynamics.description import LABELLED, POINTS, QUADRATIC_FORM, TRIPLETS, Family, Stage
from ssl_dynamics.experiments.data.config import LabelledSettings, TripletsSettings

FAMILY = Family(
    stages=(
        Stage(
            rule="triplets",
            function="triplets:triplets",
            settings=TripletsSettings,
            given={"dataset": "dataset_settings"},
            reads_data=True,
            writes={"triplets": TRIPLETS},
            message="draw triplets",
            memory=1500,
            group="problem",
        ),
        Stage(
            rule="quadratic_form",
            function="quadratic_form:quadratic_form",
            settings=LossSettings,
            reads={"triplets": TRIPLETS},
            writes={"quadratic_form": QUADRATIC_FORM},
            message="quadratic form",
            group="problem",
        ),
        Stage(
            rule="points",
            function="points:points",
            settings=PointsSettings,
            given={"triplets": "points.triplets", "components": "points.components"},
            reads={"triplets": TRIPLETS},
            writes={"points": POINTS},
            message="points in principal components",
            group="problem",
        ),
        Stage(
            rule="labelled",
            function="labelled:labelled",
            settings=LabelledSettings,
            given={"dataset": "dataset_settings"},
            reads_data=True,
            writes={"labelled": LABELLED},
            message="labelled items",
            memory=1500,
            group="problem",
        ),
    ),
)
