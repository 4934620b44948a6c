"""What holds for the next draw, as printed at the end of `make draws`."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from ssl_dynamics.analysis import least_probability
from ssl_dynamics.engine.console import console_of
from ssl_dynamics.report.formatting import (
    AVERAGE,
    FAILS,
    NEXT,
    OPEN,
    OVER_DRAWS,
    Record,
    criterion,
    draws_in_words,
    in_words,
    next_draw,
    number,
    verdict_word,
)

_SHOWN = {  # in a narrow column
    NEXT: Text("next draw", style="green"),
    AVERAGE: Text("average", style="cyan"),
    OPEN: Text(OPEN, style="bold yellow"),
    FAILS: Text(FAILS, style="bold red"),
}


def print_draws(found: Record) -> None:
    """Print what a draws.json holds: every claim in its worst cell, and how many have which verdict."""
    claims = found["claims"]
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{found['configuration']}, {draws_in_words(found)}: the worst cell of each claim; "
        f"{in_words(found['preregistration'])}",
        title_style="",
        padding=(0, 1, 0, 0),
    )
    for header in ("claim", "mean, or worst", "the next draw", "criterion", "holds in", "P ≥", "over draws"):
        table.add_column(header, no_wrap=True)
    for claim in claims:
        table.add_row(
            claim["id"],
            number(claim["worst"] if claim["mean"] is None else claim["mean"]),
            Text(next_draw(claim)),
            Text(criterion(claim)),
            f"{claim['passes']} of {claim['draws']}",
            f"{claim['least_probability']:.2f}",
            _SHOWN[claim["verdict"]],
        )
    console_of(120).print(table)
    whole = [draw for draw in found["draws"] if draw["below"] == {}]
    for draw in found["draws"]:
        if draw not in whole:
            print(f"root seed {draw['root_seed']}: {below(draw)}")
    print(f"every claim {_held(found['draws'], found['own_root'])}")
    if equations := found["equation_draws"]:
        print(f"every claim that needs no training {_held(equations, found['own_root'])}")
    for verdict in reversed(OVER_DRAWS):
        named = [claim["id"] for claim in claims if claim["verdict"] == verdict]
        if named:
            print(
                f"{verdict}: {len(named)} of {len(claims)} claims"
                + (f", {', '.join(named)}" if verdict != NEXT else "")
            )


def _held(draws: Sequence[Record], own_root: int) -> str:
    """In how many draws all hold, with what the fresh ones, of other root seeds than the own one, say of the next."""
    holds = [draw["below"] == {} for draw in draws]
    fresh = [held for held, draw in zip(holds, draws, strict=True) if draw["root_seed"] != own_root]
    least = least_probability(sum(fresh), len(fresh))
    return f"holds in {sum(holds)} of {len(holds)} draws, P ≥ {least:.2f} by the {len(fresh)} fresh ones"


def below(draw: Record) -> str:
    """What does not hold in a draw."""
    if draw["below"] is None:
        return "stopped"
    return ", ".join(f"{name} ({verdict_word(verdict)})" for name, verdict in draw["below"].items())
