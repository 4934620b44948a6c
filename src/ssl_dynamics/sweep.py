"""Many draws of one configuration in one run of the workflow: `ssl-dynamics draws`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ssl_dynamics.config import Config, parse_config
from ssl_dynamics.config_file import load_config, root_number
from ssl_dynamics.draws import KEPT, ROOTS, STOPPED, draws_of, equation_roots, folder_of, listed
from ssl_dynamics.engine.run import Configuration, JobFailed, jobs_of, run_workflow
from ssl_dynamics.engine.staleness import Plan, plan_of, to_run
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.report.formatting import Record

REGISTERED = "registered"  # in place of root seeds: those of the register


class Stopped(NamedTuple):
    """A draw of which a stage has failed: the first that was to run, by its rule and its log."""

    root_seed: int
    rule: str
    provenance: str


class Asked(NamedTuple):
    """What Snakemake is told, the configuration, its draws, and how many there are of what needs no training.

    `kept` are the root seeds of draws that are shipped, and not run.
    """

    configuration: Configuration
    config: Config
    draws: list[Config]
    equation_draws: int
    kept: list[int]

    @property
    def to_run(self) -> list[Config]:
        """The draws that are not shipped."""
        return [draw for draw in self.draws if draw.root_seed not in self.kept]


def draws_asked_for(
    file: Path, number: int | None, roots: str, equation_draws: int | None, *, shipped: bool = False
) -> Asked:
    """So many draws, or those of the root seeds in `roots`; and of what needs no training. Raises ConfigError.

    With `shipped`, those of them that are in the reference are not run again.

    Of what needs no training there are as many as the configuration says; beside `roots` none, unless asked for. The
    word `registered` stands for the root seeds, and so many draws of what needs no training, that were registered last.
    """
    config = load_config(file)
    if roots.split() == [REGISTERED]:
        roots, registered = _registered(config)
        equation_draws = registered if equation_draws is None else equation_draws
    numbers = {"draws": number, "equation_draws": 0 if roots and equation_draws is None else equation_draws}
    changed: dict[str, object] = {name: value for name, value in numbers.items() if value is not None}
    if changed:
        config = parse_config(config.model_dump(mode="json") | changed, str(file))
    given = [root_number(word) for word in roots.split()]
    if roots and not given:
        raise ConfigError("roots: blanks are no root seeds; expected such as '7 99 2024', or none for derived ones")
    if given:
        changed[ROOTS] = listed(given)
    draws = draws_of(config, given)
    kept = _kept(config, draws) if shipped else []
    if kept:
        changed[KEPT] = listed(kept)
    return Asked(Configuration(file, changed), config, draws, len(equation_roots(config, given)), kept)


def _kept(config: Config, draws: Sequence[Config]) -> list[int]:
    from ssl_dynamics.verify.kept_draws import kept_among  # noqa: PLC0415 -- all claims: slow

    return kept_among(config, [draw.root_seed for draw in draws])


def _registered(config: Config) -> tuple[str, int]:
    """The root seeds, and how many draws of what needs no training, of the last entry of a configuration."""
    from ssl_dynamics.report.preregistration import REGISTER, latest_of, read_register  # noqa: PLC0415 -- all claims: slow

    latest = latest_of(read_register(), config.name)
    if latest is None:
        raise ConfigError(f"roots: {REGISTERED} is not allowed: {REGISTER} has no entry of {config.name}")
    return " ".join(map(str, latest["roots"])), latest.get("equation_draws", 0)


def run_draws(
    configuration: Configuration, config: Config, draws: Sequence[Config], where: int | Path
) -> list[Stopped]:
    """Bring the verdicts of every draw up to date, and what they say together; returns the draws that have stopped.

    A draw that stops does not stop the others: what is said of all is then said without it. Raises RunError as
    `run_workflow` does, JobFailed only if no draw has come to its verdicts.
    """
    together = [(folder_of(config) / "draws.json").as_posix()]
    claims = [claims_of(draw).as_posix() for draw in draws]
    folders = [folder_of(config), *(draw.results for draw in draws)]
    try:
        run_workflow(configuration, folders, [*claims, *together], where=where, keep_going=True)
    except JobFailed:
        found = stopped(draws, plan_of(jobs_of(configuration, claims)))
        if len(found) in (0, len(draws)):  # what is said of all has failed itself; or there is nothing to say it of
            raise
        without = {**configuration.changed, STOPPED: listed([each.root_seed for each in found])}
        run_workflow(configuration._replace(changed=without), folders, together, where=where)
        return found
    return []


def claims_of(draw: Config) -> Path:
    """The verdicts of a draw."""
    return draw.results / "claims.json"


def stopped(draws: Sequence[Config], plan: Plan) -> list[Stopped]:
    """The draws of which something is still to be made, each with the first job that is."""
    undone = to_run(plan)
    found = []
    for draw in draws:
        below = f"{draw.results.as_posix()}/"
        first = next((job for job, _ in undone if job.provenance.startswith(below)), None)
        if first is not None:
            found.append(Stopped(draw.root_seed, first.rule, first.provenance))
    return found


def say_what_stopped(found: Sequence[Stopped]) -> None:
    """A line for each draw that has stopped."""
    for root_seed, rule, provenance in found:
        print(f"the draw with root seed {root_seed} has stopped in {rule}: {provenance} is not made", file=sys.stderr)


def read_draws(config: Config) -> Record:
    """What is said of the draws of a configuration together."""
    found: Record = json.loads((folder_of(config) / "draws.json").read_text(encoding="utf-8"))
    return found
