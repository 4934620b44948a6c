# Noise: spans from finite samples, and training on batches.


rule sample_spans:
    input:
        data=lambda wildcards: CONFIG.data_files(wildcards.dataset),
    output:
        spans=RESULTS / "{dataset}/{loss}/finite_sample/spans.npz",
        provenance=RESULTS / "{dataset}/{loss}/finite_sample/spans.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/finite_sample/spans.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/finite_sample/spans.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        settings=lambda wildcards: settings.SampleSpansSettings(
            root_seed=CONFIG.root_seed,
            dataset_name=wildcards.dataset,
            dataset=CONFIG.datasets[wildcards.dataset],
            loss=wildcards.loss,
            finite_sample=CONFIG.finite_sample,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("sample_spans"),
        lock=LOCK,
    message:
        "spans of finite samples: {wildcards.dataset}, {wildcards.loss}"
    shell:
        command("sample_spans")


rule compare_finite_sample:
    input:
        spans=rules.sample_spans.output.spans,
    output:
        **{
            name: cell("finite_sample") / f"{name}.csv"
            for name in TABLES["finite_sample"]
        },
        provenance=cell("finite_sample") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/finite_sample/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/finite_sample/z{dimension}/compare.tsv"
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
        code=code("compare_finite_sample"),
        lock=LOCK,
    message:
        "compare: finite samples, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_finite_sample")


rule plan_mini_batch:
    input:
        quadratic_form=rules.quadratic_form.output.quadratic_form,
    output:
        plan=cell("mini_batch") / "plan.npz",
        solution=cell("mini_batch") / "solution.npz",
        provenance=cell("mini_batch") / "plan.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/mini_batch/z{dimension}/plan.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/mini_batch/z{dimension}/plan.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.PlanMiniBatchSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            dimension=wildcards.dimension,
            mini_batch=CONFIG.mini_batch,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("plan_mini_batch"),
        lock=LOCK,
    message:
        "starts, times and closed form: mini-batches, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("plan_mini_batch")


rule simulate_mini_batch:
    input:
        triplets=rules.triplets.output.triplets,
        plan=rules.plan_mini_batch.output.plan,
    output:
        trajectories=cell("mini_batch") / "trajectories.npz",
        provenance=cell("mini_batch") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/mini_batch/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/mini_batch/z{dimension}/simulate.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=5,
    params:
        settings=lambda wildcards: settings.SimulateMiniBatchSettings(
            root_seed=CONFIG.root_seed,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            steps=CONFIG.mini_batch.steps,
            batches=CONFIG.mini_batch.batches,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_mini_batch"),
        lock=LOCK,
    message:
        "train on batches: {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("simulate_mini_batch")


rule compare_mini_batch:
    input:
        trajectories=rules.simulate_mini_batch.output.trajectories,
        plan=rules.plan_mini_batch.output.plan,
        solution=rules.plan_mini_batch.output.solution,
    output:
        **{name: cell("mini_batch") / f"{name}.csv" for name in TABLES["mini_batch"]},
        provenance=cell("mini_batch") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/mini_batch/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/mini_batch/z{dimension}/compare.tsv"
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
        code=code("compare_mini_batch"),
        lock=LOCK,
    message:
        "compare: mini-batches, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_mini_batch")
