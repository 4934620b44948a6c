# Training of wide two-layer nets: the drift of their tangent kernels. Regression knows no loss: one run for a data set.


rule simulate_supervised:
    input:
        points=rules.points.output.points,
    output:
        supervised=RESULTS / "{dataset}/drift/z{dimension}/supervised.npz",
        provenance=RESULTS / "{dataset}/drift/z{dimension}/supervised.provenance.json",
    log:
        RESULTS / "logs/{dataset}/drift/z{dimension}/supervised.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/drift/z{dimension}/supervised.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=drift_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_supervised"),
        lock=LOCK,
    message:
        "train wide nets, supervised: {wildcards.dataset}, z = {wildcards.dimension}"
    shell:
        command("simulate_supervised")


rule simulate_drift:
    input:
        points=rules.points.output.points,
    output:
        trained=cell("drift") / "trained.npz",
        provenance=cell("drift") / "trained.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/drift/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/drift/z{dimension}/simulate.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=40,
    params:
        settings=drift_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_drift"),
        lock=LOCK,
    message:
        "train wide nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_drift")


rule solve_drift:
    input:
        points=rules.points.output.points,
    output:
        solution=cell("drift") / "solution.npz",
        provenance=cell("drift") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/drift/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/drift/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=drift_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_drift"),
        lock=LOCK,
    message:
        "growth rates of wide nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_drift")


rule compare_drift:
    input:
        trained=rules.simulate_drift.output.trained,
        supervised=rules.simulate_supervised.output.supervised,
        solution=rules.solve_drift.output.solution,
    output:
        **{name: cell("drift") / f"{name}.csv" for name in TABLES["drift"]},
        provenance=cell("drift") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/drift/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/drift/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=compare_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_drift"),
        lock=LOCK,
    message:
        "drift of wide nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_drift")
