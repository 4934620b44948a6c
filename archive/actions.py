"""What was done.

The run of the workflow is one CreateAction, every job another, whose instrument is the file of its stage, which may
hold the stages of several rules. Rules are steps, whose executions ControlActions record; the OrganizeAction is
Snakemake's. Times are those of the jobs, so that a run that was interrupted reads as what it made.
"""

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from crate import PRODUCTS, Crate, Entry
from rocrate.model.contextentity import ContextEntity

BENCHMARKS = "https://snakemake.readthedocs.io/en/stable/snakefiles/rules.html#benchmark-rules"
USAGE = {  # columns of a benchmark of Snakemake: what, unit
    "s": ("wall-clock time", "https://qudt.org/vocab/unit/SEC"),
    "cpu_time": ("processor time", "https://qudt.org/vocab/unit/SEC"),
    "max_rss": ("largest resident set size", "https://qudt.org/vocab/unit/MebiBYTE"),
}
LAST = (*PRODUCTS, "figures", "notebooks", "tables")  # what a run is for, by its place in the results


def add_actions(crate: Crate, datasets: dict[str, Any]) -> None:
    """The run, its jobs and steps, and what Snakemake did."""
    for column, (what, _) in USAGE.items():
        crate.describe(f"#usage/{column}", "DefinedTerm", name=column, description=what, url=BENCHMARKS)
    jobs = crate.inventory["jobs"]
    run = _run(crate, datasets)
    done = {job["name"]: _job(crate, job, datasets) for job in jobs}
    crate.root_dataset["mentions"] = [run, *done.values()]
    rules = _in_order(jobs)
    tools = {job["rule"]: job["tool"] for job in jobs}
    steps = {
        rule: crate.describe(
            f"#step/{rule}", "HowToStep", name=rule, position=str(place), workExample=crate.files[tools[rule]]
        )
        for place, rule in enumerate(rules)
    }
    crate.files["Snakefile"]["step"] = list(steps.values())
    crate.files["Snakefile"]["hasPart"] = [crate.files[tool] for tool in dict.fromkeys(tools[rule] for rule in rules)]
    controls = [
        crate.describe(
            f"#control/{rule}",
            "ControlAction",
            name=f"jobs of {rule}",
            instrument=steps[rule],
            object=[done[job["name"]] for job in jobs if job["rule"] == rule],
        )
        for rule in rules
    ]
    crate.describe(
        "#snakemake",
        "OrganizeAction",
        name=f"Snakemake's run of {crate.inventory['config']}",
        instrument=crate.software("snakemake"),
        agent=crate.agents,
        object=controls,
        result=run,
    )


def _run(crate: Crate, datasets: dict[str, Any]) -> ContextEntity:
    """The run of the workflow: from the configuration and the data to what its readers start from."""
    config, jobs = crate.inventory["config"], crate.inventory["jobs"]
    made = [path for job in jobs for path in job["outputs"]]
    run = crate.describe(
        "#run",
        "CreateAction",
        name=f"run of {config}",
        description=_circumstances(crate.inventory),
        instrument=crate.files["Snakefile"],
        agent=crate.agents,
        object=[crate.files[config], *(datasets[dataset["name"]] for dataset in crate.inventory["datasets"])],
        result=[crate.files[path] for path in made if Path(path).relative_to(crate.results).parts[0] in LAST],
        startTime=min(job["start"] for job in jobs),
        endTime=max(job["end"] for job in jobs),
        actionStatus="http://schema.org/CompletedActionStatus",
    )
    if (record := f"{crate.inventory['results']}/logs/runs.jsonl") in crate.files:
        crate.files[record]["about"] = run
    return run


def _circumstances(inventory: Entry) -> str:
    """Commit, commands, machine and system, as far as they were recorded."""
    code = inventory["code"]
    commit = f"commit {code['commit']}{', with changes' if code['dirty'] else ''}" if code else "no commit known"
    kept = ("command", "cores", "profile", "start", "end", "status", "hardware", "system", "python", "blas")
    records = [json.dumps({key: run[key] for key in kept if key in run}) for run in inventory["runs"]]
    return f"{commit}; recorded runs: {'; '.join(records) or 'none'}"


def _job(crate: Crate, job: Entry, datasets: dict[str, Any]) -> ContextEntity:
    action = crate.describe(
        f"#job/{job['name']}",
        "CreateAction",
        name=f"{job['rule']} {job['name']}",
        description=f"{job['stage']}, settings: {json.dumps(job['settings'])}",
        instrument=crate.files[job["tool"]],
        agent=crate.agents,
        object=[crate.files[path] if path in crate.files else datasets[path] for path in job["inputs"]],
        result=[crate.files[path] for path in job["outputs"]],
        startTime=job["start"],
        endTime=job["end"],
        resourceUsage=[_usage(crate, job, column) for column in USAGE if _is_number(job["usage"][column])],
    )
    for path in (job["log"], job["benchmark"]):
        crate.files[path]["about"] = action
    return action


def _usage(crate: Crate, job: Entry, column: str) -> ContextEntity:
    what, unit = USAGE[column]
    return crate.describe(
        f"#job/{job['name']}/{column}",
        "PropertyValue",
        name=what,
        propertyID=crate.get(f"#usage/{column}"),
        unitCode=unit,
        value=job["usage"][column],
    )


def _is_number(text: str) -> bool:
    """Snakemake has none for the memory of a job that ended before it was looked at."""
    return text.replace(".", "", 1).isdigit()


def _in_order(jobs: list[Entry]) -> list[str]:
    """The rules in an order in which they can run."""
    maker = {path: job["rule"] for job in jobs for path in job["outputs"]}
    reads: dict[str, set[str]] = {rule: set() for rule in sorted({job["rule"] for job in jobs})}
    for job in jobs:
        reads[job["rule"]] |= {maker[path] for path in job["inputs"] if path in maker} - {job["rule"]}
    return list(TopologicalSorter({rule: sorted(read) for rule, read in reads.items()}).static_order())
