# Replicates the claims of arXiv 2309.02011: triplets -> simulate || solve -> compare -> claims -> figures -> notebooks.
# `make` is the usual way in; by hand: snakemake --cores 2 --configfile config/full.yaml
from snakemake.utils import min_version

min_version("9.20")


include: "workflow/rules/common.smk"


report: "workflow/report/workflow.rst"


# Snakemake's limit of 100 jobs a second sets a timer at every look for jobs to start, whose end is the next look: with
# every job that ends one such chain more, 500 seconds of a core in the full run, and a second at the end of every run.
# No option takes it off, and a longer time holds up the end for as long. On a cluster the limit is the site's own.
onstart:
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


rule all:
    default_target: True
    input:
        claims=of_the_configuration(RESULTS / "claims.json"),
        figures=of_the_configuration(figure_files(["svg", "png"])),
        tables=of_the_configuration(collected_tables()),
        notebooks=expand(
            RESULTS / "notebooks/{name}.{suffix}",
            run=CONFIG.name,
            name=notebooks(),
            suffix=["ipynb", "html"],
        ),
        page=of_the_configuration(RESULTS / "report.html"),
        explorer=of_the_configuration(RESULTS / "explorer.html"),
        paper=of_the_configuration(RESULTS / "paper.pdf"),


include: "workflow/rules/report.smk"
include: "workflow/rules/stages.smk"
