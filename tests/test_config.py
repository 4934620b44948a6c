import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ssl_dynamics.catalogue import EXPERIMENTS, stages
from ssl_dynamics.config import config_schema, parse_config
from ssl_dynamics.config_file import load_config
from ssl_dynamics.errors import ConfigError
from ssl_dynamics.preflight import check_data

TOP = Path(__file__).parents[1]
SHIPPED = sorted((TOP / "config").glob("*.yaml"))


MIXTURE = {
    "source": "gaussian-mixture",
    "dimension": 5,
    "components": 2,
    "separation": 1.0,
    "decay": 0.5,
    "items": 9,
    "test_items": 9,
    "triplets": 9,
    "augmentations": [],
}


def quick():
    return yaml.safe_load((TOP / "config/quick.yaml").read_text())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_configurations_are_valid_and_named_after_their_files(path):
    assert load_config(path).name == path.stem


def test_schema_on_disk_is_the_one_of_the_types():
    assert (TOP / "workflow/schemas/config.schema.json").read_text(encoding="utf-8") == config_schema()


def changed(key, value):
    config = quick()
    if key == "datasets":  # leave out what names data sets that are no more
        for name in ("points", *(name for name, experiment in EXPERIMENTS.items() if experiment.on_points)):
            config.pop(name, None)
    *parents, last = key.split(".")
    place = config
    for parent in parents:
        place = place[int(parent)] if isinstance(place, list) else place[parent]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return config


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("seeds", 1, "seeds: 1 is not allowed: input should be greater than or equal to 2"),
        ("seeds", "many", "seeds: 'many' is not allowed: input should be a valid integer"),
        ("name", "My Run", "name: 'My Run' is not allowed: string should match pattern"),
        (
            "losses.0",
            "triplet",
            "losses.0: 'triplet' is not allowed: input should be 'contrastive' or 'non-contrastive'",
        ),
        ("losses", [], r"losses: \[\] is not allowed: list should have at least 1 item"),
        ("dimensions", [2, 2], r"dimensions: \[2, 2\] is not allowed: must not repeat a value"),
        ("dimensions", [1], r"dimensions: \[1\] is not allowed: must hold a dimension of at least 2"),
        ("dimensions.0", 0, "dimensions.0: 0 is not allowed: input should be greater than 0"),
        ("colour", "red", "colour: 'red': unknown key; those allowed are in"),
        ("unconstrained.speed", 3, "unconstrained.speed: 3: unknown key"),
        ("grassmannian.levels", 4, "grassmannian.levels: 4 is not allowed: .* greater than or equal to 5"),
        ("grassmannian.finest_step", float("nan"), "grassmannian.finest_step: nan is not allowed"),
        ("datasets.digits.source", "cifar", "datasets.digits: .* is not allowed: input tag 'cifar'"),
        ("datasets", {}, r"datasets: \{\} is not allowed"),
        ("datasets.digits.triplets", 1, "datasets.digits.triplets: 1 is not allowed"),
        ("datasets.digits.augmentations.0.pixels", 0, "datasets.digits.augmentations.0.pixels: 0 is not"),
        ("datasets.digits.center", "no", "datasets.digits.center: 'no' is not allowed"),
        ("root_seed", True, "root_seed: True is not allowed: input should be a valid integer"),
        ("dimensions.0", 2.0, "dimensions.0: 2.0 is not allowed"),
        ("overrides", {"mnist": {}}, r"overrides names \['mnist'\], which are no data sets"),
    ],
)
def test_wrong_values_give_one_line_with_key_value_and_what_is_allowed(key, value, message):
    with pytest.raises(ConfigError, match=f"^here: {message}") as caught:
        parse_config(changed(key, value), "here")
    assert "\n" not in str(caught.value)


def test_missing_keys_are_named():
    config = quick()
    del config["seeds"]
    with pytest.raises(ConfigError, match=r"^here: seeds: missing; it is required$"):
        parse_config(config, "here")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("dimensions", [2, 64], r"datasets\.digits: items of dimension 64; expected more than z = 64"),
        (
            "datasets",
            {"mixture": {**MIXTURE, "augmentations": [{"kind": "shift", "pixels": 1}]}},
            r"datasets\.mixture: augmentation 'shift' needs images",
        ),
        ("datasets", {"mixture": {**MIXTURE, "items": 1}}, r"datasets\.mixture: the train part has 1 items"),
    ],
)
def test_what_the_data_cannot_do_stops_before_any_job(key, value, message):
    with pytest.raises(ConfigError, match=f"^here: {message}"):
        check_data(parse_config(changed(key, value), "here"), "here")


def test_missing_data_file_stops_before_any_job():
    config = changed("datasets", {"mine": {"source": "npz", "path": "no.npz", "triplets": 9, "augmentations": []}})
    with pytest.raises(ConfigError, match=r"^here: datasets\.mine: no\.npz: No such file.*expected an \.npz file"):
        check_data(parse_config(config, "here"), "here")


def tiny_all():
    return yaml.safe_load((TOP / "tests/config/tiny-all.yaml").read_text())


