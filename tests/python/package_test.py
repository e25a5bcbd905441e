"""What is installed: versions, the tool, type information."""

import ast
import importlib.metadata
import inspect
import os
import pathlib
import re
import subprocess
import sys

import headrace
import pytest
from headrace import _core

PACKAGE = pathlib.Path(headrace.__file__).parent
ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_versions_agree():
    assert re.fullmatch(r"\d+\.\d+\.\d+", headrace.__version__)
    try:
        assert importlib.metadata.version("headrace") == headrace.__version__
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package is not installed, only built")


def test_the_tool_runs(tool):
    assert tool("--version").out.split()[-1] == headrace.__version__
    module = subprocess.run([sys.executable, "-m", "headrace", "--version"], capture_output=True, text=True)
    assert module.returncode == 0 and headrace.__version__ in module.stdout
    wrong = subprocess.run([sys.executable, "-m", "headrace", "nothing"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "nothing" in wrong.stderr


def test_extras_are_what_the_documents_say():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = re.findall(r'^\| `"\.\[(\w+)\]"` \| .*?(\d[\d.]*) or later \|', (ROOT / "docs/python.md").read_text(), re.M)
    said = {name: version for name, version in rows}
    assert set(said) == set(extras) - {"test"}
    for name, version in said.items():
        assert [entry.split(">=")[1] for entry in extras[name]] == [version], name
    try:
        metadata = importlib.metadata.metadata("headrace")
    except importlib.metadata.PackageNotFoundError:
        return  # built, not installed
    assert set(metadata.get_all("Provides-Extra")) == set(extras)


def test_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()


def test_type_checkers_know_which_names_there_are(tmp_path):
    """As a user's own run has it; scripts/python-test has mypy where the wheel is."""
    pytest.importorskip("mypy", reason="needs mypy")
    lines = {
        "headrace.Loader(dataset='x')": None,
        "headrace.torch.DataLoader('x', batch_size=3)": None,
        "headrace.search.optuna.run": None,
        "headrace.Lodr()": 'Module has no attribute "Lodr"',
        "headrace.torch.DtaLoader('x')": 'Module has no attribute "DtaLoader"',
        "headrace.search.nothing": 'Module has no attribute "nothing"',
        "headrace.ops.rotate(1, angel=3)": 'Unexpected keyword argument "angel"',
        "headrace.Transform(outpt={})": 'Unexpected keyword argument "outpt"',
        "headrace.Loader().next().rmix(patchs=[2])": 'Unexpected keyword argument "patchs"',
    }
    (tmp_path / "use.py").write_text("\n".join(["import headrace", *lines]) + "\n")
    environment = dict(os.environ)
    if PACKAGE.parent.name not in ("site-packages", "dist-packages"):  # installed packages are found, and refused here
        environment["MYPYPATH"] = str(PACKAGE.parent)
    run = subprocess.run([sys.executable, "-m", "mypy", "--follow-imports", "silent", "--hide-error-context",
                          "--no-pretty", "--cache-dir", tmp_path / "cache", "use.py"],
                         cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    said = {}
    for line in run.stdout.splitlines():
        place, _, text = line.partition(": error: ")
        if text:
            said[int(place.split(":")[1])] = text
    for number, (line, wanted) in enumerate(lines.items(), start=2):
        assert (number in said) == (wanted is not None), (line, run.stdout, run.stderr)
        assert wanted is None or wanted in said[number]


def stub():
    return ast.parse((PACKAGE / "_core.pyi").read_text())


def test_the_stub_of_the_extension_has_every_name():
    said = {}
    for node in stub().body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            methods = {m.name: m for m in getattr(node, "body", []) if isinstance(m, ast.FunctionDef)}
            said[node.name] = methods if isinstance(node, ast.ClassDef) else {}
    there = {name for name in vars(_core) if not name.startswith("_")}
    assert set(said) == there
    for name, methods in said.items():
        thing = getattr(_core, name)
        if inspect.isclass(thing):
            public = {m for m in vars(thing) if not m.startswith("_")}
            assert {m for m in methods if not m.startswith("_")} == public, name


def test_dataclasses_have_the_fields_of_the_header():
    """bindings/c/headrace.h grows; what Python shows grows with it."""
    header = (ROOT / "bindings/c/headrace.h").read_text()
    for class_, struct in ((headrace.Stats, "hr_stats"), (headrace.Memory, "hr_memory")):
        body = re.search(rf"typedef struct {struct} \{{(.*?)\}} {struct};", header, re.S).group(1)
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        names = re.findall(r"(\w+)(?:\[\d+\])?;", body)
        fields = [name for name in names if name not in ("struct_size", "reserved")]
        assert list(class_.__dataclass_fields__) == fields


def test_every_status_has_its_exception():
    from headrace import _errors

    header = (ROOT / "bindings/c/headrace.h").read_text()
    body = re.search(r"typedef enum hr_status \{(.*?)\} hr_status;", header, re.S).group(1)
    codes = {int(value): name for name, value in re.findall(r"(HR_\w+) = (\d+)", body)}
    for code, name in codes.items():
        if code in (0, 1, 2):  # not errors
            continue
        error = _errors.from_status(code, "text", sample_id=3)
        assert type(error) is not headrace.HeadraceError, name
        assert (error.code, error.name, error.sample_id, str(error)) == (code, name, 3, "text")


def test_everything_is_exported_documented_and_has_a_docstring():
    text = (ROOT / "docs/python.md").read_text()
    for name in headrace.__all__:
        assert name in text or name in ("ops", "search", "torch", "Transform", "preview"), name
        assert inspect.getdoc(getattr(headrace, name)), name
    for class_ in (headrace.Loader, headrace.Batch):
        for name, member in vars(class_).items():
            if not name.startswith("_"):
                assert inspect.getdoc(member) and f"`{name}" in text, f"{class_.__name__}.{name}"


def test_parts_that_want_other_packages_are_made_at_their_first_use(python):
    result = python(
        """
        import sys
        import headrace
        assert "torch" not in sys.modules and not hasattr(headrace, "nothing") and not hasattr(headrace.search, "nothing")
        for module, name, wanted in ((headrace, "torch", "torch"), (headrace.search, "optuna", "optuna")):
            try:
                made = getattr(module, name)
                assert made.__name__ == f"{module.__name__}.{name}", made
            except ImportError as error:
                assert error.name == wanted, error
        """
    )
    assert (result.code, result.err) == (0, ""), result
