import importlib.util
import re
from pathlib import Path

import yaml

TOP = Path(__file__).parents[1]


def lock_script():
    spec = importlib.util.spec_from_file_location("lock", TOP / "scripts/lock.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name):
    return (TOP / name).read_text(encoding="utf-8")


def direct_dependencies():
    lines = (line.split("#")[0].strip() for line in read("requirements.in").splitlines())
    return {re.split(r"[<>=]", line)[0].strip().lower() for line in lines if line}


def pins():
    return dict(pin.split("==") for pin in lock_script().pins(read("requirements.lock")))


def test_lock_is_plain_pins():
    for pin in lock_script().pins(read("requirements.lock")):
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.]*", pin), pin


def test_torch_is_pinned_to_one_version():
    assert "torch==2.13.0" in read("requirements.in").splitlines()
    assert pins()["torch"] == "2.13.0"


def test_lock_pins_every_direct_dependency():
    assert direct_dependencies() <= set(pins())


def test_conda_environment_has_the_pins_of_the_lock():
    assert read("environment.yml") == lock_script().environment(read("requirements.lock"))
    dependencies = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert dependencies[-1]["pip"] == lock_script().pins(read("requirements.lock"))


def test_table_gives_the_reason_for_every_direct_dependency():
    table = {match.lower() for match in re.findall(r"`([\w.-]+)`", read("docs/dependencies.md"))}
    assert direct_dependencies() <= table
