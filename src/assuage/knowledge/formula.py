"""Formulas of derived parameters: + - * / ** on names and numbers, and nothing else."""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

LONGEST = 500  # characters; beyond it a formula could nest deeper than Python walks
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


@lru_cache(maxsize=1024)
def _parse(formula: str) -> ast.expr:
    """Raise ValueError for anything but arithmetic on names and numbers."""
    if len(formula) > LONGEST:
        raise ValueError(f"a formula of {len(formula)} characters is longer than {LONGEST}")
    try:
        tree = ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"'{formula}' is not a formula") from error
    for node in ast.walk(tree):
        allowed = isinstance(node, ast.Name | ast.Load | ast.BinOp | ast.operator) or (
            isinstance(node, ast.Constant)
            and isinstance(node.value, int | float)
            and not isinstance(node.value, bool)
            and node.value <= sys.float_info.max
        )
        if not allowed or (isinstance(node, ast.operator) and type(node) not in _BINARY):
            raise ValueError(f"'{formula}' holds more than arithmetic")
    return tree


def names_in(formula: str) -> set[str]:
    """Return the parameters that a formula names. Raises ValueError if it isn't one."""
    return {node.id for node in ast.walk(_parse(formula)) if isinstance(node, ast.Name)}


def evaluate(formula: str, values: Mapping[str, Any], number: Callable[[float], Any]) -> Any:
    """Compute a formula over any values that know arithmetic: floats, arrays, dimensions.

    `number` wraps each literal. Raises KeyError for a name that has no value and ValueError
    when the text isn't a formula.
    """

    def walk(node: ast.expr) -> Any:
        if isinstance(node, ast.BinOp):
            return _BINARY[type(node.op)](walk(node.left), walk(node.right))
        if isinstance(node, ast.Name):
            return values[node.id]
        assert isinstance(node, ast.Constant)
        return number(float(node.value))  # type: ignore[arg-type]

    return walk(_parse(formula))
