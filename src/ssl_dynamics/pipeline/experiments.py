"""The experiments as the configuration states them: step sizes, horizons, sizes."""

from itertools import pairwise
from typing import Annotated, Literal, get_args

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from ssl_dynamics.problem.settings import Activation, Loss, Objective, Settings

Dynamics = Literal["unconstrained", "grassmannian"]
TwoLayerKind = Literal["narrow", "wide"]


class StepSizes(Settings):
    """Step sizes and horizon of the training runs of one kind of dynamics, in units that fit any spectrum of C."""

    finest_step: Annotated[float, Field(gt=0, lt=0.5, description="finest step size η, in units of 1/‖C‖₂")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which every step size is compared")]
    max_steps: Annotated[PositiveInt, Field(description="refuse a spectrum that would need more steps than this")]


class Unconstrained(StepSizes):
    """Unconstrained training, until the collapse has gone far (see `pipeline.schedule`)."""

    kind: Literal["unconstrained"] = "unconstrained"


class Grassmannian(StepSizes):
    """Training under WᵀW = I: the transient at every step size, then on to convergence at the coarsest."""

    kind: Literal["grassmannian"] = "grassmannian"
    levels: Annotated[int, Field(ge=5, le=8, description="number of step sizes, each twice the one before")]
    transient: Annotated[
        PositiveFloat, Field(description="length of the transient in which errors are compared, in units of 1/‖C‖₂")
    ]
    convergence: Annotated[
        PositiveFloat, Field(description="end of the coarsest run, in units of 1/(2(λ_{z+1} − λ_z))")
    ]
    late_checkpoints: Annotated[int, Field(ge=2, description="number of times between the transient and that end")]


class FiniteSteps(Settings):
    """Other retractions, orthogonal iteration and the limits in η, at step sizes and transient of `grassmannian`."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    iteration_steps: Annotated[int, Field(ge=1000, description="steps of orthogonal iteration followed")]
    limit_steps: Annotated[int, Field(ge=100, description="steps taken next to the limits in η")]


class Objectives(Settings):
    """Training under WᵀW = I on other objectives, beside the contrastive dot product; InfoNCE at high temperatures."""

    losses: Annotated[
        list[Literal["contrastive"]], Field(min_length=1, max_length=1, description="the dot-product loss beside them")
    ]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    triplets: Annotated[int, Field(ge=4, description="the batch: this many of the data set's first triplets")]
    iterations: Annotated[dict[Objective, PositiveInt], Field(description="most iterations of each objective")]
    tolerance: Annotated[
        float, Field(gt=0, lt=1, description="a descent ends when every seed's gradient is this share of its first")
    ]
    checkpoints: Annotated[int, Field(ge=3, description="number of iterations at which spans are looked at")]
    temperatures: Annotated[
        list[PositiveFloat],
        Field(min_length=3, description="temperatures of InfoNCE, in units of λ_1²/(λ_{z+1} − λ_z) of the in-batch C"),
    ]
    temperature_tolerance: Annotated[float, Field(gt=0, lt=1, description="as `tolerance`, at those temperatures")]
    temperature_iterations: Annotated[PositiveInt, Field(description="fail if that takes more iterations")]

    @field_validator("iterations")
    @classmethod
    def _names_every_objective(cls, iterations: dict[Objective, int]) -> dict[Objective, int]:
        if missing := sorted(set(get_args(Objective)) - set(iterations)):
            raise ValueError(f"must name every objective; missing: {', '.join(missing)}")
        return iterations


class Kernel(Settings):
    """Training in function space on fixed kernels: self-supervised, with and without weight decay, and regression."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    triplets: Annotated[int, Field(ge=2, description="the first n triplets of each data set: 3n points")]
    training: Annotated[Unconstrained, Field(description="step sizes in units of 1/‖K^{1/2}AK^{1/2}‖₂")]
    decay: Annotated[PositiveFloat, Field(description="weight decay δ, in units of ‖K^{1/2}AK^{1/2}‖₂")]
    regression_end: Annotated[PositiveInt, Field(description="end of the regression, in units of 1/‖K‖₂")]


class TwoLayer(Settings):
    """Training of two-layer linear nets of several widths, over the transient."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    finest_step: Annotated[float, Field(gt=0, lt=0.1, description="finest step size η, in units of 1/‖C‖₂")]
    levels: Annotated[int, Field(ge=3, le=8, description="number of step sizes, each twice the one before")]
    checkpoints: Annotated[int, Field(ge=4, description="number of times at which nets and theory are compared")]
    transient: Annotated[PositiveFloat, Field(description="length of training, in units of 1/‖C‖₂")]
    components: Annotated[
        PositiveInt, Field(description="principal components in which the nets see the triplets, at most: their d")
    ]
    integrated_numbers: Annotated[
        PositiveInt,
        Field(
            description="numbers in the first layer, all seeds together, of nets whose layers are integrated, at most"
        ),
    ]


class Narrow(TwoLayer):
    """Nets of width z <= h <= d."""

    kind: Literal["narrow"] = "narrow"
    widths: Annotated[int, Field(ge=2, description="number of widths, spread evenly in log h from z to d")]


class Wide(TwoLayer):
    """Nets of width h >= d."""

    kind: Literal["wide"] = "wide"
    ratios: Annotated[list[PositiveInt], Field(min_length=2, description="widths h, in units of d")]
    draws: Annotated[
        PositiveInt, Field(description="random starts a seed and width whose singular values are measured")
    ]


class Downstream(Settings):
    """Probe accuracy of the constrained model against the closed form, at every checkpoint of its training."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    penalty: Annotated[
        PositiveFloat, Field(description="of the ridge probe, in units of the mean variance of the coordinates of u")
    ]


