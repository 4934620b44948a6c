# One cell: data set, loss, dynamics, dimension z. Simulation and theory share W(0) and the times; neither sees the other.


rule schedule:
    input:
        quadratic_form=rules.quadratic_form.output.quadratic_form,
    output:
        schedule=cell("{dynamics}") / "schedule.npz",
        provenance=cell("{dynamics}") / "schedule.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/{dynamics}/z{dimension}/schedule.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/{dynamics}/z{dimension}/schedule.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.ScheduleSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            dimension=wildcards.dimension,
            dynamics=CONFIG.dynamics_of(wildcards.dataset, wildcards.dynamics),
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("schedule"),
        lock=LOCK,
    message:
        "starts and times: {wildcards.dataset}, {wildcards.loss}, {wildcards.dynamics}, z = {wildcards.dimension}"
    shell:
        command("schedule")


rule simulate:
    input:
        triplets=rules.triplets.output.triplets,
        schedule=rules.schedule.output.schedule,
    output:
        trajectories=cell("{dynamics}") / "trajectories.npz",
        provenance=cell("{dynamics}") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/{dynamics}/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/{dynamics}/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        settings=lambda wildcards: settings.SimulateSettings(
            loss=wildcards.loss, dynamics=wildcards.dynamics
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate"),
        lock=LOCK,
    message:
        "train: {wildcards.dataset}, {wildcards.loss}, {wildcards.dynamics}, z = {wildcards.dimension}"
    shell:
        command("simulate")


rule solve:
    input:
        quadratic_form=rules.quadratic_form.output.quadratic_form,
        schedule=rules.schedule.output.schedule,
    output:
        solution=cell("{dynamics}") / "solution.npz",
        provenance=cell("{dynamics}") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/{dynamics}/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/{dynamics}/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.SolveSettings(
            dynamics=wildcards.dynamics
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve"),
        lock=LOCK,
    message:
        "solve: {wildcards.dataset}, {wildcards.loss}, {wildcards.dynamics}, z = {wildcards.dimension}"
    shell:
        command("solve")


rule compare_unconstrained:
    input:
        trajectories=cell("unconstrained") / "trajectories.npz",
        solution=cell("unconstrained") / "solution.npz",
        schedule=cell("unconstrained") / "schedule.npz",
        triplets=rules.triplets.output.triplets,
    output:
        **{
            name: cell("unconstrained") / f"{name}.csv"
            for name in TABLES["unconstrained"]
        },
        provenance=cell("unconstrained") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/unconstrained/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/unconstrained/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=compare_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_unconstrained"),
        lock=LOCK,
    message:
        "compare: {wildcards.dataset}, {wildcards.loss}, unconstrained, z = {wildcards.dimension}"
    shell:
        command("compare_unconstrained")


rule compare_grassmannian:
    input:
        trajectories=cell("grassmannian") / "trajectories.npz",
        solution=cell("grassmannian") / "solution.npz",
        schedule=cell("grassmannian") / "schedule.npz",
        triplets=rules.triplets.output.triplets,
    output:
        **{
            name: cell("grassmannian") / f"{name}.csv"
            for name in TABLES["grassmannian"]
        },
        provenance=cell("grassmannian") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/grassmannian/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/grassmannian/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=compare_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_grassmannian"),
        lock=LOCK,
    message:
        "compare: {wildcards.dataset}, {wildcards.loss}, grassmannian, z = {wildcards.dimension}"
    shell:
        command("compare_grassmannian")
