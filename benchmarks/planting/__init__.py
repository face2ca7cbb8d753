"""Every mutant of a module's text: the module with one small fault planted in it.

The faults: a comparison negated or moved by its boundary; another operator; a condition always
or never true; a lost `not` or minus; a number one more, one less, negated (but no index: [1] and
[-1] of a pair are one), and a float a tenth more; other text; None for a returned value, text for
None; a lost keyword, last argument or statement; break for continue.

Left alone: docstrings, annotations and type aliases, `__all__`, imports, and what only a type
checker reads.
"""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, EllipsisType


@dataclass(frozen=True)
class Mutant:
    """A module's text with one fault in it, and where the fault is."""

    module: str
    line: int
    where: str  # the function, class or name around it
    before: str
    after: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it in EQUIVALENT."""
        return self.module, self.where, self.before, self.after

    def __str__(self) -> str:
        return f"src/assuage/{self.module}.py:{self.line}: {self.before}  ->  {self.after}"


Pairs = tuple[tuple[type[ast.AST], type[ast.AST]], ...]
EITHER_WAY: Pairs = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Lt, ast.GtE), (ast.Gt, ast.LtE)),
    *((ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn), (ast.And, ast.Or)),
    *((ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.BitOr, ast.BitAnd)),
    *((ast.LShift, ast.RShift), (ast.Break, ast.Continue)),
)
ONE_WAY: Pairs = (
    *((ast.FloorDiv, ast.Div), (ast.Mod, ast.Mult), (ast.Pow, ast.Mult), (ast.BitXor, ast.BitOr)),
)
SWAPS: dict[type[ast.AST], list[type[ast.AST]]] = defaultdict(list)
for old, new in (*EITHER_WAY, *((new, old) for old, new in EITHER_WAY), *ONE_WAY):
    SWAPS[old].append(new)
CONDITIONS = {
    *((ast.If, "test"), (ast.While, "test"), (ast.IfExp, "test"), (ast.match_case, "guard")),
    (ast.comprehension, "ifs"),
}
LONGEST_SIGN = 2  # shorter text is replaced: strip("0") and strip("XX0XX") are often one
Value = str | bytes | complex | EllipsisType | None
NOT_READ = {"annotation", "returns", "bases", "type_params"}


def constants(value: Value, parent: ast.AST) -> Iterator[Value]:
    """Yield what stands in for a constant."""
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (value + 1, value - 1)
            if value and not isinstance(parent, ast.Subscript):
                yield -value
            if isinstance(value, float):
                yield value * 1.1
        case str():
            yield f"XX{value}XX" if len(value) > LONGEST_SIGN else "XX"
        case bytes():
            yield b"XX" + value
        case None if not isinstance(parent, ast.Compare | ast.Return):
            yield "XX"


def calls(call: ast.Call) -> Iterator[ast.Call]:
    """Yield the call without each keyword, and without its last argument when it has more."""
    for n in range(len(call.keywords)):
        yield ast.Call(call.func, call.args, call.keywords[:n] + call.keywords[n + 1 :])
    if len(call.args) > 1:
        yield ast.Call(call.func, call.args[:-1], call.keywords)


def faults(node: ast.AST, parent: ast.AST, field: str) -> Iterator[ast.AST]:
    """Yield every node that can stand in for this one."""
    yield from (other() for other in SWAPS.get(type(node), ()))
    if (type(parent), field) in CONDITIONS and not isinstance(node, ast.Constant):
        yield from (ast.Constant(True), ast.Constant(False))
    if isinstance(parent, ast.BoolOp) and field == "values":
        yield ast.Constant(isinstance(parent.op, ast.And))
    if isinstance(parent, ast.Return) and not isinstance(node, ast.Constant):
        yield ast.Constant(None)
    match node:
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in constants(value, parent))
        case ast.Call():
            yield from calls(node)
        case ast.Raise() | ast.Expr() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()


def left_alone(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Subscript(value=ast.Name(id="Literal")):
            return True
    return False


Chain = list[ast.AST]  # a node's ancestors, the module first
LONGEST_SHOWN = 60
OPERATORS = (ast.operator, ast.cmpop, ast.boolop, ast.keyword)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def places(node: ast.AST, chain: Chain) -> Iterator[tuple[Chain, str, int | None, ast.AST]]:
    """Yield every node that may be replaced: its ancestors, field, index there, and itself."""
    chain = [*chain, node]
    for field, value in ast.iter_fields(node):
        if field in NOT_READ:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not left_alone(child):
                yield chain, field, index, child
                yield from places(child, chain)


def put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def shown_around(chain: Chain, node: ast.AST) -> ast.AST:
    """Return the widest short expression around a node, so that a person can tell which it is."""
    around = node
    for one in reversed(chain):
        short = isinstance(one, ast.expr) and len(ast.unparse(one)) <= LONGEST_SHOWN
        if not (short or isinstance(around, OPERATORS)):
            break
        around = one
    return around


def place_name(chain: Chain) -> str:
    names = [one.name for one in chain if isinstance(one, NAMED)]
    names += [ast.unparse(one.targets[0]) for one in chain[1:2] if isinstance(one, ast.Assign)]
    return ".".join(names) or "module"


def mutants_of(module: str, text: str) -> list[Mutant]:
    """Return every mutant of a module's text, each once."""
    tree = ast.parse(text)
    found: dict[str, Mutant] = {ast.unparse(tree): Mutant(module, 0, "", "", "", "")}
    for chain, field, index, node in list(places(tree, [])):
        parent = chain[-1]
        line = next(one.lineno for one in (node, *chain[::-1]) if hasattr(one, "lineno"))
        for other in faults(node, parent, field):
            around = shown_around(chain, node)
            before = ast.unparse(around)
            put(parent, field, index, other)
            mutated = ast.unparse(tree)
            after = ast.unparse(other if around is node else around)
            put(parent, field, index, node)
            if mutated not in found and compiled(mutated, module):
                name = place_name(chain)
                found[mutated] = Mutant(module, line, name, before, after, mutated)
    return list(found.values())[1:]


def compiled(text: str, module: str) -> CodeType | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(text, f"{module}.py", "exec", dont_inherit=True)
        except SyntaxError:
            return None
