# From tables to verdicts, figures, executed notebooks, the claims page and the paper.

REPORT = "ssl_dynamics.report.stages"


def notebook_file(wildcards):
    return f"workflow/notebooks/{wildcards.notebook}.ipynb"


def figures_in(wildcards):
    names = notebook_figures(Path(notebook_file(wildcards)))
    return [catalogue.FIGURES[name] for name in names]


def shown_in(wildcards):
    """The figures that a notebook shows, and the tables that it reads."""
    figures = figure_files(["png"], figures_in(wildcards), triplets=False)
    return {"figures": figures} | {
        name: tables(name) for name in NOTEBOOKS[wildcards.notebook]
    }


def shown(path, caption, **labels):
    """An output that Snakemake's own report shows, in the category of its first label."""
    return report(RESULTS / path, caption=f"../report/{caption}.rst", **labels)


def figure_rule(group, figures):
    """The figures of one part of the report are drawn by one process."""
    return StageRule(
        name=f"figures_{group}",
        stage=f"{REPORT}.figures:figures",
        settings=configured.figures_settings(figures).model_dump_json(),
        roots=[catalogue.drawing_of(figure) for figure in figures],
        input={name: tables(name) for figure in figures for name in figure.tables},
        output={
            "svg": [
                shown(
                    f"figures/{figure.name}.svg",
                    "figure",
                    category="Figures",
                    subcategory=group.replace("_", " "),
                    labels={
                        "figure": figure.name,
                        "shows": catalogue.caption(figure),
                    },
                )
                for figure in figures
            ],
            "png": [RESULTS / f"figures/{figure.name}.png" for figure in figures],
        },
        provenance=f"figures/{group}",
        message=f"draw the figures of {group.replace('_', ' ')}",
        memory=1500,
    )


def explorer_files():
    """What the explorer shows: forms, items, starts and trained weights of the first data set, in the order of cells."""
    first = next(iter(CONFIG.datasets))
    files = {
        "forms": [
            RESULTS / first / loss / "quadratic_form.npz" for loss in CONFIG.losses
        ]
    }
    items = "labelled" if CONFIG.has_labels(first) else "triplets"
    files[items] = RESULTS / first / f"{items}.npz"
    for experiment, keys in configured.explored(CONFIG).items():
        for name, file in (("schedules", "schedule"), ("trajectories", "trajectories")):
            files[f"{experiment}_{name}"] = [
                RESULTS / dataset / loss / experiment / f"z{z}" / f"{file}.npz"
                for dataset, loss, z in keys
            ]
    return files


