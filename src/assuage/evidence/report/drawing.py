"""How every picture of evidence is drawn: one look, and the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

INK, SOFT, LINE, BAND, DEEP = "#1a1a1a", "#5f6368", "#0b4a8f", "#9fc3e8", "#5b93cf"
WARM = "#b3541e"
_SETTINGS: dict[str, Any] = {
    "svg.hashsalt": "assuage",
    "text.parse_math": False,  # a column may well be named with dollars
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#e6e6e3",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "figure.constrained_layout.use": True,
    "legend.frameon": False,
}


@contextmanager
def figure(kind: str, size_inch: tuple[float, float]) -> Iterator[tuple[Any, Callable[[], bytes]]]:
    """Yield an empty figure and a function that returns its bytes, SVG or PNG, once it's left."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    out = io.BytesIO()
    settings: Any = _SETTINGS
    with mpl.rc_context(settings):
        drawn = Figure(figsize=size_inch)
        FigureCanvasAgg(drawn)
        yield drawn, out.getvalue
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        drawn.savefig(out, format=kind, dpi=120, metadata=metadata)
