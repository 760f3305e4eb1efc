"""How many nodes a load takes: measured costs of answers, and a simulation that is held against a real run."""
