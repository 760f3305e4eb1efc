"""What a comparison of two encoders looks like on a terminal."""

from __future__ import annotations

import click

from service.cli.plain import visible
from service.reindex import Comparison

_ROW = "{:<10} {:>7} {:>12} {:>12} {:>12}"
_WIDEST = 100


def show(found: Comparison) -> None:
    """Print how far verdicts agree, by kind of text and by label, and claims on which they do not."""
    click.echo(_ROW.format("TEXTS", "CLAIMS", "SAME RECORD", "SAME LABEL", "SAME BOTH"))
    for kind in found.kinds:
        shares = (_share(number, kind.claims) for number in (kind.same_record, kind.same_label, kind.same))
        click.echo(_ROW.format(kind.kind, f"{kind.claims:,}", *shares))
    click.echo(
        f"\nAgreement: {found.agreement:.1%}, of texts that are searched themselves or of the others, the lower."
    )
    click.echo("\nLABELS")
    for change in found.labels:
        became = "stays" if change.before == change.after else f"becomes {change.after}"
        click.echo(f"{change.claims:>7,}  {change.before} {became}")
    if found.cases:
        click.echo(f"\nCLAIMS THAT DIFFER: {len(found.cases):,} of {found.differing:,}")
    for case in found.cases:
        click.echo(f"- {visible(case.claim)[:_WIDEST]}")
        click.echo(
            f"    {case.kind}: {_told(case.before, case.record_before)} -> {_told(case.after, case.record_after)}"
        )


def _share(number: int, of: int) -> str:
    return f"{number / of:.1%}"


def _told(label: str, record: str | None) -> str:
    return f"{label} ({record})" if record else label
