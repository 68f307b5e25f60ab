"""Every problem, warning and refusal that a hospital's commands can show has a page (riskset.error_pages).

The modules that those commands import are read, and in them every error, problem and complaint that is made with a code
of the catalogue: written out, chosen between two, handed to or returned by a function of the same module.
"""

import ast
from functools import cache
from pathlib import Path

from riskset.catalogue import catalogue
from riskset.error_pages import codes, page_name

ROOT = Path(__file__).parents[2]
PACKAGES = {"riskset": "shared", "riskset_site": "site_client", "riskset_release": "release"}
MESSAGE_AT = {
    "RisksetError": 0, "DataError": 0, "ProtocolError": 0, "VerificationError": 0, "Unreachable": 0, "Refused": 1,
    "Problem": 1, "Complaint": 1, "complain": 0, "BadParameter": 0, "NotToml": 0, "Fault": 0,
}  # fmt: skip
"""Which argument of what a person is shown is the message; of a Fault, its code under `data.fault`."""
NAMED_ONLY = "data."
"""Of what the data and the site file can do wrong, each code is listed by name."""


def module_file(name):
    root = PACKAGES.get(name.partition(".")[0])
    path = ROOT / root / Path(*name.split(".")) if root else None
    files = [path.with_suffix(".py"), path / "__init__.py"] if path else []
    return next((file for file in files if file.is_file()), None)


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


@cache
def modules_of_a_site():
    """Returns the trees of all modules of the hospital's package, and of those that they import, by file."""
    own = ROOT / PACKAGES["riskset_site"]
    waiting = [".".join(file.relative_to(own).with_suffix("").parts) for file in own.rglob("*.py")]
    found = {}
    while waiting:
        file = module_file(waiting.pop())
        if file is not None and file not in found:
            found[file] = ast.parse(file.read_text(encoding="utf-8"))
            waiting += imported(found[file])
    return found


def called(node):
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


@cache
def message_at():
    """Returns which argument is the message, also of the errors that inherit from those above: `super().__init__` in
    one of them has it where they have it."""
    found = dict(MESSAGE_AT)
    classes = [
        node for tree in modules_of_a_site().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ]
    for _ in range(3):  # as deep as the tree of errors is
        for node in classes:
            bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in found]
            if bases:
                found.setdefault(node.name, found[bases[0]])
    return found | {"__init__": 0}


class Module:
    """What the functions of one module assign, return and are given."""

    def __init__(self, tree, message_at):
        self.message_at = message_at
        self.nodes = list(ast.walk(tree))
        self.functions = {node.name: node for node in self.nodes if isinstance(node, ast.FunctionDef)}
        self.calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        self.calls_of = {}
        for call in self.calls:
            self.calls_of.setdefault(called(call), []).append(call)
        self.inside = {id(node): function for function in self._functions() for node in ast.walk(function)}
        self.assigned = {}
        for node in self.nodes:
            for target, value in self._assignments(node):
                self.assigned.setdefault((self.inside.get(id(node)), target), []).append(value)

    def _functions(self):
        """Returns all functions, those inside others after them."""
        return [node for node in self.nodes if isinstance(node, ast.FunctionDef)]

    @staticmethod
    def _assignments(node):
        if isinstance(node, ast.NamedExpr):
            yield node.target.id, node.value
        for target in node.targets if isinstance(node, ast.Assign) else ():
            names, values = getattr(target, "elts", [target]), getattr(node.value, "elts", [node.value])
            yield from (
                (name.id, value) for name, value in zip(names, values, strict=False) if isinstance(name, ast.Name)
            )

    def shown(self, seen):
        """Yields the codes and beginnings of codes of all that a person is shown; what was `seen` of faults (True) and
        of messages (False) is not looked at again."""
        for call in self.calls:
            name, place = called(call), self.message_at.get(called(call), 0)
            if name in self.message_at and len(call.args) > place:
                found = self.said(call.args[place], is_fault=name == "Fault", seen=seen[name == "Fault"])
                yield from (f"data.fault.{code}" for code in found) if name == "Fault" else found

    def said(self, value, *, is_fault, seen):
        if (id(value), is_fault) in seen:
            return
        seen.add((id(value), is_fault))
        for module, inner in self._inner(value):
            yield from module.said(inner, is_fault=is_fault, seen=seen)
        if is_fault and isinstance(value, ast.Constant):
            yield value.value
        if isinstance(value, ast.Call) and called(value) == "say":
            yield from self.said(value.args[0], is_fault=True, seen=seen)
        if is_fault and isinstance(value, ast.JoinedStr):
            yield f"{value.values[0].value}*"

    def _inner(self, value):
        """Yields the expressions that a value is made of, each with its module."""
        if isinstance(value, ast.Name):
            function = self.inside.get(id(value))
            yield from ((self, given) for given in self.assigned.get((function, value.id), ()))
            yield from self._given(function, value.id)
            return
        inner = ()
        if isinstance(value, ast.IfExp):
            inner = (value.body, value.orelse)
        elif isinstance(value, ast.BoolOp):
            inner = value.values
        elif isinstance(value, ast.NamedExpr | ast.Starred):
            inner = (value.value,)
        elif isinstance(value, ast.Call) and called(value) in self.functions:
            inner = self._returned(self.functions[called(value)])
        yield from ((self, one) for one in inner)

    def _given(self, function, parameter):
        """Yields what the function around a name is given for it, here or in other modules."""
        names = [argument.arg for argument in function.args.args] if function else []
        if parameter not in names:
            return
        place = names.index(parameter) - (names[0] in ("self", "cls"))
        for module in [self] if function.name.startswith("_") else modules():
            for call in module.calls_of.get(function.name, ()):
                yield from ((module, given) for given in call.args[place : place + 1])
                yield from ((module, keyword.value) for keyword in call.keywords if keyword.arg == parameter)

    @staticmethod
    def _returned(function):
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                yield from getattr(node.value, "elts", [node.value])[:1]


@cache
def modules():
    return [Module(tree, message_at()) for tree in modules_of_a_site().values()]


@cache
def shown_codes():
    """Returns every code of what a hospital's commands can show; a family chosen at run time as those of its codes that
    are written out nowhere."""
    known, found, trees = catalogue("en"), set(), modules_of_a_site().values()
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    seen = {True: set(), False: set()}
    for module in modules():
        for code in module.shown(seen):
            family = {one for one in known if code.endswith("*") and one.startswith(code[:-1])}
            found |= family - texts or {code}
    return sorted(code for code in found if code in known and code != "verbatim")


def test_what_a_site_can_show_is_found():
    """One example of each way in which a code reaches what is shown."""
    examples = (
        "data.fault.not_a_level",  # a fault
        "data.export.missing_column",  # a problem
        "data.export.zero_bytes",  # handed to a function
        "data.export.not_csv",  # returned by one
        "data.source.password",  # handed to a function of another module
        "data.site_file.delimiter",  # a complaint
        "protocol.approval.expired",  # a refusal
        "server.reach.http",  # what the network does
    )
    assert [code for code in examples if code not in shown_codes()] == []
    assert len(shown_codes()) > 400


def test_every_code_that_a_site_can_show_has_a_page():
    assert [code for code in shown_codes() if page_name(code) is None] == []


def test_what_data_and_site_file_do_wrong_is_listed_by_name():
    """A family would also take in what is added later."""
    assert [code for code in shown_codes() if code.startswith(NAMED_ONLY) and code not in codes()] == []
