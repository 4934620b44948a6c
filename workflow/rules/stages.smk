# A rule for every stage of the experiments, from what each says of itself in its experiment.py, and of the report.

# The same command for all rules: a text for each, made in the loop, would run the last one everywhere (Snakemake
# #2832). All that a stage reads is in the params of its rule.
COMMAND = (
    "exec python -m ssl_dynamics.engine --stage {params.stage} --settings {params.settings:q} "
    "--code {params.code} --lock {params.lock} --roots {params.roots:q} --inputs {params.inputs:q} "
    "--outputs {params.outputs:q} --log {log:q}"
)


for job in [
    *(rule_of(*each) for each in catalogue.stages()),
    *report_rules(),
    *draws_rules(),
]:

    rule:
        name:
            job.name
        input:
            *job.unpacked,
            **job.input,
        output:
            **job.output,
            provenance=job.folder / f"{job.provenance}.provenance.json",
        log:
            job.folder / f"logs/{job.log}.log",
        benchmark:
            job.folder / f"benchmarks/{job.log}.tsv"
        group:
            job.group
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            mem_mb=job.memory,
            runtime=job.minutes,
        params:
            stage=f"{job.name}={job.stage}",
            settings=job.settings,
            roots=partial(roots_of, job),
            code=partial(code_of, job),
            lock=LOCK,
            inputs=lambda wildcards, input: named(input),
            outputs=lambda wildcards, output: named(output),
        message:
            job.message
        shell:
            COMMAND