def report_rules():
    claims, findings = RESULTS / "claims.json", RESULTS / "findings.json"
    labels = {"figure": "triplets-{dataset}", "shows": "Some triplets"}
    return [
        StageRule(
            name="claims",
            stage=f"{REPORT}.claims:claims",
            settings=of_the_run(configured.verdicts_settings),
            roots=catalogue.claim_roots(),
            input={name: tables(name) for name in catalogue.table_names()},
            output={"claims": claims, "findings": findings},
            provenance="claims",
            message="verdicts on every claim",
        ),
        *(
            figure_rule(group, drawn(figures))
            for group, figures in catalogue.figure_groups().items()
            if drawn(figures)
        ),
        StageRule(
            name="triplet_figure",
            stage="ssl_dynamics.experiments.data.figures:triplet_figure",
            settings="{}",
            input={"triplets": RESULTS / "{dataset}/triplets.npz"},
            output={
                "svg": shown(
                    "figures/triplets-{dataset}.svg",
                    "triplets",
                    category="Figures",
                    subcategory="data",
                    labels=labels,
                ),
                "png": RESULTS / "figures/triplets-{dataset}.png",
            },
            provenance="figures/triplets-{dataset}",
            message="draw some triplets of {wildcards.dataset}",
            memory=1500,
        ),
        StageRule(
            name="notebook",
            stage=f"{REPORT}.notebook:notebook",
            settings=lambda wildcards: configured.notebook_settings(
                RUNS[wildcards.run],
                notebook_file(wildcards),
                notebooks(),
                figures_in(wildcards),
            ).model_dump_json(),
            # What the cells import counts as well as the stage; the notebook itself is an input.
            roots=lambda wildcards: notebook_imports(Path(notebook_file(wildcards))),
            unpacked=[unpack(shown_in)],
            input={
                "notebook": notebook_file,
                "template": "workflow/page/notebook.html.j2",
                "style": "workflow/page/notebook.css",
                "claims": claims,
                "findings": findings,
            },
            output={
                "notebook": RESULTS / "notebooks/{notebook}.ipynb",
                "page": RESULTS / "notebooks/{notebook}.html",
            },
            provenance="notebooks/{notebook}",
            message="execute notebook {wildcards.notebook}",
            memory=1500,
        ),
        StageRule(
            name="page",
            stage=f"{REPORT}.page:page",
            settings=of_the_run(
                lambda run: configured.page_settings(
                    run, verifiable=numbers_are_shipped(run)
                )
            ),
            input={
                "claims": claims,
                "findings": findings,
                "figures": figure_files(["svg", "png"]),
                "template": "workflow/page/report.html.j2",
                "style": "workflow/page/report.css",
                "script": "workflow/page/report.js",
                "environment": "environment.yml",
                "over_draws": shipped_draws(),
            },
            output={
                "page": shown(
                    "report.html",
                    "page",
                    category="Claims",
                    labels={"document": "claims page"},
                )
            },
            provenance="report",
            log="page",
            message="the claims page",
        ),
        StageRule(
            name="explorer",
            stage=f"{REPORT}.explorer:explorer",
            settings=of_the_run(configured.explorer_settings),
            input={
                **explorer_files(),
                "template": "workflow/page/explorer.html.j2",
                "style": "workflow/page/explorer.css",
                "solver": "workflow/page/closed_forms.js",
                "script": "workflow/page/explorer.js",
            },
            output={
                "page": shown(
                    "explorer.html",
                    "explorer",
                    category="Claims",
                    labels={"document": "explorer of the closed forms"},
                )
            },
            provenance="explorer",
            message="the explorer of the closed forms",
        ),
        # Its text names no number: it reads them from what is listed here.
        StageRule(
            name="paper",
            stage=f"{REPORT}.paper:paper",
            settings=of_the_run(
                lambda run: configured.paper_settings(run, quadratic_forms())
            ),
            roots=catalogue.claim_roots(),
            input={
                "main": "paper/paper.typ",
                "sources": paper_sources(),
                "claims": claims,
                "figures": figure_files(["svg"], catalogue.paper_figures(), False),
                "forms": [
                    RESULTS / dataset / loss / "quadratic_form.npz"
                    for dataset, loss in quadratic_forms()
                ],
                "tables": collected_tables(),
                "over_draws": shipped_draws(),
            },
            output={
                "pdf": shown(
                    "paper.pdf",
                    "paper",
                    category="Claims",
                    labels={"document": "paper"},
                )
            },
            provenance="paper",
            message="typeset the paper",
        ),
    ]


def draws_rules():
    """Of the draws of a configuration; none where the configuration has been given another root seed, and is a draw."""
    if not DRAWS:
        return []
    folder = folder_of(CONFIG)
    parts = chunks(EQUATION_ROOTS)
    data = [path for name in CONFIG.datasets for path in own_files(name)]
    return [
        StageRule(
            name="equations",
            stage=f"{REPORT}.equations:equations",
            settings=lambda wildcards: configured.equations_settings(
                CONFIG, parts[int(wildcards.chunk)]
            ).model_dump_json(),
            roots=equations.code_roots(CONFIG),
            input={"data": data},
            output={"equations": folder / "equations/{chunk}.json"},
            provenance="equations/{chunk}",
            folder=folder,
            message="draws of the equations, part {wildcards.chunk}",
            memory=3000,
            minutes=240,
            group=None,
        ),
        StageRule(
            name="draws",
            stage=f"{REPORT}.draws:draws",
            settings=configured.draws_settings(
                CONFIG,
                [draw.root_seed for draw in DRAWS],
                stopped=TOLD[STOPPED],
                kept=TOLD[KEPT],
            ).model_dump_json(),
            roots=catalogue.claim_roots(),
            input={
                "claims": [
                    claims_of_draw(draw)
                    for draw in DRAWS
                    if draw.root_seed not in TOLD[STOPPED]
                ],
                "equations": [
                    folder / f"equations/{part}.json" for part in range(len(parts))
                ],
                "register": "src/ssl_dynamics/claims/preregistered.yaml",
            },
            output={
                "draws": folder / "draws.json",
                "table": folder / "draws.csv",
                "svg": folder / "figures/draws.svg",
                "png": folder / "figures/draws.png",
            },
            provenance="draws",
            folder=folder,
            message="what holds for the next draw",
            memory=1500,
            group=None,
        ),
    ]
