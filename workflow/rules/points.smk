# The few triplets, in principal components, on which nets of large width are studied.


rule points:
    input:
        triplets=rules.triplets.output.triplets,
    output:
        points=RESULTS / "{dataset}/points.npz",
        provenance=RESULTS / "{dataset}/points.provenance.json",
    log:
        RESULTS / "logs/{dataset}/points.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/points.tsv"
    group:
        "problem"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.PointsSettings(
            triplets=CONFIG.points.triplets, components=CONFIG.points.components
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("points"),
        lock=LOCK,
    message:
        "points of {wildcards.dataset}"
    shell:
        command("points")
