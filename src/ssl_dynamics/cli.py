"""Command line: run a configuration, check, verify and explain it, print verdicts, solve a flow, print the schema."""

import argparse
import json
import os
import sys
import traceback
from pathlib import Path

from ssl_dynamics.config import Config, ConfigError, config_schema, load_config
from ssl_dynamics.engine.exit_codes import DISAGREES, STOPPED, WRONG_INPUT
from ssl_dynamics.engine.integrity import check_plan
from ssl_dynamics.engine.run import Configuration, jobs_of, require_top_folder, run_workflow
from ssl_dynamics.engine.run_lock import RunError
from ssl_dynamics.engine.run_record import recorded
from ssl_dynamics.engine.stage import DEBUG
from ssl_dynamics.engine.staleness import plan_of, print_plan
from ssl_dynamics.preflight import check_data, check_device
from ssl_dynamics.report.formatting import failures
from ssl_dynamics.report.verdict_table import print_verdicts
from ssl_dynamics.verify import expectation


def main() -> None:
    """Entry point of `ssl-dynamics`. Exit code 0: all is as it should be; the others are in `engine/exit_codes.py`."""
    arguments = _parser().parse_args()
    if arguments.debug:
        os.environ[DEBUG] = "1"
    try:
        match arguments.command:
            case "run":
                _run(*_configuration(arguments), arguments)
            case "plan":
                configuration, _ = _configuration(arguments)
                print_plan(configuration, plan_of(jobs_of(configuration, arguments.targets)))
            case "check":
                configuration, config = _configuration(arguments)
                _check(configuration, config)
                print(f"{config.results}: every artifact is there, as it was made, of the present code and pins")
            case "verify":
                _verify(*_configuration(arguments), arguments)
            case "reference":
                _reference(*_configuration(arguments))
            case "verdict":
                _verdict(arguments.claims)
            case "solve":
                from ssl_dynamics.solver import solve  # noqa: PLC0415 -- only this draws: a slow import

                options = {name: getattr(arguments, name) for name in ("flow", "loss", "plot")}
                solve(arguments.problem, arguments.output, **options)
            case "schema":
                print(config_schema(), end="")
    except Exception as error:
        if arguments.debug:
            traceback.print_exc()
        else:
            expected = isinstance(error, ConfigError | RunError | OSError)
            print(error if expected else f"{type(error).__name__}: {error} (--debug shows where)", file=sys.stderr)
        sys.exit(WRONG_INPUT if isinstance(error, ConfigError) else STOPPED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ssl-dynamics", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True)
    of_a_config = {
        "run": "run a configuration, finish what was interrupted, end with the verdicts",
        "plan": "say which stages a run would run now, and why; nothing is run",
        "check": "check the artifacts of a run against their provenance; nothing is run",
        "verify": "bring a run up to date and compare it with the reference shipped in results/reference/",
        "reference": "make a finished run the reference of its configuration",
    }
    of = {name: commands.add_parser(name, help=text) for name, text in of_a_config.items()}
    for command in of.values():
        command.add_argument("config", type=Path)
        command.add_argument("--root-seed", metavar="N", help="another than in the file, with a folder of its own")
    for name in ("run", "plan"):
        of[name].add_argument("targets", nargs="*", help="files to make instead of everything; no verdicts then")
    for name in ("run", "verify"):
        where = of[name].add_mutually_exclusive_group(required=True)
        where.add_argument("--cores", dest="where", type=int, help="on this machine, with as many jobs at a time")
        where.add_argument("--profile", dest="where", type=Path, help="as a profile says, such as profiles/slurm")
    of["run"].add_argument("--strict", action="store_true", help="exit code 1 if any claim does not pass")
    of["verify"].add_argument("--claim", metavar="ID", help="this claim alone, from the stages that it needs")
    verdict = commands.add_parser("verdict", help="print the verdict table of a claims.json")
    verdict.add_argument("claims", type=Path)
    solver = commands.add_parser(
        "solve",
        help="solve a flow in closed form, on arrays of your own",
        description="Reads `W0` (d, z), `times` (T,) and the quadratic form `C` (d, d), or the views `anchor`, "
        "`positive`, `negative` (n, d) that make it; writes `times`, `W` (T, d, z), `loss` (T,) and `sines` (T, z) of "
        "the angles to the bottom-z eigenspace of C.",
    )
    solver.add_argument("problem", type=Path, help=".npz file with the arrays above")
    solver.add_argument("output", type=Path, help=".npz file to write")
    solver.add_argument(
        "--flow",
        choices=("grassmann", "unconstrained", "wide"),
        default="grassmann",
        help="grassmann: WᵀW = I (default); unconstrained; wide: W = VᵀW_2 of a net with orthonormal layers, h ≥ d",
    )
    solver.add_argument(
        "--loss",
        choices=("contrastive", "non-contrastive"),
        default="contrastive",
        help="what the views make, where the file has no C",
    )
    solver.add_argument("--plot", type=Path, metavar="FILE", help=".svg or .png of the loss and the angles over time")
    commands.add_parser("schema", help="print the JSON schema of the configuration")
    for each in commands.choices.values():  # there as well, where it does not undo the one before the command
        each.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def _configuration(arguments: argparse.Namespace) -> tuple[Configuration, Config]:
    """What Snakemake is told of the configuration, and what it says."""
    config = load_config(arguments.config, arguments.root_seed)
    own = config.name == arguments.config.stem
    changed = {} if own else {"root_seed": config.root_seed, "name": config.name}
    return Configuration(arguments.config, changed), config


def _preflight(config: Config, arguments: argparse.Namespace) -> None:
    check_data(config, str(arguments.config))
    if isinstance(arguments.where, int):  # on a cluster, the nodes see for themselves
        check_device(config, str(arguments.config))
    require_top_folder()


def _run(configuration: Configuration, config: Config, arguments: argparse.Namespace) -> None:
    _preflight(config, arguments)
    with recorded(config.results, where=arguments.where):
        run_workflow(configuration, config.results, arguments.targets, where=arguments.where)
        if not arguments.targets:
            records = print_verdicts(config.results / "claims.json")
            if not expectation.as_expected(records, config.name, strict=arguments.strict):
                sys.exit(DISAGREES)


def _check(configuration: Configuration, config: Config) -> None:
    _refuse(check_plan(config.results, plan_of(jobs_of(configuration, []))))


def _refuse(problems: list[str]) -> None:
    if problems:
        print("\n".join(problems), file=sys.stderr)
        sys.exit(DISAGREES)


def _verify(configuration: Configuration, config: Config, arguments: argparse.Namespace) -> None:
    from ssl_dynamics.verify import reference, verification  # noqa: PLC0415 -- pandas: a slow import

    reference.require_shipped(config)
    _preflight(config, arguments)
    if arguments.claim:
        claim = verification.claim_named(arguments.claim)
        files = verification.tables_of(claim, config)
        targets = [path.as_posix() for paths in files.values() for path in paths]
        with recorded(config.results, where=arguments.where):
            run_workflow(configuration, config.results, targets, where=arguments.where)
        records = [verification.record_alone(claim, config, files)]
        compared = list(reference.compare_claims(config, records))
    else:
        with recorded(config.results, where=arguments.where):
            run_workflow(configuration, config.results, [], where=arguments.where)
        _check(configuration, config)
        records = json.loads((config.results / "claims.json").read_text(encoding="utf-8"))
        compared = [*reference.compare_claims(config, records), *reference.compare_tables(config)]
    name = "-".join(filter(None, ("verify", config.name, arguments.claim)))
    problems = verification.report(records, compared, Path("reports") / f"{name}.json")
    _refuse(problems)


def _reference(configuration: Configuration, config: Config) -> None:
    from ssl_dynamics.verify.reference import write_reference  # noqa: PLC0415 -- pandas: a slow import

    _check(configuration, config)
    print(write_reference(config, json.loads((config.results / "claims.json").read_text(encoding="utf-8"))))


def _verdict(claims: Path) -> None:
    failed = failures(print_verdicts(claims))
    if failed:
        print(f"{len(failed)} of the claims failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(DISAGREES)


if __name__ == "__main__":
    main()
