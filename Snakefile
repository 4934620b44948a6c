# Replicates the claims of arXiv 2309.02011: triplets -> simulate || solve -> compare -> claims -> figures -> notebooks.
# `make` is the usual way in; by hand: snakemake --cores 2 --configfile config/full.yaml
from snakemake.utils import min_version

min_version("9.20")


include: "workflow/rules/common.smk"


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        claims=RESULTS / "claims.json",
        figures=figure_files(ALL_FIGURES, ["svg", "png"]),
        objectives=[RESULTS / "tables/objectives.csv"] if CONFIG.objectives else [],
        notebooks=expand(
            RESULTS / "notebooks/{name}.{suffix}",
            name=notebooks(),
            suffix=["ipynb", "html"],
        ),
        page=RESULTS / "report.html",
        paper=RESULTS / "paper.pdf",


include: "workflow/rules/problem.smk"
include: "workflow/rules/dynamics.smk"
include: "workflow/rules/finite_steps.smk"
include: "workflow/rules/objectives.smk"
include: "workflow/rules/kernel.smk"
include: "workflow/rules/widths.smk"
include: "workflow/rules/downstream.smk"
include: "workflow/rules/learning_times.smk"
include: "workflow/rules/sampling.smk"
include: "workflow/rules/points.smk"
include: "workflow/rules/departure.smk"
include: "workflow/rules/constrained_nets.smk"
include: "workflow/rules/drift.smk"
include: "workflow/rules/kernel_limit.smk"
include: "workflow/rules/depth.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/page.smk"
include: "workflow/rules/paper.smk"
