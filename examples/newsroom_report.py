"""The report of the newsroom script: a page to be read, and a table to be sorted."""
# ruff: noqa: INP001 - a part of a script

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from rejoinder_client import BatchResult, Verdict

ORDER: Final = ("rebutted", "contested", "consistent", "related")
MEANING: Final = {
    "rebutted": "An authority denies it",
    "contested": "Authorities disagree",
    "consistent": "In line with what an authority stated",
    "related": "Background: a statement on the same matter",
}
COLUMNS: Final = (
    *("verdict", "confidence", "headline", "feed", "published", "link"),
    *("summary", "according to", "rebuttal", "source"),
)
STYLE: Final = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
li { margin-bottom: 1rem } small { opacity: .75 } .rebutted { border-left: .3rem solid #c33; padding-left: .7rem }
"""


class Headline(NamedTuple):
    """A headline, and where it was read."""

    text: str
    link: str
    feed: str
    published: dt.datetime | None


class Finding(NamedTuple):
    """A headline and what came of it."""

    headline: Headline
    result: BatchResult

    @property
    def label(self) -> str:
        """The label of the verdict; "" where the claim was refused."""
        return self.result.verdict.label if self.result.verdict else ""


class Report(NamedTuple):
    """What the two files tell: findings, the best known first, and what was left out and why."""

    day: dt.datetime
    findings: Sequence[Finding]
    left_out: Sequence[str]

    @property
    def shown(self) -> list[Finding]:
        """The findings that a statement bears on, the gravest first."""
        known = [finding for finding in self.findings if finding.label in ORDER]
        return sorted(known, key=lambda one: (ORDER.index(one.label), -_verdict(one).confidence))


def as_html(report: Report) -> str:
    """The report as a page that loads nothing, runs nothing, and holds no markup but its own."""
    counts = Counter(finding.label for finding in report.findings)
    sections = "".join(
        f"<h2>{html.escape(MEANING[label])} ({counts[label]})</h2>\n<ul>{''.join(map(_item, found))}</ul>\n"
        for label in ORDER
        if (found := [finding for finding in report.shown if finding.label == label])
    )
    left_out = "".join(f"<li>{html.escape(line)}</li>\n" for line in report.left_out)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Headlines of {report.day:%d %B %Y}</title>
<style>{STYLE}</style>
<h1>Headlines of {report.day:%d %B %Y}</h1>
<p>{len(report.findings)} headlines were checked; on {counts["unmatched"]} there is no official statement in the store.
What follows says who stated what. It does not say what is true.</p>
{sections}{f"<h2>Left out</h2><ul>{left_out}</ul>" if left_out else ""}
</html>
"""


def as_csv(report: Report) -> str:
    """The report as a table that a spreadsheet opens without running anything in it."""
    out = io.StringIO()
    # Spreadsheets know by the mark that this is UTF-8.
    out.write("\ufeff")
    table = csv.writer(out)
    table.writerow(COLUMNS)
    for finding in (*report.shown, *(one for one in report.findings if one.label not in ORDER)):
        table.writerow([harmless(cell) for cell in _cells(finding)])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: OWASP, "CSV Injection"."""
    return f"'{cell}" if re.match(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n]", cell) else cell


def web(address: str) -> str:
    """An address that may be a link; "" for any other, such as `javascript:`."""
    try:
        place = urlsplit(address.strip())
    except ValueError:
        return ""
    return place.geturl() if place.scheme in {"http", "https"} and place.netloc else ""


def write(path: Path, text: str) -> None:
    """Put a file in its place when it is whole."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8", newline="")
    beside.replace(path)


def _verdict(finding: Finding) -> Verdict:
    assert finding.result.verdict is not None, "only findings with a verdict are shown"  # noqa: S101 - a mistake of ours
    return finding.result.verdict


def _source(finding: Finding) -> str:
    matches = finding.result.matches
    return web(matches[0].rebuttal.citations[0].url) if matches and matches[0].rebuttal.citations else ""


def _item(finding: Finding) -> str:
    headline, verdict = finding.headline, _verdict(finding)
    where = f"{html.escape(headline.feed)}{f', {headline.published:%d %b %H:%M} UTC' if headline.published else ''}"
    sure = f"confidence {verdict.confidence:.0%}"
    return (
        f'<li class="{html.escape(finding.label)}">{_link(headline.link, headline.text)}'
        f"<br><small>{where}; {sure}</small>"
        f"<br>{html.escape(verdict.summary)} {_link(_source(finding), 'Source')}</li>\n"
    )


def _link(address: str, text: str) -> str:
    if not address:
        return html.escape(text)
    return f'<a rel="noopener noreferrer" href="{html.escape(address)}">{html.escape(text)}</a>'


def _cells(finding: Finding) -> list[str]:
    headline, result = finding.headline, finding.result
    verdict, matches = result.verdict, result.matches
    published = headline.published.isoformat() if headline.published else ""
    told = [verdict.label, f"{verdict.confidence:.2f}"] if verdict else ["refused", ""]
    return [
        *told,
        headline.text,
        headline.feed,
        published,
        headline.link,
        verdict.summary if verdict else "",
        (verdict.according_to or "") if verdict else "",
        matches[0].rebuttal.id if matches else "",
        _source(finding),
    ]
