# Framework: downstream accuracy, learning times, finite samples and mini-batches, each predicted from C and W(0).


rule labelled:
    input:
        data=lambda wildcards: CONFIG.data_files(wildcards.dataset),
    output:
        labelled=RESULTS / "{dataset}/labelled.npz",
        provenance=RESULTS / "{dataset}/labelled.provenance.json",
    log:
        RESULTS / "logs/{dataset}/labelled.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/labelled.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=lambda wildcards: settings.LabelledSettings(
            root_seed=CONFIG.root_seed, dataset=CONFIG.datasets[wildcards.dataset]
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("labelled"),
        lock=LOCK,
    message:
        "labelled items of {wildcards.dataset}"
    shell:
        command("labelled")


rule compare_downstream:
    input:
        trajectories=cell("grassmannian") / "trajectories.npz",
        solution=cell("grassmannian") / "solution.npz",
        labelled=rules.labelled.output.labelled,
    output:
        **{name: cell("downstream") / f"{name}.csv" for name in TABLES["downstream"]},
        provenance=cell("downstream") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/downstream/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/downstream/z{dimension}/compare.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=lambda wildcards: settings.CompareDownstreamSettings(
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            penalty=CONFIG.downstream.penalty,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_downstream"),
        lock=LOCK,
    message:
        "compare: downstream accuracy, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_downstream")


rule compare_collapse_cost:
    input:
        trajectories=cell("grassmannian") / "trajectories.npz",
        solution=cell("grassmannian") / "solution.npz",
        collapsed=cell("unconstrained") / "trajectories.npz",
        labelled=rules.labelled.output.labelled,
    output:
        **{
            name: cell("collapse_cost") / f"{name}.csv"
            for name in TABLES["collapse_cost"]
        },
        provenance=cell("collapse_cost") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/collapse_cost/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/collapse_cost/z{dimension}/compare.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=lambda wildcards: settings.CompareDownstreamSettings(
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
            penalty=CONFIG.collapse_cost.penalty,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("compare_collapse_cost"),
        lock=LOCK,
    message:
        "compare: cost of the collapse, {wildcards.dataset}, {wildcards.loss}, z = {wildcards.dimension}"
    shell:
        command("compare_collapse_cost")


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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=lambda wildcards: settings.SimulateMiniBatchSettings(
            root_seed=CONFIG.root_seed,
            dataset_name=wildcards.dataset,
            loss=wildcards.loss,
            dimension=wildcards.dimension,
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
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
