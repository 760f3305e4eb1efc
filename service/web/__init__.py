"""The pages that people read: the public side, and the desk of the editors. They do what the API does, by its means."""
