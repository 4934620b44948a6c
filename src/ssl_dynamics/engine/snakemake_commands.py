"""Asks Snakemake for the commands of all jobs: `python -m ssl_dynamics.engine.snakemake_commands ANSWER …`.

In a process of its own, since Snakemake's API takes hold of the working folder, the environment and the log. What it
says comes as events, as a logger plugin gets them: nothing is read out of printed text, whatever is in a path.
"""

import argparse
import json
import logging
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.logging import LogEvent, logger
from snakemake.settings.enums import Quietness
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    ResourceSettings,
)


class _Events(logging.Handler):
    """Keeps the commands that jobs would run, and what was last said of an error."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[str] = []
        self.error = ""

    def emit(self, record: logging.LogRecord) -> None:
        command = getattr(record, "shellcmd", None)
        if getattr(record, "event", None) is LogEvent.SHELLCMD and command:
            self.commands.append(command)
        elif record.levelno >= logging.ERROR:
            self.error = record.getMessage()


def main() -> None:
    """Write the commands, or what is wrong, to the file ANSWER."""
    arguments = _parser().parse_args()
    changed = json.loads(arguments.changed)
    with SnakemakeApi(OutputSettings(dryrun=True, quiet={Quietness.ALL})) as api:
        events = _Events()
        logger.addHandler(events)
        try:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config=changed, configfiles=[arguments.configuration]),
                snakefile=arguments.snakefile,
                workdir=arguments.folder,
            )
            dag = workflow.dag(DAGSettings(targets=set(arguments.targets)))
            dag.execute_workflow(executor="dryrun", execution_settings=ExecutionSettings(lock=False))
            answer: dict[str, object] = {"commands": events.commands}
        except Exception as error:
            api.print_exception(error)
            answer = {"error": events.error}
    arguments.answer.write_text(json.dumps(answer), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ssl_dynamics.engine.snakemake_commands", description=__doc__)
    for name in ("answer", "snakefile", "folder", "configuration"):
        parser.add_argument(name, type=Path)
    parser.add_argument("changed", help="keys of the configuration with other values, as JSON")
    parser.add_argument("targets", nargs="*")
    return parser


if __name__ == "__main__":
    main()
