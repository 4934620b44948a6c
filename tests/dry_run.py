"""The jobs of a configuration, one line each: `python tests/dry_run.py config/quick.yaml` (see `make snapshot`).

Asked of Snakemake in an empty folder, so that nothing is done yet. Code fingerprints and pins are left out: they change
with every edit, and `make plan` tells them.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

from ssl_dynamics.engine.run import link_sources

TOP = Path(__file__).parents[1]
MANY = 20  # files, of which a hash stands for the list


def jobs(config, workdir):
    """Rule, group, resources, stage, roots, files and settings of every job."""
    with SnakemakeApi(OutputSettings(dryrun=True, quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[TOP / config]),
            snakefile=TOP / "Snakefile",
            workdir=workdir,
        )
        workflow.dag().execute_workflow(executor="dryrun")
        return [described(job) for job in workflow._workflow.dag.jobs if job.rule.name != "all"]


def described(job):
    params, resources = dict(job.params.items()), job.resources
    needs = f"{resources.mem_mb} MB, {resources.runtime} min, {job.threads} thread, group {job.rule.group}"
    outputs, inputs = (listed(params[name]) for name in ("outputs", "inputs"))
    settings = json.dumps(json.loads(params["settings"]), ensure_ascii=False, sort_keys=True)
    lines = [f"{params['stage']} ({needs})", f"makes {outputs}", f"reads {inputs}", f"with {settings}"]
    return "\n  ".join(lines + ([f"and {' '.join(params['roots'])}"] if params["roots"] else []))


def listed(files):
    if len(files) > MANY:
        return f"{len(files)} files, {hashlib.sha256(' '.join(sorted(files)).encode()).hexdigest()[:12]}"
    return " ".join(sorted(files)) or "nothing"


def main(config):
    with tempfile.TemporaryDirectory() as folder:
        link_sources(TOP, Path(folder))
        print("\n".join(sorted(jobs(config, Path(folder)))))


if __name__ == "__main__":
    main(sys.argv[1])
