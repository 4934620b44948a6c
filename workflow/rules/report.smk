# From tables to verdicts, figures and executed notebooks.


rule claims:
    input:
        **{
            name: tables(name)
            for name in sorted({name for names in TABLES.values() for name in names})
        },
    output:
        claims=RESULTS / "claims.json",
        provenance=RESULTS / "claims.provenance.json",
    log:
        RESULTS / "logs/claims.log",
    benchmark:
        RESULTS / "benchmarks/claims.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=CONFIG.claims_settings().model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("claims"),
        lock=LOCK,
    message:
        "verdicts on every claim"
    shell:
        command("claims")


rule figure:
    input:
        unpack(
            lambda wildcards: {
                name: tables(name) for name in FIGURE_TABLES[wildcards.figure]
            }
        ),
    output:
        svg=report(
            RESULTS / "figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            subcategory=part_of_the_report,
            labels=figure_labels,
        ),
        png=RESULTS / "figures/{figure}.png",
        provenance=RESULTS / "figures/{figure}.provenance.json",
    log:
        RESULTS / "logs/figures/{figure}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURE_TABLES),
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.FigureSettings(
            function=drawing(wildcards.figure),
            tables=list(FIGURE_TABLES[wildcards.figure]),
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=lambda wildcards: code("figure", drawing(wildcards.figure)),
        lock=LOCK,
    message:
        "draw figure {wildcards.figure}"
    shell:
        command("figure")


rule triplet_figure:
    input:
        triplets=rules.triplets.output.triplets,
    output:
        svg=report(
            RESULTS / "figures/triplets-{dataset}.svg",
            caption="../report/triplets.rst",
            category="Figures",
            subcategory="data",
            labels={"figure": "triplets-{dataset}", "shows": "Some triplets"},
        ),
        png=RESULTS / "figures/triplets-{dataset}.png",
        provenance=RESULTS / "figures/triplets-{dataset}.provenance.json",
    log:
        RESULTS / "logs/figures/triplets-{dataset}.log",
    benchmark:
        RESULTS / "benchmarks/figures/triplets-{dataset}.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=settings.NoSettings().model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("triplet_figure"),
        lock=LOCK,
    message:
        "draw some triplets of {wildcards.dataset}"
    shell:
        command("triplet_figure")


rule notebook:
    input:
        unpack(
            lambda wildcards: {
                name: tables(name) for name in NOTEBOOK_TABLES[wildcards.notebook]
            }
        ),
        notebook=notebook_file,
        claims=rules.claims.output.claims,
    output:
        notebook=RESULTS / "notebooks/{notebook}.ipynb",
        page=RESULTS / "notebooks/{notebook}.html",
        provenance=RESULTS / "notebooks/{notebook}.provenance.json",
    log:
        RESULTS / "logs/notebooks/{notebook}.log",
    benchmark:
        RESULTS / "benchmarks/notebooks/{notebook}.tsv"
    wildcard_constraints:
        notebook="|".join(NOTEBOOK_TABLES),
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.NotebookSettings(
            notebook=notebook_file(wildcards),
            tables=NOTEBOOK_TABLES[wildcards.notebook],
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        # What the cells import counts as well as the stage; the notebook itself is an input. A function of the
        # wildcards alone: Snakemake does not compare params that it derives from input or output.
        code=lambda wildcards: code(
            "notebook", *notebook_imports(Path(notebook_file(wildcards)))
        ),
        lock=LOCK,
    message:
        "execute notebook {wildcards.notebook}"
    shell:
        command("notebook")
