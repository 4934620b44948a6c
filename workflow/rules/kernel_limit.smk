# Tangent kernels of random two-layer nets against their limit of infinite width.


rule solve_kernel_limit:
    input:
        points=rules.points.output.points,
    output:
        limit=cell("kernel_limit") / "limit.npz",
        provenance=cell("kernel_limit") / "solve.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/kernel_limit/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/kernel_limit/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=settings.NoSettings().model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_kernel_limit"),
        lock=LOCK,
    message:
        "tangent kernels of infinite width: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_kernel_limit")


rule compare_kernel_limit:
    input:
        points=rules.points.output.points,
        limit=rules.solve_kernel_limit.output.limit,
    output:
        **{
            name: cell("kernel_limit") / f"{name}.csv"
            for name in TABLES["kernel_limit"]
        },
        provenance=cell("kernel_limit") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/kernel_limit/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/kernel_limit/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.CompareKernelLimitSettings(
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            widths=CONFIG.kernel_limit.widths,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_kernel_limit"),
        lock=LOCK,
    message:
        "tangent kernels of finite width: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_kernel_limit")
