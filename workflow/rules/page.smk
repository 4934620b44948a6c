# The claims page: one file for readers.


rule page:
    input:
        claims=rules.claims.output.claims,
        figures=figure_files(ALL_FIGURES, ["svg", "png"]),
        template="workflow/page/report.html.j2",
        style="workflow/page/report.css",
        script="workflow/page/report.js",
        environment="environment.yml",
    output:
        page=report(
            RESULTS / "report.html",
            caption="../report/page.rst",
            category="Claims",
            labels={"document": "claims page"},
        ),
        provenance=RESULTS / "report.provenance.json",
    log:
        RESULTS / "logs/page.log",
    benchmark:
        RESULTS / "benchmarks/page.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=settings.PageSettings(
            root_seed=CONFIG.root_seed,
            config_name=CONFIG.name,
            seeds={
                name: CONFIG.seeds_of(name) for name in TABLES if CONFIG.cells(name)
            },
            captions={name: caption(name) for name in FIGURE_FUNCTIONS},
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("page"),
        lock=LOCK,
    message:
        "the claims page"
    shell:
        command("page")
