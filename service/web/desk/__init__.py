"""The desk: the pages of people who keep the store."""
