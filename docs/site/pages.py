"""Pages of the site that are made from the code."""
import ast
import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess

import schema

MADE = "<!-- Made by docs/site/pages.py. -->\n\n"


def output_of(*command):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise SystemExit(f"pages: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()


def command_line(headrace: pathlib.Path) -> str:
    """`headrace --help` and that of every command."""
    overview = output_of(headrace, "--help")
    commands = re.findall(r"^  (\w+) +\S", overview.partition("Commands:")[2].partition("\n\n")[0], re.M)
    if len(commands) < 8:
        raise SystemExit("pages: headrace --help lists no commands any more")
    lines = [MADE + "# Command line", "", "What `--help` says, command by command. "
             "[Getting started](../getting-started-cli.md) shows them at work.", "", "```text", overview, "```", ""]
    for command in commands:
        text = output_of(headrace, command, "--help")
        lines += [f"## {command}", "", "```text", text, "```", ""]
    return "\n".join(lines)


def key_rows(keys, name="key"):
    rows = [f"| {name} | default | takes | |", "|---|---|---|---|"]
    for key in keys:
        cells = [f"`{key['key']}`", schema.default_of(key), schema.takes_of(key), key.get("doc", "")]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*rows, ""]


def configuration(library: pathlib.Path) -> str:
    """Every key of every table, every op and every mix with its parameters."""
    found = schema.schema_of(library)
    lines = [MADE + "# Every key", "", "All keys as the library knows them. [Configuration](../config.md) and "
             "[Ops](../ops.md) say more about what they do.", ""]
    for table in found["tables"]:
        lines += [f"## [{table['table']}]", "", *key_rows(table["keys"])]
    lines += ["## [[augment]]", "", "Keys that every entry may have:", "", *key_rows(found["op_keys"])]
    for op in found["ops"]:
        lines += [f"### {op['op']}", "", op.get("doc", ""), ""]
        lines += [f"`p` is {op['p']:g} by default." + (" Takes `remap`." if op.get("flip") else ""), ""]
        if op["params"]:
            lines += key_rows(op["params"], "parameter")
    lines += ["## [[mix]]", "", "Keys that every entry may have:", "", *key_rows(found["mix_keys"])]
    for mix in found["mix"]:
        lines += [f"### {mix['op']}", "", mix.get("doc", ""), ""]
        if mix["params"]:
            lines += key_rows(mix["params"], "parameter")
    return "\n".join(lines)


def decisions(folder: pathlib.Path) -> str:
    """Their list, by number."""
    lines = [MADE + "# Decisions", "", "Why things are as they are: question, choices, decision, what would change it.", ""]
    for path in sorted(folder.glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join([*lines, ""])


def picture_script(path: pathlib.Path):
    loader = importlib.machinery.SourceFileLoader("op_pictures", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("op_pictures", loader))
    loader.exec_module(module)
    return module


def gallery(script: pathlib.Path, pictures: pathlib.Path) -> str:
    """Every op and mix with its picture, and the entry that made it."""
    known = picture_script(script)
    lines = [MADE + "# Ops in pictures", "", "The left column is the picture before the op, the other two are two draws of it. "
             "Each was made by this very version, with the entry beside it.", ""]
    for op, parameters in known.PARAMETERS.items():
        if not (pictures / f"{op}.jpg").exists():
            continue
        entry = [f'op = "{op}"', *known.split_parameters(parameters)]
        lines += [f"## [{op}](../ops.md#{op})", "", f"![{op}: before, and two draws](../pictures/{op}.jpg)", "",
                  "```toml", "[[augment]]", *[line for line in entry if line], "```", ""]
    lines += ["## Mixes", "", "Batches of six: each picture, what was made of it, and its labels.", ""]
    for mix, text in known.SHEETS.items():
        if (pictures / f"{mix}.jpg").exists():
            lines += [f"### {mix}", "", f"![{mix}](../pictures/{mix}.jpg)", "", "```toml", text.strip(), "```", ""]
    return "\n".join(lines)


def public_names(module: pathlib.Path):
    """`__all__`, by reading: nothing is imported. None: it is put together by code."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            try:
                return [name for name in ast.literal_eval(node.value) if not name.startswith("_")]
            except ValueError:
                return None
    return []


def python(package: pathlib.Path) -> str:
    """mkdocstrings' directives for what the package and its subpackages export."""
    lines = [MADE + "# Python", "", "Made from the package's own docstrings. "
             "[Getting started](../getting-started-python.md) shows it at work.", ""]
    if not package.exists():
        return "\n".join([*lines, "The package is not in this version."])
    for module in [package / "__init__.py", *sorted(package.glob("*/__init__.py"))]:
        names = public_names(module)
        dotted = ".".join(module.parent.relative_to(package.parent).parts)
        if names is None:  # the module as a whole, as its source and stubs have it
            lines += [f"::: {dotted}", ""]
        else:
            names = [name for name in names if not (module.parent / name / "__init__.py").exists()]
            lines += [line for name in names for line in (f"::: {dotted}.{name}", "")]
    return "\n".join(lines)
