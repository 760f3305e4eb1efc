"""The chapters of `make bench`. Each is a module with `measure(options) -> Chapter`; see benchmarks/README.md."""
