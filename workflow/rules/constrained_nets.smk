# Nets under W_2ᵀW_2 = I with a free first layer. The plan holds points, starts and times; simulation and theory share nothing else.


rule plan_constrained_nets:
    input:
        points=rules.points.output.points,
    output:
        plan=cell("constrained_nets") / "plan.npz",
        provenance=cell("constrained_nets") / "plan.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/constrained_nets/z{dimension}/plan.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/constrained_nets/z{dimension}/plan.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.PlanConstrainedNetsSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            constrained_nets=CONFIG.constrained_nets,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("plan_constrained_nets"),
        lock=LOCK,
    message:
        "starts and times of constrained nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("plan_constrained_nets")


rule simulate_constrained_nets:
    input:
        plan=rules.plan_constrained_nets.output.plan,
    output:
        trajectories=cell("constrained_nets") / "trajectories.npz",
        provenance=cell("constrained_nets") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/constrained_nets/z{dimension}/simulate.log",
    benchmark:
        RESULTS
        / "benchmarks/{dataset}/{loss}/constrained_nets/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=20,
    params:
        settings=lambda wildcards: settings.LossSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_constrained_nets"),
        lock=LOCK,
    message:
        "train constrained nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_constrained_nets")


rule solve_constrained_nets:
    input:
        plan=rules.plan_constrained_nets.output.plan,
    output:
        solution=cell("constrained_nets") / "solution.npz",
        provenance=cell("constrained_nets") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/constrained_nets/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/constrained_nets/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.LossSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_constrained_nets"),
        lock=LOCK,
    message:
        "approximations of constrained nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_constrained_nets")


rule compare_constrained_nets:
    input:
        trajectories=rules.simulate_constrained_nets.output.trajectories,
        solution=rules.solve_constrained_nets.output.solution,
        plan=rules.plan_constrained_nets.output.plan,
    output:
        **{
            name: cell("constrained_nets") / f"{name}.csv"
            for name in TABLES["constrained_nets"]
        },
        provenance=cell("constrained_nets") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/constrained_nets/z{dimension}/compare.log",
    benchmark:
        RESULTS
        / "benchmarks/{dataset}/{loss}/constrained_nets/z{dimension}/compare.tsv"
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
        code=code("compare_constrained_nets"),
        lock=LOCK,
    message:
        "compare constrained nets: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_constrained_nets")
