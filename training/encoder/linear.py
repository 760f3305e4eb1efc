"""How a weight matrix is stored and multiplied: the only thing in which the exported variants differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from graph import Graph
    from numpy.typing import NDArray

CONTRIB = "com.microsoft"
FLOAT = 1  # TensorProto.FLOAT


class Dense(NamedTuple):
    """A dense layer: ``weight`` of shape (inputs, outputs), ``bias`` of shape (outputs,)."""

    name: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


class Storage(Protocol):
    """Adds the parts of a graph that hold weights; each method returns the name of the resulting tensor."""

    def table(self, graph: Graph, name: str, rows: NDArray[np.float32], ids: str) -> str:
        """Look up rows of an embedding table, as float32."""
        ...

    def linear(self, graph: Graph, dense: Dense, x: str) -> str:
        """``x @ weight + bias``."""
        ...

    def attention(self, graph: Graph, dense: Dense, x: str, mask: str, heads: int) -> str:
        """Self-attention whose query, key and value projections lie side by side in ``dense.weight``."""
        ...


class FloatStorage:
    """Float32 arithmetic; weights stored as float32, or as float16 and widened when the session starts."""

    def __init__(self, dtype: type[np.floating]) -> None:
        self._dtype = dtype
        # Which tensor enters which layer: what calibration has to look at.
        self.inputs: dict[str, str] = {}

    def _widened(self, graph: Graph, stored: str) -> str:
        return stored if self._dtype is np.float32 else graph.node("Cast", [stored], to=FLOAT)

    def _weight(self, graph: Graph, dense: Dense, x: str) -> str:
        self.inputs[dense.name] = x
        return self._widened(graph, graph.constant(f"{dense.name}.weight", dense.weight.astype(self._dtype)))

    def table(self, graph: Graph, name: str, rows: NDArray[np.float32], ids: str) -> str:
        """See `Storage`."""
        # Widened after the lookup, so that the table itself stays small in memory.
        return self._widened(graph, graph.node("Gather", [graph.constant(name, rows.astype(self._dtype)), ids]))

    def linear(self, graph: Graph, dense: Dense, x: str) -> str:
        """See `Storage`."""
        product = graph.node("MatMul", [x, self._weight(graph, dense, x)])
        return graph.node("Add", [product, graph.constant(f"{dense.name}.bias", dense.bias)])

    def attention(self, graph: Graph, dense: Dense, x: str, mask: str, heads: int) -> str:
        """See `Storage`."""
        inputs = [x, self._weight(graph, dense, x), graph.constant(f"{dense.name}.bias", dense.bias), mask]
        return graph.node("Attention", inputs, domain=CONTRIB, num_heads=heads)
