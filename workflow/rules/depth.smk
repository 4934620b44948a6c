# Three-layer nets: where they leave their tangent kernel, and what a constrained last layer changes.


rule simulate_depth:
    input:
        points=rules.points.output.points,
    output:
        trajectories=cell("depth") / "trajectories.npz",
        provenance=cell("depth") / "simulate.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/depth/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/depth/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        settings=lambda wildcards: settings.DepthSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            depth=CONFIG.depth,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_depth"),
        lock=LOCK,
    message:
        "train three-layer nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_depth")


rule solve_depth:
    input:
        points=rules.points.output.points,
    output:
        solution=cell("depth") / "solution.npz",
        provenance=cell("depth") / "solve.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/depth/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/depth/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.DepthSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            depth=CONFIG.depth,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_depth"),
        lock=LOCK,
    message:
        "theory of three-layer nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_depth")


rule compare_depth:
    input:
        trajectories=rules.simulate_depth.output.trajectories,
        solution=rules.solve_depth.output.solution,
    output:
        **{name: cell("depth") / f"{name}.csv" for name in TABLES["depth"]},
        provenance=cell("depth") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/depth/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/depth/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.CompareDepthSettings(
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            depth=CONFIG.depth,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_depth"),
        lock=LOCK,
    message:
        "compare three-layer nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_depth")