def numbers(value, *key):
    """The keys of every number in a configuration, and the number."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers(part, *key, name)
    elif not isinstance(value, str):
        yield key, value


def with_value(value, key):
    config = tiny_all()
    place = config
    for name in key[:-1]:
        place = place[name]
    place[key[-1]] = value
    return config


WITH_TRIPLETS = [name for name, of in EXPERIMENTS.items() if of.settings and "triplets" in of.settings.model_fields]


@pytest.mark.parametrize("key", ["points", *WITH_TRIPLETS])
def test_more_triplets_than_there_are_stop_before_any_job(key):
    config = tiny_all()
    there = config["points" if key in ("constrained_nets", "output_layer") else "datasets"]
    there = there["triplets"] if "triplets" in there else there["mixture"]["triplets"]
    config[key]["triplets"] = there
    if key != "points":
        check_data(parse_config(config, "here"), "here")
    config[key]["triplets"] = there + 1
    with pytest.raises(
        ConfigError, match=rf"^here: {key}\.triplets is {there + 1}; datasets\.mixture has {there} triplets of "
    ):
        check_data(parse_config(config, "here"), "here")


def test_every_experiment_on_some_triplets_is_tried():
    assert {"kernel", "objectives", "edge_of_stability", "spectral_contrastive"} <= {*WITH_TRIPLETS}
    assert {"constrained_nets", "output_layer"} <= {*WITH_TRIPLETS}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "many"], ids=str)
def test_no_number_of_any_experiment_may_be_other_than_a_finite_one_that_makes_sense(value):
    keys = [key for key, _ in numbers(tiny_all())]
    assert len(keys) > 100
    for key in keys:
        with pytest.raises(ConfigError) as caught:
            parse_config(with_value(value, key), "here")
        assert "\n" not in str(caught.value)
        assert str(key[-1]) in str(caught.value)


@pytest.mark.parametrize("value", [10**9, 10**400, 1e300], ids=["count", "beyond float64", "float"])
def test_no_number_but_the_seed_may_be_huge(value):
    for key in [key for key, _ in numbers(tiny_all()) if key != ("root_seed",)]:
        with pytest.raises(ConfigError) as caught:
            parse_config(with_value(value, key), "here")
        assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"^here: grassmannian\.transient: .* should be at most 100000000$"):
        parse_config(with_value(10**9, ("grassmannian", "transient")), "here")
    assert parse_config(with_value(10**30, ("root_seed",)), "here").root_seed == 10**30


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"items": 10**8, "dimension": 10**5}, "items"), ({"dimension": 10**7, "items": 2}, "items")],
)
def test_data_larger_than_the_memory_stop_before_any_job(changes, what):
    config = changed("datasets", {"mixture": MIXTURE | changes})
    with pytest.raises(
        ConfigError, match=rf"^here: datasets\.mixture: {what} take \d+ GiB of memory; this machine has"
    ):
        check_data(parse_config(config, "here"), "here")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- name\n", "holds no keys; expected"),
        (b"quick\n", "holds no keys; expected"),
        (b"\x80\x81\xff", "not UTF-8 text; expected"),
        (b"\x00\x01", "not YAML: "),
        (b"root_seed: " + 5000 * b"9", "not YAML: Exceeds the limit"),
        (b"[" * 5000, "not YAML: maximum recursion depth"),
        (b"2026-02-30: x", "not YAML: day is out of range"),
        (b"2026-02-20: x", "keys must be str"),
        (b"a: &a {b: *a}", "more than 100,000 values, or one that holds itself"),
        (b"? [a]\n: b", "not YAML: "),
        (b"name: !!python/object/apply:os.system [true]", "not YAML: "),
    ],
)
def test_files_of_any_bytes_are_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory; expected a configuration file"):
        load_config(tmp_path)


def written(tmp_path, values):
    path = tmp_path / f"{values['name']}.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def test_no_configuration_and_no_data_set_bears_a_name_by_which_files_are_found(tmp_path):
    """A table is known by the folder of its experiment on its path, other files by the folders of a run."""
    made = {path.partition("/")[0] for _, stage in stages() for path in stage.writes.values()} - {"{dataset}"}
    experiments = {name for name in EXPERIMENTS if "_" not in name}  # an underscore no name has
    assert {"grassmannian", "drift"} <= experiments
    for name in sorted({"benchmarks", "figures", "logs", "notebooks"} | made | experiments):
        named = written(tmp_path, quick() | {"name": name})
        with pytest.raises(ConfigError, match=rf"^{named}: name: '{name}' is not allowed: .*; choose another name$"):
            load_config(named)
        of_data = written(tmp_path, quick() | {"name": "mine", "datasets": quick()["datasets"] | {name: MIXTURE}})
        with pytest.raises(ConfigError, match=rf"^{of_data}: datasets\.{name}: '{name}' is not allowed: "):
            load_config(of_data)


def run_cli(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ssl_dynamics.cli", *arguments],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory; expected a configuration file"),
        ("", "holds no keys; expected a configuration"),
        ("a: [", "not YAML: "),
        ("name: x\nname: y", "not YAML: line 1: repeated keys: name"),
        ("name: x", "root_seed: missing"),
    ],
)
def test_command_line_answers_wrong_files_without_a_traceback(tmp_path, content, message):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_text(content)
    result = run_cli("run", str(path), "--cores", "1")
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.startswith(str(path))
    assert "Traceback" not in result.stderr


def test_configuration_whose_name_is_not_its_file_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text((TOP / "config/quick.yaml").read_text())
    result = run_cli("run", str(path), "--cores", "1")
    assert result.returncode == 2
    assert result.stderr == f"{path}: name: 'quick' is not allowed: it must be the name of the file, 'mine'\n"
