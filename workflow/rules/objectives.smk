# Objectives beyond the dot product, on the same linear model under the same constraint (docs/theory.md, section 7).


rule schedule_objectives:
    input:
        triplets=rules.triplets.output.triplets,
    output:
        schedule=cell("objectives") / "schedule.npz",
        provenance=cell("objectives") / "schedule.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/objectives/z{dimension}/schedule.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/objectives/z{dimension}/schedule.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.ScheduleObjectivesSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            dimension=wildcards.dimension,
            triplets=CONFIG.objectives.triplets,
            temperatures=CONFIG.objectives.temperatures,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("schedule_objectives"),
        lock=LOCK,
    message:
        "starts and temperatures: {wildcards.dataset}, objectives, z = {wildcards.dimension}"
    shell:
        command("schedule_objectives")


rule simulate_objectives:
    input:
        triplets=rules.triplets.output.triplets,
        schedule=rules.schedule_objectives.output.schedule,
    output:
        trajectories=cell("objectives") / "trajectories.npz",
        provenance=cell("objectives") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/objectives/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/objectives/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        settings=lambda wildcards: settings.SimulateObjectivesSettings(
            iterations=CONFIG.objectives.iterations,
            tolerance=CONFIG.objectives.tolerance,
            checkpoints=CONFIG.objectives.checkpoints,
            temperature_tolerance=CONFIG.objectives.temperature_tolerance,
            temperature_iterations=CONFIG.objectives.temperature_iterations,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_objectives"),
        lock=LOCK,
    message:
        "train: {wildcards.dataset}, objectives, z = {wildcards.dimension}"
    shell:
        command("simulate_objectives")


rule solve_objectives:
    input:
        triplets=rules.triplets.output.triplets,
        schedule=rules.schedule_objectives.output.schedule,
    output:
        solution=cell("objectives") / "solution.npz",
        provenance=cell("objectives") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/objectives/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/objectives/z{dimension}/solve.tsv"
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
        code=code("solve_objectives"),
        lock=LOCK,
    message:
        "solve: {wildcards.dataset}, objectives, z = {wildcards.dimension}"
    shell:
        command("solve_objectives")


rule compare_objectives:
    input:
        triplets=rules.triplets.output.triplets,
        schedule=rules.schedule_objectives.output.schedule,
        trajectories=rules.simulate_objectives.output.trajectories,
        solution=rules.solve_objectives.output.solution,
    output:
        **{name: cell("objectives") / f"{name}.csv" for name in TABLES["objectives"]},
        provenance=cell("objectives") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/objectives/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/objectives/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=compare_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_objectives"),
        lock=LOCK,
    message:
        "compare: {wildcards.dataset}, objectives, z = {wildcards.dimension}"
    shell:
        command("compare_objectives")


rule objectives_table:
    input:
        objectives=tables("objectives"),
        learning=tables("learning"),
    output:
        table=RESULTS / "tables/objectives.csv",
        provenance=RESULTS / "tables/objectives.provenance.json",
    log:
        RESULTS / "logs/objectives_table.log",
    benchmark:
        RESULTS / "benchmarks/objectives_table.tsv"
    group:
        "report"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=settings.ObjectivesTableSettings(
            root_seed=CONFIG.root_seed
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("objectives_table"),
        lock=LOCK,
    message:
        "table of the objectives"
    shell:
        command("objectives_table")
