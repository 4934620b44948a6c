# Where unconstrained linear nets leave their tangent kernel. Simulation and theory share the plan and the points.


rule plan_departure:
    input:
        points=rules.points.output.points,
    output:
        plan=cell("departure") / "plan.npz",
        provenance=cell("departure") / "plan.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/departure/z{dimension}/plan.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/departure/z{dimension}/plan.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.PlanDepartureSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            departure=CONFIG.departure,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("plan_departure"),
        lock=LOCK,
    message:
        "Gaussian nets of all widths: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("plan_departure")


rule simulate_departure:
    input:
        points=rules.points.output.points,
        plan=rules.plan_departure.output.plan,
    output:
        trajectories=cell("departure") / "trajectories.npz",
        provenance=cell("departure") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/departure/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/departure/z{dimension}/simulate.tsv"
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
        code=code("simulate_departure"),
        lock=LOCK,
    message:
        "train linear nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_departure")


rule solve_departure:
    input:
        points=rules.points.output.points,
        plan=rules.plan_departure.output.plan,
    output:
        solution=cell("departure") / "solution.npz",
        provenance=cell("departure") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/departure/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/departure/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=lambda wildcards: settings.LossSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_departure"),
        lock=LOCK,
    message:
        "Gram equations of linear nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_departure")


rule compare_departure:
    input:
        plan=rules.plan_departure.output.plan,
        trajectories=rules.simulate_departure.output.trajectories,
        solution=rules.solve_departure.output.solution,
    output:
        **{name: cell("departure") / f"{name}.csv" for name in TABLES["departure"]},
        provenance=cell("departure") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/departure/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/departure/z{dimension}/compare.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=compare_settings,
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_departure"),
        lock=LOCK,
    message:
        "compare departures: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_departure")
