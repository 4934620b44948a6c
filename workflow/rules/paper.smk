# The replication report: its text names no number, it reads them from what is listed here.


rule paper:
    input:
        main="paper/paper.typ",
        sources=paper_sources(),
        claims=rules.claims.output.claims,
        figures=figure_files(PAPER_FIGURES, ["svg"]),
        forms=[
            RESULTS / dataset / loss / "quadratic_form.npz"
            for dataset, loss in quadratic_forms()
        ],
        objectives=[RESULTS / "tables/objectives.csv"] if CONFIG.objectives else [],
    output:
        pdf=report(
            RESULTS / "paper.pdf",
            caption="../report/paper.rst",
            category="Claims",
            labels={"document": "paper"},
        ),
        provenance=RESULTS / "paper.provenance.json",
    log:
        RESULTS / "logs/paper.log",
    benchmark:
        RESULTS / "benchmarks/paper.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=settings.PaperSettings(
            config=CONFIG.model_dump(mode="json"), forms=quadratic_forms()
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("paper"),
        lock=LOCK,
    message:
        "typeset the paper"
    shell:
        command("paper")