class CollapseCost(Downstream):
    """Probe accuracy of the constrained model against that of the collapsed one, of PCA and of the raw items."""


class LearningTimes(Settings):
    """When the constrained model acquires each leading eigen-direction."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    step: Annotated[float, Field(gt=0, lt=0.5, description="step size η, in units of 1/‖C‖₂")]
    checkpoints: Annotated[int, Field(ge=10, description="logarithmically spaced over the run")]
    max_steps: Annotated[PositiveInt, Field(description="refuse a spectrum that would need more steps than this")]


class FiniteSample(Settings):
    """The span learned from n triplets against that of the population."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    sizes: Annotated[list[PositiveInt], Field(min_length=3, description="numbers n of triplets, increasing")]
    resamples: Annotated[int, Field(ge=3, description="independent samples of each size")]
    reference: Annotated[PositiveInt, Field(description="triplets in place of a population that is not known")]

    @field_validator("sizes")
    @classmethod
    def _increasing(cls, sizes: list[int]) -> list[int]:
        if sorted(set(sizes)) != sizes:
            raise ValueError("must increase")
        return sizes


class MiniBatch(Settings):
    """Constrained training on batches: its deviation from the flow over step sizes and batch sizes."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1)]
    steps: Annotated[list[PositiveFloat], Field(min_length=2, description="step sizes η in units of 1/‖C‖₂, doubling")]
    batches: Annotated[list[PositiveInt], Field(min_length=2, description="batch sizes B, increasing")]
    horizon: Annotated[PositiveFloat, Field(description="length of the runs, in units of 1/‖C‖₂")]
    checkpoints: Annotated[int, Field(ge=2, description="number of times at which the deviation is taken")]

    @field_validator("steps")
    @classmethod
    def _doubling(cls, steps: list[float]) -> list[float]:
        if any(abs(b / a - 2) > 1e-9 for a, b in pairwise(steps)):
            raise ValueError("each must be twice the one before, so that all meet the same times")
        return steps


class Points(Settings):
    """The points on which nets of large width are studied: a few triplets of each data set, in principal components."""

    datasets: Annotated[list[str], Field(min_length=1, description="the data sets that are studied so")]
    triplets: Annotated[int, Field(ge=2, description="the first n triplets of each: 3n points")]
    components: Annotated[PositiveInt, Field(description="leading principal components kept, at most")]


class Departure(Settings):
    """When two-layer linear nets leave their tangent kernel: Gram equations at any width, and training at some."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    log2_widths: Annotated[
        list[Annotated[int, Field(ge=1, le=50)]],
        Field(min_length=2, description="binary logarithms of the widths h >= d + z, increasing"),
    ]
    log2_trained: Annotated[
        list[PositiveInt], Field(min_length=1, description="those of the widths at which nets are trained as well")
    ]
    finest_step: Annotated[float, Field(gt=0, description="finest step size η, in units of 1/μ, μ = 4|λ_1|/d")]
    levels: Annotated[int, Field(ge=3, le=6, description="number of step sizes, each twice the one before")]

    @field_validator("log2_widths")
    @classmethod
    def _widths_increase(cls, widths: list[int]) -> list[int]:
        if sorted(set(widths)) != widths:
            raise ValueError("must increase")
        return widths

    @model_validator(mode="after")
    def _trained_are_solved(self) -> "Departure":
        if unknown := sorted(set(self.log2_trained) - set(self.log2_widths)):
            raise ValueError(f"log2_trained names {unknown}, which log2_widths does not")
        coarsest = self.finest_step * 2 ** (self.levels - 1)
        if coarsest > 0.1:  # the crossing is found between looks at the nets, one each coarsest step
            raise ValueError(f"finest_step · 2^(levels − 1) must be at most 0.1; got {coarsest:.6g}")
        return self


