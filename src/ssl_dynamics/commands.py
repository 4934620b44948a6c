"""The commands that need the pipeline: run a configuration, check, verify and explain it, print verdicts."""

import argparse
import json
import re
import sys
from pathlib import Path

from ssl_dynamics.config import Config, config_schema
from ssl_dynamics.config_file import load_config
from ssl_dynamics.draws import folder_of
from ssl_dynamics.engine.cores import available_cores
from ssl_dynamics.engine.exit_codes import DISAGREES
from ssl_dynamics.engine.integrity import check_plan
from ssl_dynamics.engine.run import Configuration, jobs_of, require_top_folder, run_workflow
from ssl_dynamics.engine.run_record import recorded
from ssl_dynamics.engine.snakemake_report import write_report
from ssl_dynamics.engine.source import require_source_here
from ssl_dynamics.engine.staleness import PlannedJob, plan_of, print_plan
from ssl_dynamics.engine.targets import behind, known_targets
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.preflight import check_data, check_device
from ssl_dynamics.report.formatting import failures
from ssl_dynamics.report.verdict_table import print_verdicts
from ssl_dynamics.sweep import draws_asked_for, read_draws, run_draws, say_what_stopped
from ssl_dynamics.verify import expectation


def carry_out(arguments: argparse.Namespace) -> None:
    """Do what the command line says. Exits with a code of `engine/exit_codes.py` where all is not as it should be."""
    match arguments.command:
        case "run":
            _run(*_configuration(arguments), arguments)
        case "plan":
            configuration, _ = _configuration(arguments)
            jobs, _ = _asked_for(configuration, arguments.targets)
            print_plan(configuration, plan_of(jobs))
        case "check":
            configuration, config = _configuration(arguments)
            _check(configuration, config)
            print(f"{config.results}: every artifact is there, unchanged, and made by the present code and pins")
        case "draws":
            _draws(arguments)
        case "preregister":
            _preregister(arguments)
        case "verify":
            _verify(*_configuration(arguments), arguments)
        case "reference":
            _reference(*_configuration(arguments), draws_alone=arguments.draws_alone)
        case "report":
            configuration, config = _configuration(arguments)
            write_report(configuration, Path("reports") / f"{config.name}.zip")
        case "verdict":
            _verdict(arguments.claims)
        case "schema":
            print(config_schema(), end="")


def _configuration(arguments: argparse.Namespace) -> tuple[Configuration, Config]:
    """What Snakemake is told of the configuration, and what it says."""
    require_source_here()
    config = load_config(arguments.config, arguments.root_seed)
    own = config.name == arguments.config.stem
    changed = {} if own else {"root_seed": config.root_seed, "name": config.name}
    return Configuration(arguments.config, changed), config


def _asked_for(configuration: Configuration, targets: list[str]) -> tuple[list[PlannedJob], list[str]]:
    """The jobs behind the targets (all, if none is named), and the targets as Snakemake knows them."""
    jobs = jobs_of(configuration)
    try:
        files = known_targets(jobs, targets)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return (behind(jobs, files) if files else jobs), files


def _where(arguments: argparse.Namespace) -> int | Path:
    """On how many cores of this machine to run, or by which profile."""
    if arguments.profile is not None:
        return Path(arguments.profile)
    if arguments.cores is None:
        return available_cores()
    if not re.fullmatch(r"0*[1-9][0-9]{0,5}", arguments.cores):
        raise ConfigError(f"cores: {arguments.cores!r} is not allowed: it must be an integer, 1 or greater")
    return int(arguments.cores)


def _preflight(config: Config, arguments: argparse.Namespace) -> int | Path:
    """Check what can be checked before any job; where to run."""
    where = _where(arguments)
    require_top_folder()
    check_data(config, str(arguments.config))
    if isinstance(where, int):  # on a cluster, the nodes see for themselves
        check_device(config, str(arguments.config))
    return where


def _run(configuration: Configuration, config: Config, arguments: argparse.Namespace) -> None:
    where = _preflight(config, arguments)
    jobs, targets = _asked_for(configuration, arguments.targets) if arguments.targets else ([], [])
    with recorded(config.results, where=where):
        run_workflow(configuration, [config.results], targets, where=where, jobs=jobs)
        if not targets:
            records = print_verdicts(config.results / "claims.json")
            if not expectation.as_expected(records, config.name, strict=arguments.strict):
                sys.exit(DISAGREES)


def _draws(arguments: argparse.Namespace) -> None:
    from ssl_dynamics.report.draw_table import print_draws  # noqa: PLC0415 -- as below

    require_source_here()
    asked = draws_asked_for(
        arguments.config, arguments.draws, arguments.roots, arguments.equation_draws, shipped=arguments.shipped
    )
    configuration, config, draws = asked.configuration, asked.config, asked.to_run
    where = _preflight(config, arguments)
    with recorded(folder_of(config), *(draw.results for draw in draws), where=where):
        stopped = run_draws(configuration, config, draws, where)
        found = read_draws(config)
        print_draws(found)
        say_what_stopped(stopped)
        if not expectation.draws_as_expected(found) or stopped:
            sys.exit(DISAGREES)


def _preregister(arguments: argparse.Namespace) -> None:
    from ssl_dynamics.report.preregistration import register  # noqa: PLC0415 -- all claims: a slow import

    require_source_here()
    asked = draws_asked_for(arguments.config, arguments.draws, arguments.roots, arguments.equation_draws)
    require_top_folder()
    print(register(asked.config, [draw.root_seed for draw in asked.draws], asked.equation_draws))


def _check(configuration: Configuration, config: Config) -> None:
    _refuse(check_plan(config.results, plan_of(jobs_of(configuration))))


def _refuse(problems: list[str]) -> None:
    if problems:
        print("\n".join(problems), file=sys.stderr)
        sys.exit(DISAGREES)


def _verify(configuration: Configuration, config: Config, arguments: argparse.Namespace) -> None:
    from ssl_dynamics.verify import reference, verification  # noqa: PLC0415 -- pandas: a slow import

    reference.require_shipped(config)
    where = _preflight(config, arguments)
    if arguments.claim:
        claim = verification.claim_named(arguments.claim)
        files = verification.tables_of(claim, config)
        targets = [path.as_posix() for paths in files.values() for path in paths]
        with recorded(config.results, where=where):
            run_workflow(configuration, [config.results], targets, where=where)
        records = [verification.record_alone(claim, config, files)]
        compared = list(reference.compare_claims(config, records))
    else:
        with recorded(config.results, where=where):
            run_workflow(configuration, [config.results], [], where=where)
        _check(configuration, config)
        records = json.loads((config.results / "claims.json").read_text(encoding="utf-8"))
        compared = [*reference.compare_claims(config, records), *reference.claims_left_out(config, records)]
        compared += reference.compare_tables(config)
    name = "-".join(filter(None, ("verify", config.name, arguments.claim)))
    problems = verification.report(records, compared, Path("reports") / f"{name}.json")
    _refuse(problems)


def _reference(configuration: Configuration, config: Config, *, draws_alone: bool) -> None:
    from ssl_dynamics.verify.reference import write_draws, write_reference  # noqa: PLC0415 -- pandas: a slow import

    if draws_alone:
        print(write_draws(config))
        return
    _check(configuration, config)
    print(write_reference(config, json.loads((config.results / "claims.json").read_text(encoding="utf-8"))))


def _verdict(claims: Path) -> None:
    failed = failures(print_verdicts(claims))
    if failed:
        print(f"{len(failed)} of the claims do not hold: {', '.join(failed)}", file=sys.stderr)
        sys.exit(DISAGREES)
