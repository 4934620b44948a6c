"""Training on the spectral contrastive loss, as data."""

from ssl_dynamics.cells import CompareSettings, TrainingSettings
from ssl_dynamics.description import TRIPLETS, Experiment, Family, Figure, Stage, cell, compare_stage, files
from ssl_dynamics.experiments.spectral_contrastive.config import DesignSettings, SpectralContrastive
from ssl_dynamics.settings import Settings

SPECTRAL_CONTRASTIVE = Experiment(
    "spectral_contrastive",
    settings=SpectralContrastive,
    part="grassmannian",
    tables=("spectral_flow", "spectral_values"),
    smallest_dimension=2,
)
CELL = cell("spectral_contrastive")
VIEWS, SCHEDULE = f"{CELL}/views.npz", f"{CELL}/schedule.npz"

FAMILY = Family(
    experiments=(SPECTRAL_CONTRASTIVE,),
    stages=(
        Stage(
            rule="design_spectral_contrastive",
            function="design:design",
            settings=DesignSettings,
            reads={"triplets": TRIPLETS},
            writes={"schedule": SCHEDULE, "views": VIEWS},
            message="whitened views, starts and step sizes",
        ),
        Stage(
            rule="simulate_spectral_contrastive",
            function="simulate:simulate",
            settings=TrainingSettings,
            reads={"views": VIEWS, "schedule": SCHEDULE},
            writes={"trajectories": f"{CELL}/trajectories.npz"},
            log="simulate",
            message="train",
        ),
        Stage(
            rule="solve_spectral_contrastive",
            function="solve:solve",
            settings=Settings,
            reads={"schedule": SCHEDULE},
            writes={"solution": f"{CELL}/solution.npz"},
            log="solve",
            message="solve",
        ),
        compare_stage(
            SPECTRAL_CONTRASTIVE,
            rule="compare_spectral_contrastive",
            function="compare:compare",
            settings=CompareSettings,
            reads=files("spectral_contrastive", "trajectories", "solution", "schedule"),
        ),
    ),
    figures=(
        Figure(
            "spectral-contrastive",
            tables=("spectral_values",),
            finding="Training on the spectral contrastive loss follows the closed form with a penalty, to "
            "{beyond-spectral-flow}.",
        ),
    ),
)
