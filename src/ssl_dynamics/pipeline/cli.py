"""Command line: run a configuration, check what it left, print verdicts, solve a flow, print the schema."""

import argparse
import os
import sys
from pathlib import Path

from ssl_dynamics.pipeline.check import check_artifacts
from ssl_dynamics.pipeline.config import Config, ConfigError, config_schema, load_config
from ssl_dynamics.pipeline.fingerprint import lock_fingerprint
from ssl_dynamics.pipeline.preflight import check_data
from ssl_dynamics.pipeline.report import print_verdicts
from ssl_dynamics.pipeline.runner import planned_jobs, run_workflow
from ssl_dynamics.pipeline.sole_run import RunError
from ssl_dynamics.pipeline.stage import DEBUG
from ssl_dynamics.pipeline.wording import failures

EXIT_FAILED = 1
EXIT_USAGE = 2


def main() -> None:
    """Entry point of `ssl-dynamics`. Exit code 0: all well; 1: a claim, a job or a check failed; 2: wrong input."""
    parser = argparse.ArgumentParser(prog="ssl-dynamics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a configuration, finish what was interrupted, end with the verdicts")
    run.add_argument("config", type=Path)
    run.add_argument("targets", nargs="*", help="files to make instead of everything; no verdicts then")
    run.add_argument("--cores", type=int, required=True)
    verdict = commands.add_parser("verdict", help="print the verdict table of a claims.json")
    verdict.add_argument("claims", type=Path)
    check = commands.add_parser("check", help="check the artifacts of a run against their provenance; nothing is run")
    check.add_argument("config", type=Path)
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
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    for each in commands.choices.values():  # there as well, where it does not undo the one before the command
        each.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.debug:
        os.environ[DEBUG] = "1"
    try:
        match arguments.command:
            case "run":
                config = load_config(arguments.config)
                check_data(config, str(arguments.config))
                run_workflow(arguments.config, config, arguments.targets, cores=arguments.cores)
                if not arguments.targets:
                    _check(arguments.config, config)
                    _verdict(config.results / "claims.json")
            case "verdict":
                _verdict(arguments.claims)
            case "check":
                config = load_config(arguments.config)
                _check(arguments.config, config)
                print(f"{config.results}: every artifact is as it was made, of the present code and pins")
            case "solve":
                from ssl_dynamics.pipeline.solver import solve  # noqa: PLC0415 -- only this draws: a slow import

                options = {name: getattr(arguments, name) for name in ("flow", "loss", "plot")}
                solve(arguments.problem, arguments.output, **options)
            case "schema":
                print(config_schema(), end="")
    except Exception as error:
        if arguments.debug:
            raise
        expected = isinstance(error, ConfigError | RunError | OSError)
        print(error if expected else f"{type(error).__name__}: {error} (--debug shows where)", file=sys.stderr)
        sys.exit(EXIT_USAGE if isinstance(error, ConfigError) else EXIT_FAILED)


def _check(file: Path, config: Config) -> None:
    problems = check_artifacts(config.results, lock_fingerprint(Path("requirements.lock")), planned_jobs(file))
    if problems:
        raise RunError("\n".join(problems))


def _verdict(claims: Path) -> None:
    failed = failures(print_verdicts(claims))
    if failed:
        print(f"{len(failed)} of the claims failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
