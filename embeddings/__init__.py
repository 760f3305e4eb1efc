"""Text in, vectors and scores out: encoders, the stance model, the batcher and the vector index."""
