"""Makes the data of the notebooks, runs them and compares what they show.

usage: notebooks.py WORK [--update] [NOTEBOOK...]

WORK/bin holds the program. Data and kernels live in WORK/notebooks, a copy of
what stands beside the notebooks; the tree is written to only with --update.
Text must be the same to the letter. A figure may differ in a thousandth of its
pixels, so that another processor's last bit does not count.
"""

import base64
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import nbformat
import numpy
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

TREE = pathlib.Path(__file__).resolve().parent.parent / "notebooks"
LIMIT = 60  # seconds for a notebook, given its data
LARGEST = 200_000  # bytes of a notebook with its outputs


def commands(notebook, name):
    """The shell commands in the first cell, which make the data."""
    found = re.findall(r"```sh\n(.*?)```", notebook.cells[0].source, re.DOTALL)
    if notebook.cells[0].cell_type != "markdown" or not found:
        raise SystemExit(f"{name}: its first cell does not name the command that made its data")
    return "".join(found)


def stray(notebook, name):
    """The blocks of Go that a notebook shows and the tree does not hold, as lines of text."""
    code = "\0".join(path.read_text() for path in TREE.parent.rglob("*.go"))
    shown = [block for cell in notebook.cells if cell.cell_type == "markdown"
             for block in re.findall(r"```go\n(.*?)```", cell.source, re.DOTALL)]
    return [f"{name}: no Go file holds what it shows:\n{block}" for block in shown if block not in code]


def make_data(notebook, name, work):
    """Let the program write what the notebook reads."""
    environment = dict(os.environ, PATH=f"{work / 'bin'}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(["bash", "-euc", commands(notebook, name)], cwd=work / "notebooks", env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: its data could not be made:\n{done.stdout}")


def plain(notebook):
    """The notebook without what differs from one run to the next."""
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = output.data["image/png"].strip() + "\n"
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def pixels(png):
    return numpy.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(int)


def same_figure(a, b):
    a, b = pixels(a), pixels(b)
    return a.shape == b.shape and (abs(a - b).max(axis=2) > 8).mean() <= 0.001


def text(output):
    """What an output says in words, or None."""
    if output.output_type == "stream":
        return f"{output.name}: {output.text}"
    return output.get("data", {}).get("text/plain")


def difference(stored, shown):
    """Why two lists of outputs differ, or None."""
    if len(stored) != len(shown):
        return f"{len(shown)} outputs instead of {len(stored)}"
    for a, b in zip(stored, shown):
        if a.output_type != b.output_type or sorted(a.get("data", {})) != sorted(b.get("data", {})):
            return "an output of another kind"
        if "image/png" in a.get("data", {}):
            if not same_figure(a.data["image/png"], b.data["image/png"]):
                return "the figure has changed"
        elif text(a) != text(b):
            return f"stored:\n{text(a)}\nnow:\n{text(b)}"
        elif a.get("data", {}).get("text/html") != b.get("data", {}).get("text/html"):
            return "the table looks different"
    return None


def check(path, work, update):
    """What is wrong with a notebook, as lines of text."""
    name = path.name
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    began = time.monotonic()
    make_data(stored, name, work)
    data = time.monotonic() - began
    shown = nbformat.from_dict(stored)
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    began = time.monotonic()
    client = NotebookClient(shown, timeout=2 * LIMIT, kernel_name="python3",
                            record_timing=False, coalesce_streams=True, resources={"metadata": {"path": str(work / "notebooks")}})
    try:
        client.execute()
    except CellExecutionError as error:
        return [f"{name}: {error}"]
    took = time.monotonic() - began
    plain(shown)
    print(f"{name}: data {data:.0f} s, notebook {took:.0f} s", flush=True)
    wrong = stray(shown, name)
    if took > LIMIT:
        wrong.append(f"{name}: took {took:.0f} s of at most {LIMIT} s")
    size = len(nbformat.writes(shown).encode())
    if size > LARGEST:
        wrong.append(f"{name}: {size} bytes of at most {LARGEST}")
    for cell in shown.cells:
        if any(output.output_type == "stream" and output.name == "stderr" for output in cell.get("outputs", [])):
            wrong.append(f"{name}, {cell.id}: writes to standard error:\n{cell.outputs}")
    if update:
        nbformat.write(shown, path)
        return wrong
    for number, (a, b) in enumerate(zip(stored.cells, shown.cells), 1):
        if a.cell_type == "code" and (why := difference(a.outputs, b.outputs)):
            wrong.append(f"{name}, cell {number} does not show what is stored: {why}")
    return wrong


def main(work, arguments):
    work = work.resolve()
    update = "--update" in arguments
    wanted = [argument for argument in arguments if argument != "--update"]
    paths = sorted(TREE.glob("*.ipynb"))
    unknown = set(wanted) - {path.name for path in paths}
    if unknown:
        raise SystemExit(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(path.name for path in paths)}")
    shutil.copytree(TREE, work / "notebooks", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.ipynb", "results", "venv", ".*"))
    # kernels find their own packages, and no settings of whoever runs this
    os.environ.update(HOME=str(work), IPYTHONDIR=str(work / "ipython"), MPLCONFIGDIR=str(work / "matplotlib"),
                      JUPYTER_PREFER_ENV_PATH="1", COLUMNS="120")
    wrong = []
    for path in paths:
        if not wanted or path.name in wanted:
            wrong += check(path, work, update)
    for line in wrong:
        print(line)
    if wrong and not update:
        print("If that is meant, store it and look at it: bash .ci/notebooks --update")
    sys.exit(1 if wrong else 0)


main(pathlib.Path(sys.argv[1]), sys.argv[2:])
