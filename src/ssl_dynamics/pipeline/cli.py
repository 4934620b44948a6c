"""Command line: run a configuration to its verdicts, print verdicts, verify artifacts, print the schema."""

import argparse
import sys
from pathlib import Path

from ssl_dynamics.pipeline.config import ConfigError, config_schema, load_config
from ssl_dynamics.pipeline.preflight import check_data
from ssl_dynamics.pipeline.report import failures, print_verdicts
from ssl_dynamics.pipeline.runner import RunError, run_workflow
from ssl_dynamics.pipeline.verify import verify_artifacts

EXIT_CLAIM_FAILED = 1
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
    verify = commands.add_parser("verify", help="check every artifact below a folder against its provenance")
    verify.add_argument("folder", type=Path)
    commands.add_parser("schema", help="print the JSON schema of the configuration")
    arguments = parser.parse_args()
    try:
        match arguments.command:
            case "run":
                config = load_config(arguments.config)
                check_data(config, str(arguments.config))
                run_workflow(arguments.config, config, arguments.targets, cores=arguments.cores)
                if not arguments.targets:
                    _verdict(Path("results") / config.name / "claims.json")
            case "verdict":
                _verdict(arguments.claims)
            case "verify":
                problems = verify_artifacts(arguments.folder)
                if problems:
                    sys.exit("\n".join(problems))
            case "schema":
                print(config_schema(), end="")
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except RunError as error:
        sys.exit(str(error))


def _verdict(claims: Path) -> None:
    failed = failures(print_verdicts(claims))
    if failed:
        print(f"{len(failed)} of the claims failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(EXIT_CLAIM_FAILED)


if __name__ == "__main__":
    main()
