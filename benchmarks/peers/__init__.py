"""What a person would take instead of Rejoinder, each in an environment of its own; see performance/peers.py."""