class ConstrainedNets(Settings):
    """Two-layer nets under W_2ᵀW_2 = I, W_1 free, beside two approximations of infinite width."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    triplets: Annotated[int, Field(ge=2, description="the first n of the triplets of `points`")]
    activations: Annotated[list[Activation], Field(min_length=1)]
    widths: Annotated[
        list[PositiveInt], Field(min_length=2, description="widths h, increasing, of nets at rate 1 of W_1")
    ]
    side_width: Annotated[
        PositiveInt, Field(description="largest width of nets at the rates √h and h of W_1, and of supervised ones")
    ]
    step: Annotated[float, Field(gt=0, le=1, description="largest Runge-Kutta step, in units of 1/(2|λ_1|)")]
    convergence: Annotated[
        float,
        Field(
            gt=0, le=1, description="tan θ to the limit, of the flow on features, at which nets at rate 1 of W_1 end"
        ),
    ]
    end: Annotated[int, Field(ge=9, description="latest end of theirs, τ = 2|λ_z|t; the others end at 8")]

    @field_validator("widths")
    @classmethod
    def _increasing(cls, widths: list[int]) -> list[int]:
        if sorted(set(widths)) != widths:
            raise ValueError("must increase")
        return widths


class Cosine(Settings):
    """Training with cosine similarity, which takes the most steps."""

    triplets: Annotated[int, Field(ge=2, description="the first so many of the points")]
    hidden_units: Annotated[PositiveInt, Field(description="as `drift.hidden_units`, for these nets")]


class Drift(Settings):
    """Trained nets of large width: how far their tangent kernels move, supervised, by dot product and by cosine."""

    losses: Annotated[list[Loss], Field(min_length=1)]
    dimensions: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1, description="dimensions z")]
    activations: Annotated[list[Activation], Field(min_length=1)]
    widths: Annotated[list[PositiveInt], Field(min_length=3, description="widths h, increasing")]
    hidden_units: Annotated[
        PositiveInt,
        Field(description="hidden units of all seeds together, at most: wider nets are trained with fewer seeds"),
    ]
    step: Annotated[
        float, Field(gt=0, le=0.5, description="step size in units of 1/(growth rate of the outputs), dot product")
    ]
    cosine: Cosine

    @field_validator("widths")
    @classmethod
    def _increasing(cls, widths: list[int]) -> list[int]:
        if sorted(set(widths)) != widths:
            raise ValueError("must increase")
        return widths

    @model_validator(mode="after")
    def _a_seed_at_every_width(self) -> "Drift":
        fewest = min(self.hidden_units, self.cosine.hidden_units)
        if fewest < self.widths[-1]:
            raise ValueError(f"hidden_units is {fewest}: not enough for a net of width {self.widths[-1]}")
        if self.cosine.hidden_units > self.hidden_units:
            raise ValueError(f"cosine.hidden_units must not exceed hidden_units, {self.hidden_units}")
        return self

    def seeds_of(self, width: int, seeds: int) -> int:
        """Seeds with which a width is trained."""
        return min(seeds, self.hidden_units // width)


class KernelLimit(Settings):
    """Distance of the tangent kernels of random two-layer nets from that of infinite width; nothing is trained."""

    losses: Annotated[
        list[Loss], Field(min_length=1, max_length=1, description="a label of the rows: kernels know no loss")
    ]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the output")]
    widths: Annotated[list[PositiveInt], Field(min_length=3, description="widths h")]


class Depth(Settings):
    """Three-layer ReLU nets: departure from the tangent kernel, regression, and a constrained last layer."""

    losses: Annotated[list[Literal["contrastive"]], Field(min_length=1, max_length=1)]
    dimensions: Annotated[list[PositiveInt], Field(min_length=1, description="dimensions z of the representation")]
    widths: Annotated[list[PositiveInt], Field(min_length=3, description="widths h of nets without a constraint")]
    step: Annotated[float, Field(gt=0, le=0.5, description="step size, in units of 1/(present growth rate)")]
    fit_step: Annotated[
        float, Field(gt=0, lt=1, description="step size of the regression, in units of 1/(largest rate at the start)")
    ]
    constrained_widths: Annotated[
        list[PositiveInt],
        Field(
            min_length=3, description="widths h of nets with a constrained last layer, far above the time t it takes"
        ),
    ]
    constrained_step: Annotated[
        float,
        Field(gt=0, le=1, description="largest Runge-Kutta step of the constrained training, in units of 1/(2 max|λ|)"),
    ]
    end: Annotated[PositiveInt, Field(description="end of the constrained training, in the time τ")]
