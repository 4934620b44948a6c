# Downstream accuracy of the constrained model and of the collapsed one, on labelled items.


rule labelled:
    input:
        data=lambda wildcards: CONFIG.data_files(wildcards.dataset),
    output:
        labelled=RESULTS / "{dataset}/labelled.npz",
        provenance=RESULTS / "{dataset}/labelled.provenance.json",
    log:
        RESULTS / "logs/{dataset}/labelled.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/labelled.tsv"
    group:
        "problem"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.LabelledSettings(
            root_seed=CONFIG.root_seed,
            dataset_name=wildcards.dataset,
            dataset=CONFIG.datasets[wildcards.dataset],
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("labelled"),
        lock=LOCK,
    message:
        "labelled items of {wildcards.dataset}"
    shell:
        command("labelled")


rule compare_downstream:
    input:
        trajectories=cell("grassmannian") / "trajectories.npz",
        solution=cell("grassmannian") / "solution.npz",
        labelled=rules.labelled.output.labelled,
    output:
        **{name: cell("downstream") / f"{name}.csv" for name in TABLES["downstream"]},
        provenance=cell("downstream") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/downstream/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/downstream/z{dimension}/compare.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.CompareDownstreamSettings(
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            penalty=CONFIG.downstream.penalty,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_downstream"),
        lock=LOCK,
    message:
        "compare: downstream accuracy, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_downstream")


rule compare_collapse_cost:
    input:
        trajectories=cell("grassmannian") / "trajectories.npz",
        collapsed=cell("unconstrained") / "trajectories.npz",
        collapsed_solution=cell("unconstrained") / "solution.npz",
        labelled=rules.labelled.output.labelled,
    output:
        **{
            name: cell("collapse_cost") / f"{name}.csv"
            for name in TABLES["collapse_cost"]
        },
        provenance=cell("collapse_cost") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/collapse_cost/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/collapse_cost/z{dimension}/compare.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.CompareDownstreamSettings(
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            penalty=CONFIG.collapse_cost.penalty,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_collapse_cost"),
        lock=LOCK,
    message:
        "compare: cost of the collapse, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_collapse_cost")
