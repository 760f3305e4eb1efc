"""The store of rebuttals: the port, and the adapters behind it."""

from service.store.base import Action, Outcome, Page, Store, VectorChange, Write, Written

__all__ = ["Action", "Outcome", "Page", "Store", "VectorChange", "Write", "Written"]
