# Finite steps: other retractions, orthogonal iteration, and the limits in η.


rule finite_steps_schedule:
    input:
        quadratic_form=rules.quadratic_form.output.quadratic_form,
    output:
        schedule=cell("finite_steps") / "schedule.npz",
        provenance=cell("finite_steps") / "schedule.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/finite_steps/z{dimension}/schedule.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/finite_steps/z{dimension}/schedule.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.FiniteStepsScheduleSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            dimension=wildcards.dimension,
            grassmannian=CONFIG.dynamics_of(wildcards.dataset, "grassmannian"),
            finite_steps=CONFIG.finite_steps,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("finite_steps_schedule"),
        lock=LOCK,
    message:
        "starts and step sizes: {wildcards.dataset}, {wildcards.loss}, finite steps, z = {wildcards.dimension}"
    shell:
        command("finite_steps_schedule")


rule simulate_finite_steps:
    input:
        triplets=rules.triplets.output.triplets,
        schedule=rules.finite_steps_schedule.output.schedule,
    output:
        trajectories=cell("finite_steps") / "trajectories.npz",
        provenance=cell("finite_steps") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/finite_steps/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/finite_steps/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        settings=lambda wildcards: settings.FiniteStepsSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_finite_steps"),
        lock=LOCK,
    message:
        "train: {wildcards.dataset}, {wildcards.loss}, finite steps, z = {wildcards.dimension}"
    shell:
        command("simulate_finite_steps")


rule solve_finite_steps:
    input:
        quadratic_form=rules.quadratic_form.output.quadratic_form,
        schedule=rules.finite_steps_schedule.output.schedule,
    output:
        solution=cell("finite_steps") / "solution.npz",
        provenance=cell("finite_steps") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/finite_steps/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/finite_steps/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=settings.NoSettings().model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_finite_steps"),
        lock=LOCK,
    message:
        "solve: {wildcards.dataset}, {wildcards.loss}, finite steps, z = {wildcards.dimension}"
    shell:
        command("solve_finite_steps")


rule compare_finite_steps:
    input:
        trajectories=rules.simulate_finite_steps.output.trajectories,
        solution=rules.solve_finite_steps.output.solution,
        schedule=rules.finite_steps_schedule.output.schedule,
    output:
        **{
            name: cell("finite_steps") / f"{name}.csv"
            for name in TABLES["finite_steps"]
        },
        provenance=cell("finite_steps") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/finite_steps/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/finite_steps/z{dimension}/compare.tsv"
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
        code=code("compare_finite_steps"),
        lock=LOCK,
    message:
        "compare: {wildcards.dataset}, {wildcards.loss}, finite steps, z = {wildcards.dimension}"
    shell:
        command("compare_finite_steps")
