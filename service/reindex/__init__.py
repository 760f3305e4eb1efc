"""Another encoder without downtime: encode beside the present one, compare, switch, go back.

`encoding` makes the vectors, `comparing` holds the verdicts of both against each other, `turning` lets every process
change at once. What they share is a fact of the store, `service.encoders`.
"""

from service.reindex.comparing import Case, Comparison, Shadow, compare
from service.reindex.encoding import Begun, begin, encode_missing, require_room
from service.reindex.fitting import read_calibration
from service.reindex.samples import Text, read_sample, sampled
from service.reindex.turning import OnFollowers, drop, sweep, turn

__all__ = [
    "Begun",
    "Case",
    "Comparison",
    "OnFollowers",
    "Shadow",
    "Text",
    "begin",
    "compare",
    "drop",
    "encode_missing",
    "read_calibration",
    "read_sample",
    "require_room",
    "sampled",
    "sweep",
    "turn",
]
