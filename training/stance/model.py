"""The stance network and the text that it reads.

A claim, a rumor and its statement are encoded as `<s> claim </s></s> rumor </s></s> statement </s>`, as MPNet separates
texts. The statement comes last so that it, and never the rumor, is what a long record loses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import base
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = 9  # of twelve: what the size and the time of a verdict allow
MAX_CLAIM_TOKENS = 96
MAX_RUMOR_TOKENS = 112  # rumor and statement together
CLS_ID, PAD_ID, SEP_ID = 0, 1, 2


class StanceNetwork(nn.Module):
    """The lower layers of MPNet with a mean-pooled three-way head."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.body = AutoModel.from_pretrained(base.folder(), add_pooling_layer=False)
        self.body.encoder.layer = self.body.encoder.layer[:LAYERS]
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.body.config.hidden_size, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits (batch, 3) of int64 tensors (batch, length)."""
        hidden = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


def load_tokenizer(path: Path | None = None) -> Tokenizer:
    """The tokenizer without its own truncation and padding; "</s>" in a text is text, not a control token."""
    tokenizer = Tokenizer.from_file(str(path or base.folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def token_ids(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids of each text, without control tokens."""
    return [row.ids for row in tokenizer.encode_batch(texts, add_special_tokens=False)]


def sequence(claim: list[int], rumor: list[int], statement: list[int]) -> list[int]:
    """Token ids of one pair as the network reads it; both sides are cut on their own."""
    official = [*rumor, SEP_ID, SEP_ID, *statement] if statement else rumor
    return [CLS_ID, *claim[:MAX_CLAIM_TOKENS], SEP_ID, SEP_ID, *official[:MAX_RUMOR_TOKENS], SEP_ID]


def sequences(claims: list[str], rumors: list[str], statements: list[str | None]) -> list[list[int]]:
    """`sequence` of texts."""
    tokenizer = load_tokenizer()
    sides = (claims, rumors, [text or "" for text in statements])
    return [sequence(*ids) for ids in zip(*(token_ids(tokenizer, side) for side in sides), strict=True)]


def collate(rows: list[list[int]]) -> dict[str, Tensor]:
    """Pad sequences to one batch of the two input tensors."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), PAD_ID)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
