# When training acquires each eigen-direction.


rule solve_learning_times:
    input:
        quadratic_form=rules.quadratic_form.output.quadratic_form,
        schedule=cell("grassmannian") / "schedule.npz",
    output:
        plan=cell("learning_times") / "plan.npz",
        solution=cell("learning_times") / "solution.npz",
        provenance=cell("learning_times") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/learning_times/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/learning_times/z{dimension}/solve.tsv"
    group:
        "learning_times"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.SolveLearningTimesSettings(
            learning_times=CONFIG.learning_times
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_learning_times"),
        lock=LOCK,
    message:
        "solve: learning times, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("solve_learning_times")


rule simulate_learning_times:
    input:
        triplets=rules.triplets.output.triplets,
        plan=rules.solve_learning_times.output.plan,
    output:
        trajectory=cell("learning_times") / "trajectory.npz",
        provenance=cell("learning_times") / "trajectory.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/learning_times/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/learning_times/z{dimension}/simulate.tsv"
    group:
        "learning_times"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        settings=lambda wildcards: settings.SimulateLearningTimesSettings(
            loss=wildcards.loss
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_learning_times"),
        lock=LOCK,
    message:
        "train: learning times, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_learning_times")


rule compare_learning_times:
    input:
        trajectory=rules.simulate_learning_times.output.trajectory,
        plan=rules.solve_learning_times.output.plan,
        solution=rules.solve_learning_times.output.solution,
    output:
        **{
            name: cell("learning_times") / f"{name}.csv"
            for name in TABLES["learning_times"]
        },
        provenance=cell("learning_times") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/learning_times/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/learning_times/z{dimension}/compare.tsv"
    group:
        "learning_times"
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
        code=code("compare_learning_times"),
        lock=LOCK,
    message:
        "compare: learning times, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_learning_times")
