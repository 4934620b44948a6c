"""The verdicts of many draws to what holds for the next one: records, a table, a figure."""

import json

import matplotlib.pyplot as plt
import pandas as pd

from ssl_dynamics.engine.artifacts import write_json, write_table
from ssl_dynamics.engine.stage import Job
from ssl_dynamics.figures import theme
from ssl_dynamics.figures.writing import write_figure
from ssl_dynamics.registry import CLAIMS
from ssl_dynamics.report.draw_verdicts import by_draw, equations_by_draw, over_draws, over_equation_draws
from ssl_dynamics.report.draws_figure import draws_figure
from ssl_dynamics.report.formatting import Record
from ssl_dynamics.report.preregistration import hashes, read_register, said_of
from ssl_dynamics.report.settings import DrawsSettings
from ssl_dynamics.report.verdicts import stated


def draws(job: Job[DrawsSettings]) -> None:
    """Stage `draws`: `claims` are those of the draws that have not stopped, in the order of their root seeds.

    Of draws that were run they say all, of others, which are shipped, what differs between draws: the registry says
    what the claims are.
    What the stage `equations` has judged over more draws takes the place of what the whole runs say of it.
    """
    settings = job.settings
    files = iter(job.inputs["claims"])
    records = [
        None if root in settings.stopped else json.loads(next(files).read_text(encoding="utf-8"))
        for root in settings.roots
    ]
    register = read_register(job.input("register"))
    equation_draws = [
        draw for file in job.inputs.get("equations", []) for draw in json.loads(file.read_text(encoding="utf-8"))
    ]
    by_id = {claim.id: stated(claim) for claim in CLAIMS}
    records = [
        [by_id[record["id"]] | record for record in of_draw] if of_draw and root in settings.kept else of_draw
        for root, of_draw in zip(settings.roots, records, strict=True)
    ]
    first: list[Record] = next((of_draw for of_draw in records if of_draw is not None), [])
    own, own_of_equations = (
        roots.index(settings.own_root) if settings.own_root in roots else None
        for roots in (settings.roots, [draw["root_seed"] for draw in equation_draws])
    )
    without_training = {
        claim["id"]: claim for claim in over_equation_draws(equation_draws, first, own=own_of_equations)
    }
    claims = [without_training.get(claim["id"], claim) for claim in over_draws(records, own=own)]
    found = {
        "configuration": settings.config_name,
        "roots": settings.roots,
        "own_root": settings.own_root,
        "stopped": settings.stopped,
        "kept": settings.kept,
        "draws": by_draw(settings.roots, records),
        "equation_draws": equations_by_draw(equation_draws),
        "made_with": hashes(settings.sizes),
        "preregistration": said_of(register, settings.config_name, settings.sizes, settings.roots, len(equation_draws)),
        "claims": claims,
    }
    write_json(job.output("draws"), found)
    rows = [
        {"claim": claim["id"], **{name: value for name, value in cell.items() if name != "values"}}
        for claim in claims
        for cell in claim["cells"]
    ]
    write_table(job.output("table"), pd.DataFrame(rows))
    theme.apply()
    figure = draws_figure(claims)
    write_figure(figure, job.output("svg"), job.output("png"))
    plt.close(figure)
