# Training in function space on fixed kernels. The schedule holds the kernels; simulation and theory share nothing else.


rule schedule_kernel:
    input:
        triplets=rules.triplets.output.triplets,
    output:
        schedule=cell("kernel") / "schedule.npz",
        provenance=cell("kernel") / "schedule.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/kernel/z{dimension}/schedule.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/kernel/z{dimension}/schedule.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.ScheduleKernelSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            kernel=CONFIG.kernel,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("schedule_kernel"),
        lock=LOCK,
    message:
        "kernels, starts and times: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("schedule_kernel")


rule simulate_kernel:
    input:
        schedule=rules.schedule_kernel.output.schedule,
    output:
        trajectories=cell("kernel") / "trajectories.npz",
        provenance=cell("kernel") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/kernel/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/kernel/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
    params:
        settings=lambda wildcards: settings.LossSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_kernel"),
        lock=LOCK,
    message:
        "train on fixed kernels: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_kernel")


rule solve_kernel:
    input:
        schedule=rules.schedule_kernel.output.schedule,
    output:
        solution=cell("kernel") / "solution.npz",
        provenance=cell("kernel") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/kernel/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/kernel/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.LossSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_kernel"),
        lock=LOCK,
    message:
        "solve on fixed kernels: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_kernel")


rule compare_kernel:
    input:
        trajectories=rules.simulate_kernel.output.trajectories,
        solution=rules.solve_kernel.output.solution,
        schedule=rules.schedule_kernel.output.schedule,
    output:
        **{name: cell("kernel") / f"{name}.csv" for name in TABLES["kernel"]},
        provenance=cell("kernel") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/kernel/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/kernel/z{dimension}/compare.tsv"
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
        code=code("compare_kernel"),
        lock=LOCK,
    message:
        "compare on fixed kernels: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_kernel")
