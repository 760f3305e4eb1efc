"""Rejoinder: the store of official rebuttals, the cascade that judges claims, the API and the command line."""
