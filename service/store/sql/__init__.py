"""What stores on an SQL database share: statements, rows and the facade. An engine adds connections, faults and tables.

Statements are written once, as SQLite spells them, and keep to what PostgreSQL understands as well;
`service.store.postgres.spelling` holds the few words that it spells otherwise.
"""

from service.store.sql.store import SqlStore

__all__ = ["SqlStore"]
