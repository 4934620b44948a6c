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
        figures=figure_files(["svg", "png"]),
        tables=collected_tables(),
        notebooks=expand(
            RESULTS / "notebooks/{name}.{suffix}",
            name=notebooks(),
            suffix=["ipynb", "html"],
        ),
        page=RESULTS / "report.html",
        paper=RESULTS / "paper.pdf",


include: "workflow/rules/report.smk"
include: "workflow/rules/stages.smk"
