"""Run the pipeline, check and verify its results, and solve flows in closed form."""

import argparse
import codecs
import io
import locale
import os
import sys
import traceback
from pathlib import Path

from ssl_dynamics.engine.clean_environment import entered
from ssl_dynamics.engine.exit_codes import STOPPED, WRONG_INPUT
from ssl_dynamics.engine.source import described
from ssl_dynamics.errors import DEBUG, ConfigError, RunError
from ssl_dynamics.extras import needs


def main() -> None:
    """Carry out the command line. Exit code 0: all is as it should be; the others are in `engine/exit_codes.py`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal of few letters cannot show is no reason to stop
            stream.reconfigure(encoding=_letters_of_the_terminal(stream.encoding), errors="replace")
    with entered():
        _command()


def _letters_of_the_terminal(default: str) -> str:
    """The encoding of the locale, also where Python takes UTF-8 for all; but for none, and for one that it lacks."""
    if "PYTHONIOENCODING" in os.environ and not sys.flags.ignore_environment:
        return default
    try:
        own = codecs.lookup(locale.getencoding()).name
    except LookupError:
        return default
    return default if own == "ascii" else own


def _command() -> None:
    arguments = _parser().parse_args()
    if arguments.debug:
        os.environ[DEBUG] = "1"
    try:
        _carry_out(arguments)
    except Exception as error:
        if arguments.debug:
            traceback.print_exc()
        else:
            expected = isinstance(error, ConfigError | RunError | OSError)
            print(error if expected else f"{type(error).__name__}: {error} (--debug shows where)", file=sys.stderr)
        sys.exit(WRONG_INPUT if isinstance(error, ConfigError) else STOPPED)


def _carry_out(arguments: argparse.Namespace) -> None:
    """What solves needs numpy and scipy alone; each imports what it needs."""
    if arguments.command == "solve":
        from ssl_dynamics.solver import solve  # noqa: PLC0415 -- see above

        options = {name: getattr(arguments, name) for name in ("flow", "loss", "plot", "beta")}
        solve(arguments.problem, arguments.output, **options)
        return
    try:
        from ssl_dynamics.commands import carry_out  # noqa: PLC0415 -- see above
    except ModuleNotFoundError as error:
        raise ConfigError(f"{arguments.command}: {error.name} is not installed; it {needs('pipeline')}") from None
    carry_out(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ssl-dynamics", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument("--version", action="version", version=described())
    commands = parser.add_subparsers(dest="command", required=True)
    of_a_config = {
        "run": "run a configuration, or finish an interrupted run, and print the verdicts",
        "plan": "list the stages that a run would run now, and why; runs nothing",
        "check": "check that every artifact of a run is unchanged and up to date; runs nothing",
        "draws": "run a configuration with many root seeds, and say what to expect of the next one",
        "preregister": "write the present criteria and the root seeds of draws into the register, before they run",
        "verify": "bring a run up to date and compare it with the reference in results/reference/",
        "reference": "make a finished run the new reference of its configuration",
        "report": "write Snakemake's own report of a finished run into reports/",
    }
    of = {name: commands.add_parser(name, help=text) for name, text in of_a_config.items()}
    for name, command in of.items():
        command.add_argument("config", type=Path)
        if name not in ("draws", "preregister"):
            command.add_argument(
                "--root-seed", metavar="N", help="in place of that in the file; its results have a folder of their own"
            )
    for name in ("draws", "preregister"):
        roots = of[name].add_mutually_exclusive_group()
        roots.add_argument("--draws", metavar="K", type=int, help="number of draws, in place of that in the file")
        roots.add_argument(
            "--roots",
            metavar="'N N N'",
            default="",
            help="use these root seeds, in place of derived ones; registered: those registered last",
        )
        of[name].add_argument(
            "--equation-draws", metavar="K", type=int, help="number of draws of the claims that need no training"
        )
    of["draws"].add_argument(
        "--shipped",
        action="store_true",
        help="take the draws that are in the reference as they are, and run the others",
    )
    of["reference"].add_argument(
        "--draws-alone", action="store_true", help="replace its draws by those of a sweep, and nothing else"
    )
    for name in ("run", "plan"):
        of[name].add_argument("targets", nargs="*", help="make these files only, and print no verdicts")
    for name in ("run", "draws", "verify"):
        where = of[name].add_mutually_exclusive_group()
        where.add_argument("--cores", help="number of jobs at a time on this machine; default: its number of cores")
        where.add_argument("--profile", type=Path, help="run as a profile of Snakemake says, such as profiles/slurm")
    of["run"].add_argument("--strict", action="store_true", help="exit with code 1 if any claim does not hold")
    of["verify"].add_argument("--claim", metavar="ID", help="verify this claim alone, with the stages that it needs")
    verdict = commands.add_parser("verdict", help="print the verdict table of a claims.json")
    verdict.add_argument("claims", type=Path)
    solver = commands.add_parser(
        "solve",
        help="solve a flow in closed form, on arrays of your own",
        description="Reads `W0` (d, z), `times` (T,) and the quadratic form `C` (d, d), or the views `anchor`, "
        "`positive`, `negative` (n, d) that make it; writes `times`, `W` (T, d, z), `loss` (T,) and `sines` (T, z) of "
        "the angles to the leading eigenspace of C, that of its z smallest eigenvalues.",
    )
    solver.add_argument("problem", type=Path, help=".npz file with the arrays above")
    solver.add_argument("output", type=Path, help=".npz file to write")
    solver.add_argument(
        "--flow",
        choices=("grassmann", "unconstrained", "wide", "soft"),
        default="grassmann",
        help="grassmann: WᵀW = I (default); unconstrained; wide: W = VᵀW_2 of a net with orthonormal layers, h ≥ d; "
        "soft: the penalty (β/2)‖WᵀW − I‖² in place of the constraint, W up to a rotation of the outputs",
    )
    solver.add_argument("--beta", metavar="β", help="strength of the penalty, for --flow soft, in units of C")
    solver.add_argument(
        "--loss",
        choices=("contrastive", "non-contrastive"),
        default="contrastive",
        help="the loss of the views, if the file has no C",
    )
    solver.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the loss and the angles over time, as .svg or .png"
    )
    commands.add_parser("schema", help="print the JSON schema of the configuration")
    for each in commands.choices.values():  # there as well, where it does not undo the one before the command
        each.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
