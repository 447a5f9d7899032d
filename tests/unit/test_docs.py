"""The documentation names what there is: commands, settings, columns, public names."""

import re
import tomllib
from dataclasses import fields

import pytest
import typer
from tests.conftest import ROOT

import claqueur
from claqueur import model
from claqueur.cli import app
from claqueur.settings import Compat, Grouping, Reading, Scale, Targets

DOCS = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md")}
PARTS = app.registered_groups
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_documented():
    parts = {"": app, **{part.typer_instance.info.name: part.typer_instance for part in PARTS}}
    commands = {
        f"{name} {command.name or command.callback.__name__}".strip()
        for name, part in parts.items()
        for command in part.registered_commands
    }
    words = rf"(?:(?:{'|'.join(filter(None, parts))}) )?\w+"
    documented = re.findall(rf"^\| `claqueur ({words})", DOCS["commands.md"], re.MULTILINE)
    assert sorted(documented) == sorted(commands)


def test_every_flag_of_a_part_is_documented():
    for part in PARTS:
        for command in typer.main.get_command(part.typer_instance).commands.values():
            for flag in (flag for entry in command.params for flag in entry.opts):
                if flag.startswith("--"):
                    row = f"| `{part.typer_instance.info.name} {command.name}` | `{flag}` |"
                    assert row in DOCS["commands.md"], row


def test_every_setting_is_documented():
    for cls in (Compat, Grouping, Reading, Scale, Targets):
        for entry in fields(cls):
            assert f"`--{entry.name.replace('_', '-')}`" in DOCS["commands.md"], entry.name


def test_every_column_of_results_is_documented():
    columns = {name for table in (model.PAIRS, model.ACCOUNTS, model.GROUPS) for name in table}
    for name in columns - {"layer", "account_id", "group_id"}:
        assert name in DOCS["output.md"], name


def test_every_key_of_answers_is_documented():
    from claqueur.directive.curve import EFFECT
    from claqueur.directive.finding import Finding

    part = DOCS["output.md"].partition("**`directive.json`**")[2]
    for name in (*(entry.name for entry in fields(Finding)), *EFFECT):
        assert f"`{name}`" in part, name


@pytest.mark.parametrize("name", sorted([*DOCS, "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]))
def test_links_lead_somewhere(name):
    folder = ROOT / "docs" if name in DOCS else ROOT
    text = DOCS.get(name) or (folder / name).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not link.startswith("https://"):
            assert (folder / link).exists(), link


def test_public_names_resolve_and_are_documented():
    assert sorted(claqueur.__all__) == claqueur.__all__
    for name in claqueur.__all__:
        assert getattr(claqueur, name).__doc__ if name != "__version__" else claqueur.__version__


def test_functions_stay_functions_once_everything_is_loaded():
    import claqueur.pipeline
    import claqueur.simulation

    assert callable(claqueur.detect)
    assert callable(claqueur.simulate)


def test_readme_example_runs(tmp_path, monkeypatch):
    from tests.conftest import lockstep_table

    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    lockstep_table().write_csv("likes.csv")
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "timeline.svg").stat().st_size > 1000
    assert (tmp_path / "out" / "report.html").exists()


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {claqueur.__version__}" in citation
    assert f"## {claqueur.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_pin_every_dependency_and_name_no_address():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in pinned)
    names = {line.split("==")[0].lower().replace("_", "-") for line in pinned}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    for extra in ("spark", "timestamp", "tone"):
        wanted += project["project"]["optional-dependencies"][extra]
    for requirement in wanted:
        assert re.match(r"[A-Za-z0-9-]+", requirement)[0].lower() in names


def test_every_chart_and_public_function_is_in_the_python_page():
    from claqueur.publish.charts import charts

    for name in (*charts(), *claqueur.__all__):
        if not name.endswith("Error") and name != "__version__":
            assert f"`{name}`" in DOCS["python.md"], name
