# From images to triplets, and from triplets to the quadratic form C.


rule triplets:
    input:
        data=lambda wildcards: CONFIG.data_files(wildcards.dataset),
    output:
        triplets=RESULTS / "{dataset}/triplets.npz",
        provenance=RESULTS / "{dataset}/triplets.provenance.json",
    log:
        RESULTS / "logs/{dataset}/triplets.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/triplets.tsv"
    group:
        "problem"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.TripletsSettings(
            root_seed=CONFIG.root_seed,
            dataset_name=wildcards.dataset,
            dataset=CONFIG.datasets[wildcards.dataset],
            checksum=CONFIG.checksum(wildcards.dataset),
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("triplets"),
        lock=LOCK,
    message:
        "draw triplets from {wildcards.dataset}"
    shell:
        command("triplets")


rule quadratic_form:
    input:
        triplets=rules.triplets.output.triplets,
    output:
        quadratic_form=RESULTS / "{dataset}/{loss}/quadratic_form.npz",
        provenance=RESULTS / "{dataset}/{loss}/quadratic_form.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/quadratic_form.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/quadratic_form.tsv"
    group:
        "problem"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.QuadraticFormSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("quadratic_form"),
        lock=LOCK,
    message:
        "quadratic form of {wildcards.dataset}, {wildcards.loss}"
    shell:
        command("quadratic_form")
