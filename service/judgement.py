"""The last steps of the cascade: from calibrated probabilities to a verdict, its matches and the reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct, structs

from service.calibration import Calibration, log_odds
from service.domain import Difference, Label, Match, Rebuttal, Stance, Verdict, Why
from service.finder import Candidate
from service.passages import Passage
from service.wording import summary, who, would_change


class Judged(Struct, frozen=True, kw_only=True):
    """A candidate after the stance model has read it.

    Attributes:
        record: the rebuttal.
        candidate: its first-stage scores.
        passage: the text of the record that was nearest to the claim.
        differs: what the claim says otherwise than the record.
        probabilities: calibrated, of asserts, denies and other; None where the model did not read the pair.
        unread: why not.
    """

    record: Rebuttal
    candidate: Candidate
    passage: Passage
    differs: tuple[Difference, ...]
    probabilities: dict[str, float] | None
    unread: str | None

    @property
    def score(self) -> float:
        """Probability that the claim is the matter that the record rebuts, from all that is known."""
        return self.candidate.nearness if self.probabilities is None else 1 - self.probabilities["other"]

    @property
    def weight(self) -> float:
        """What decides between records: the odds of both stages together.

        The stance model is as sure of a sister record as of the right one; the first stage tells them apart.
        """
        return log_odds(self.score) + (log_odds(self.candidate.nearness) if self.probabilities else 0.0)


def decide(judged: Sequence[Judged], calibration: Calibration, *, nearest: float = 0.0) -> tuple[Verdict, list[Match]]:
    """Choose the verdict.

    The record with the best odds speaks. If it is not probable enough that the claim takes one side of its matter, the
    service falls back to background, and from there to silence.

    Args:
        judged: the candidates of the claim, in any order.
        calibration: the thresholds.
        nearest: nearness of the nearest record, judged or not: how sure silence is.

    Returns:
        The verdict, and the matches, best first; none when the verdict is ``unmatched``.
    """
    ranked = sorted(judged, key=lambda one: (one.probabilities is None, -one.weight, one.record.id))
    read = [one for one in ranked if one.probabilities is not None]
    label, confidence = _side(read[0], calibration) if read else (None, 0.0)
    shown = [one for one in ranked if one.candidate.nearness >= calibration.related or _same_matter(one)]
    if label is not None:
        shown = [read[0], *(one for one in shown if one is not read[0])]
        verdict = _verdict(label, confidence, shown[0].record)
    elif shown:
        shown.sort(key=lambda one: (-one.candidate.nearness, one.record.id))
        verdict = _verdict("related", shown[0].candidate.nearness, shown[0].record)
    if shown:
        return verdict, [_match(one, calibration, decides=one is shown[0]) for one in shown]
    return unmatched(1 - max((one.score for one in ranked), default=nearest)), []


def unmatched(confidence: float) -> Verdict:
    """The service abstains."""
    return Verdict(label="unmatched", confidence=round(confidence, 4), summary=summary("unmatched", None))


def affirming(matches: Sequence[Match], calibration: Calibration) -> Rebuttal | None:
    """The record by which another authority affirms what the first match denies; None if there is none.

    Its rumor says the contrary of the first one's, so a claim that asserts the first rumor denies this one.
    """
    if not matches or matches[0].stance != "asserts":
        return None
    for match in matches[1:]:
        denies = (match.why.probabilities or {}).get("denies", 0.0)
        if denies >= calibration.consistent and may_affirm(match.rebuttal, matches[0].rebuttal):
            return match.rebuttal
    return None


def may_affirm(record: Rebuttal, other: Rebuttal) -> bool:
    """Whether a record could be another authority's word for what the other one denies."""
    return record.authority.name != other.authority.name


def contest(verdict: Verdict, matches: list[Match], other: Rebuttal | None) -> tuple[Verdict, list[Match]]:
    """Set a record that disputes the best match beside it.

    A claim that asserts what one authority denies and another affirms is ``contested``. One that reports the denial
    stays ``consistent`` with it: it reports truly who said what; the dissent is mentioned.

    Args:
        verdict: of `decide`.
        matches: of `decide`.
        other: the published record that disputes the first match, or None.
    """
    if other is None or verdict.label not in ("rebutted", "consistent"):
        return verdict, matches
    label: Label = "contested" if verdict.label == "rebutted" else verdict.label
    first = matches[0]
    beside = Match(
        rebuttal=other,
        stance="other",
        score=first.score,
        why=Why(
            field="statement",
            text=other.statement,
            similarity=0.0,
            words=0.0,
            reason=f"Disputes the record {first.rebuttal.id}.",
        ),
    )
    read = next((match for match in matches if match.rebuttal.id == other.id), None)
    if read is not None:  # it was found by itself, and is shown with its own figures
        beside = structs.replace(read, why=structs.replace(read.why, reason=beside.why.reason))
    matches = [first, beside, *(match for match in matches[1:] if match.rebuttal.id != other.id)]
    return structs.replace(verdict, label=label, summary=summary(label, first.rebuttal, other)), matches


def settles(probabilities: dict[str, float]) -> bool:
    """Whether a record that was read is the matter of the claim, more probably than not."""
    return probabilities["other"] < 0.5  # noqa: PLR2004 - as said


def _same_matter(one: Judged) -> bool:
    """Whether the stance model knows the matter again, though the first stage perhaps saw little."""
    return one.probabilities is not None and settles(one.probabilities)


def probability(odds: float) -> float:
    """The inverse of `log_odds`."""
    return 1 / (1 + math.exp(-odds))


def _side(best: Judged, calibration: Calibration) -> tuple[Label | None, float]:
    if best.probabilities is None:
        return None, 0.0
    asserts, denies = best.probabilities["asserts"], best.probabilities["denies"]
    if asserts >= calibration.rebutted:
        return "rebutted", asserts
    if denies >= calibration.consistent:
        return "consistent", denies
    return None, 0.0


def _verdict(label: Label, confidence: float, record: Rebuttal) -> Verdict:
    return Verdict(
        label=label, confidence=round(confidence, 4), summary=summary(label, record), according_to=who(record)
    )


def _match(one: Judged, calibration: Calibration, *, decides: bool) -> Match:
    stance: Stance = "other"
    if one.probabilities is not None:
        stance = max(("other", "denies", "asserts"), key=one.probabilities.__getitem__)
    return Match(
        rebuttal=one.record,
        stance=stance,
        score=round(one.score, 4),
        why=Why(
            field=one.passage.field,
            text=one.passage.text,
            similarity=round(one.candidate.similarity, 4),
            words=round(one.candidate.words, 4),
            probabilities=one.probabilities and {name: round(p, 4) for name, p in one.probabilities.items()},
            differs=one.differs,
            reason=one.unread,
            would_change=would_change(one.probabilities, calibration.rebutted, calibration.consistent)
            if decides and one.probabilities
            else None,
        ),
    )
