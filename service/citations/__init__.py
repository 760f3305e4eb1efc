"""Citations that do not rot: each page is asked now and then whether it still says what it is cited for."""
