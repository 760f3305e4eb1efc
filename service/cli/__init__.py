"""The command line. Start-up is part of its speed: a command imports what it needs when it runs, never before."""

from service.cli.app import main

__all__ = ["main"]
