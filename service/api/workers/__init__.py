"""Several processes that answer at one address: `supervisor` starts them and holds what they share."""

from service.api.workers.supervisor import supervise

__all__ = ["supervise"]
