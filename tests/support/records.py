"""Records for tests that do not speak of meaning."""

from __future__ import annotations

import datetime as dt

from msgspec import structs

from service.domain import Authority, Citation, Rebuttal, RebuttalContent, Speaker

GEM_ORE = RebuttalContent(
    id="gem-ore",
    rumor="Pakistan handed rare earth samples to the US president.",
    variants=("Munir gives Trump a box of rare earths",),
    statement="The stones were gem ores that staff had bought in Pakistan.",
    quote="The reports are misinformed.",
    authority=Authority(name="Ministry of Foreign Affairs of China", kind="ministry", country="CN"),
    speaker=Speaker(name="Lin Jian", role="spokesperson"),
    stated_on=dt.date(2025, 10, 13),
    topics=("rare earths",),
    citations=(
        Citation(
            url="https://example.org/briefing",
            title="Ministry rejects reports on rare earth samples",
            publisher="Example News",
            published_on=dt.date(2025, 10, 14),
        ),
    ),
)


def content(name: str, **changes: object) -> RebuttalContent:
    """A record of that id; anything else as in `GEM_ORE` unless changed."""
    return structs.replace(GEM_ORE, id=name, **changes)


def stored(content: RebuttalContent = GEM_ORE, revision: int = 1) -> Rebuttal:
    """The record as a store would give it back."""
    at = dt.datetime(2025, 10, 14, 9, 0, tzinfo=dt.UTC)
    return Rebuttal(**structs.asdict(content), revision=revision, created_at=at, updated_at=at)
