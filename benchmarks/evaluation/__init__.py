"""What `make eval` measures: one module for each chapter of docs/evaluation.md, and what they share."""
