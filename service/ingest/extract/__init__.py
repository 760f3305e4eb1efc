"""Article to draft: who denied what, in whose words and when, out of the text of a news article or a transcript.

Rules over sentences, with their words in the tables beside this file; no model. See docs/decisions/0010.
"""

from service.ingest.extract.drafts import extract, extract_from
from service.ingest.extract.model import Draft, DraftCitation, Extraction, ExtractionError, Given, Source

__all__ = ["Draft", "DraftCitation", "Extraction", "ExtractionError", "Given", "Source", "extract", "extract_from"]
