"""What would not work on Windows, or in another code page, is in no package. Each of these has been a bug somewhere."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "report", "release", "site_client", "server", "notebook", "demonstrations", "docs_site")
MEASURED_ON_LINUX = ("benchmarks",)
"""They ask Linux for the memory and the time of a process."""
ONLY_POSIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
ONLY_POSIX_CALLS = {"fork", "forkpty", "geteuid", "getuid", "getegid", "getgid", "killpg", "setsid", "mkfifo"}
ONLY_POSIX_NAMES = {"SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2"}
MOVED_BY = "shared/riskset/private_files.py"
"""The one module that moves files: on Windows a reader holds them for a moment."""
NOT_A_FILE = {"os", "archive", "webbrowser"}
"""Whose `open` has no encoding."""


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), parsed(path)


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(tree):
    """Returns (call, its name, what it is called on, keywords) of each call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            is_method = isinstance(node.func, ast.Attribute)
            name = node.func.attr if is_method else getattr(node.func, "id", "")
            on = node.func.value.id if is_method and isinstance(node.func.value, ast.Name) else ""
            yield node, name, on, {keyword.arg: keyword.value for keyword in node.keywords}


def is_text(node, keywords):
    """Whether a file is opened as text, as far as the source says; a mode that it computes is none of ours."""
    modes = [value for value in (*node.args, keywords.get("mode")) if isinstance(value, ast.Constant)]
    return not any(isinstance(mode.value, str) and "b" in mode.value for mode in modes)


def without_encoding(tree):
    for node, name, on, keywords in calls(tree):
        if "encoding" in keywords:
            continue
        if name == "open" and on not in NOT_A_FILE and is_text(node, keywords):
            yield node.lineno
        if (name == "read_text" and not node.args) or (name == "write_text" and len(node.args) < 2):
            yield node.lineno
        if name in ("run", "Popen", "check_output") and {"text", "universal_newlines"} & keywords.keys():
            yield node.lineno


def test_every_text_file_and_pipe_names_its_encoding():
    """Windows would take the code page of the machine: Japanese at one hospital, Korean at the next."""
    found = [
        f"{path}:{line}" for path, tree in sources(*PACKAGES, *MEASURED_ON_LINUX) for line in without_encoding(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "n"),
    [
        ("open('a')", 1),
        ("open('a', encoding='utf-8')", 0),
        ("open('a', 'rb')", 0),
        ("path.open('w')", 1),
        ("os.open('a', 0)", 0),
        ("path.read_text()", 1),
        ("path.write_text('a')", 1),
        ("path.write_text('a', 'utf-8')", 0),
        ("subprocess.run(['a'], text=True)", 1),
        ("subprocess.run(['a'])", 0),
    ],
)
def test_the_rule_of_encodings(source, n):
    assert len(list(without_encoding(ast.parse(source)))) == n


def test_nothing_forks_or_runs_a_shell():
    for path, tree in sources(*PACKAGES, *MEASURED_ON_LINUX):
        for node, name, on, keywords in calls(tree):
            where = f"{path}:{node.lineno}"
            assert "preexec_fn" not in keywords, where
            assert "shell" not in keywords, where
            assert not (on == "os" and (name in ONLY_POSIX_CALLS or name == "system")), where


def test_no_package_needs_what_only_posix_has():
    for path, tree in sources(*PACKAGES):
        for node in ast.walk(tree):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in named} & ONLY_POSIX, f"{path}:{node.lineno}"
            if isinstance(node, ast.Attribute):
                assert node.attr not in ONLY_POSIX_NAMES, f"{path}:{node.lineno}"


def test_files_are_moved_by_one_module():
    for path, tree in sources(*PACKAGES):
        found = [name for _, name, on, _ in calls(tree) if on == "os" and name in ("rename", "replace", "renames")]
        assert not found or path == MOVED_BY, path


def test_no_two_files_differ_only_in_case_or_have_a_name_that_windows_keeps_for_itself():
    kept = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
    for folder in (*PACKAGES, *MEASURED_ON_LINUX, "docs", "tests", "configs"):
        seen = {}
        for path in (ROOT / folder).rglob("*"):
            assert path.name.split(".")[0].lower() not in kept, path
            assert not set(path.name) & set('<>:"|?*\\'), path
            assert not path.name.endswith((" ", ".")), path
            assert seen.setdefault(str(path).lower(), path) == path
