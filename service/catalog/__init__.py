"""The store as editors keep it: every way in which a record is written."""

from service.catalog.catalog import Catalog
from service.catalog.recording import content_of

__all__ = ["Catalog", "content_of"]
