# Two-layer nets of several widths, narrow (z <= h <= d) and wide (h >= d).


rule net_triplets:
    input:
        triplets=rules.triplets.output.triplets,
    output:
        points=RESULTS / "{dataset}/{net}/triplets.npz",
        provenance=RESULTS / "{dataset}/{net}/triplets.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{net}/triplets.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{net}/triplets.tsv"
    wildcard_constraints:
        net="narrow|wide",
    group:
        "problem"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=2,
    params:
        settings=lambda wildcards: settings.PointsSettings(
            triplets=CONFIG.datasets[wildcards.dataset].triplets,
            components=getattr(CONFIG, wildcards.net).components,
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("points"),
        lock=LOCK,
    message:
        "principal components of {wildcards.dataset} for {wildcards.net} nets"
    shell:
        command("points")


use rule quadratic_form as net_quadratic_form with:
    input:
        triplets=rules.net_triplets.output.points,
    output:
        quadratic_form=RESULTS / "{dataset}/{loss}/{net}/quadratic_form.npz",
        provenance=RESULTS / "{dataset}/{loss}/{net}/quadratic_form.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/{net}/quadratic_form.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/{net}/quadratic_form.tsv"
    wildcard_constraints:
        net="narrow|wide",
    message:
        "quadratic form of {wildcards.dataset}, {wildcards.loss}, for {wildcards.net} nets"


rule layers:
    input:
        quadratic_form=rules.net_quadratic_form.output.quadratic_form,
    output:
        layers=cell("{net}") / "layers.npz",
        provenance=cell("{net}") / "layers.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/{net}/z{dimension}/layers.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/{net}/z{dimension}/layers.tsv"
    wildcard_constraints:
        net="narrow|wide",
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.LayersSettings(
            root_seed=CONFIG.root_seed,
            seeds=CONFIG.seeds,
            dataset_name=wildcards.dataset,
            dimension=wildcards.dimension,
            net=getattr(CONFIG, wildcards.net),
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("layers"),
        lock=LOCK,
    message:
        "starts of two-layer nets: {wildcards.dataset}, {wildcards.loss}, {wildcards.net}, z = {wildcards.dimension}"
    shell:
        command("layers")


rule simulate_layers:
    input:
        triplets=rules.net_triplets.output.points,
        layers=rules.layers.output.layers,
    output:
        trajectories=cell("{net}") / "trajectories.npz",
        provenance=cell("{net}") / "trajectories.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/{net}/z{dimension}/simulate.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/{net}/z{dimension}/simulate.tsv"
    wildcard_constraints:
        net="narrow|wide",
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=5,
    params:
        settings=lambda wildcards: settings.SimulateLayersSettings(
            loss=wildcards.loss, kind=wildcards.net
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("simulate_layers"),
        lock=LOCK,
    message:
        "train two-layer nets: {wildcards.dataset}, {wildcards.loss}, {wildcards.net}, z = {wildcards.dimension}"
    shell:
        command("simulate_layers")


rule solve_narrow:
    input:
        quadratic_form=RESULTS / "{dataset}/{loss}/narrow/quadratic_form.npz",
        layers=cell("narrow") / "layers.npz",
    output:
        solution=cell("narrow") / "solution.npz",
        provenance=cell("narrow") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/narrow/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/narrow/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.SolveLayersSettings(
            integrated_numbers=CONFIG.narrow.integrated_numbers
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_narrow"),
        lock=LOCK,
    message:
        "solve: {wildcards.dataset}, {wildcards.loss}, narrow, z = {wildcards.dimension}"
    shell:
        command("solve_narrow")


rule compare_narrow:
    input:
        trajectories=cell("narrow") / "trajectories.npz",
        solution=cell("narrow") / "solution.npz",
        layers=cell("narrow") / "layers.npz",
    output:
        **{name: cell("narrow") / f"{name}.csv" for name in TABLES["narrow"]},
        provenance=cell("narrow") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/narrow/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/narrow/z{dimension}/compare.tsv"
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
        code=code("compare_narrow"),
        lock=LOCK,
    message:
        "compare: {wildcards.dataset}, {wildcards.loss}, narrow, z = {wildcards.dimension}"
    shell:
        command("compare_narrow")


rule solve_wide:
    input:
        quadratic_form=RESULTS / "{dataset}/{loss}/wide/quadratic_form.npz",
        layers=cell("wide") / "layers.npz",
    output:
        solution=cell("wide") / "solution.npz",
        provenance=cell("wide") / "solution.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/wide/z{dimension}/solve.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/wide/z{dimension}/solve.tsv"
    group:
        "cell"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=2,
    params:
        settings=lambda wildcards: settings.SolveLayersSettings(
            integrated_numbers=CONFIG.wide.integrated_numbers
        ).model_dump_json(),
        inputs=lambda wildcards, input: named(input),
        outputs=lambda wildcards, output: named(output),
        code=code("solve_wide"),
        lock=LOCK,
    message:
        "solve: {wildcards.dataset}, {wildcards.loss}, wide, z = {wildcards.dimension}"
    shell:
        command("solve_wide")


rule compare_wide:
    input:
        trajectories=cell("wide") / "trajectories.npz",
        solution=cell("wide") / "solution.npz",
        layers=cell("wide") / "layers.npz",
    output:
        **{name: cell("wide") / f"{name}.csv" for name in TABLES["wide"]},
        provenance=cell("wide") / "compare.provenance.json",
    log:
        RESULTS / "logs/{dataset}/{loss}/wide/z{dimension}/compare.log",
    benchmark:
        RESULTS / "benchmarks/{dataset}/{loss}/wide/z{dimension}/compare.tsv"
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
        code=code("compare_wide"),
        lock=LOCK,
    message:
        "compare: {wildcards.dataset}, {wildcards.loss}, wide, z = {wildcards.dimension}"
    shell:
        command("compare_wide")
