"""The store of rebuttals: the port, and the adapters behind it."""

from service.store.base import Action, FeedbackPage, Outcome, Page, Store, VectorChange, Vectors, Write, Written
from service.store.standing import Standing

__all__ = [
    "Action",
    "FeedbackPage",
    "Outcome",
    "Page",
    "Standing",
    "Store",
    "VectorChange",
    "Vectors",
    "Write",
    "Written",
]
