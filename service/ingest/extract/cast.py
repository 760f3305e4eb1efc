"""Who has the word, sentence by sentence: pronouns and last names lead back to whoever was named in full."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, NamedTuple

from service.domain import AuthorityKind
from service.ingest.extract.frames import Frame
from service.ingest.extract.lexicon import geography
from service.ingest.extract.reading import Line, Turn
from service.ingest.extract.who import Entity, tokens_of

Span = tuple[int, int]

_COMPANY: Final = frozenset(
    [
        "company",
        "firm",
        "airline",
        "carrier",
        "lender",
        "bank",
        "operator",
        "manufacturer",
        "maker",
        "retailer",
        "brewery",
        "chain",
        "supplier",
        "developer",
        "utility",
    ]
)
_PUBLIC: Final = frozenset({"mayor", "ambassador", "president", "prime minister", "chancellor", "sheriff"})
_FEWEST_SHARED: Final = 3
_HEAD: Final = 6
"""Lines at the front of a release or a transcript that say whose it is."""
_RELEASE: Final = re.compile(
    r"^\W*(?:press|media|news)\s+(?:release|statement|notice)\b|\b(?:PRNewswire|Business Wire|GLOBE NEWSWIRE)\b"
    r"|^for immediate release\b|\battention of .{3,80} has been drawn\b|^(?:official\s+)?statement on\b",
    re.IGNORECASE,
)


class Voice(NamedTuple):
    """Who speaks: a person, the body that the person speaks for, or a country. Places are in the source's text."""

    name: str | None = None
    role: str | None = None
    body: str | None = None
    kind: AuthorityKind | None = None
    country: str | None = None
    name_at: Span | None = None
    role_at: Span | None = None
    body_at: Span | None = None

    @property
    def rank(self) -> int:
        """How much is known: person and body, a body, a person, a country."""
        return 4 * bool(self.body and self.kind) + 2 * bool(self.name) + bool(self.body or self.country)


class Cast:
    """Everybody who is named in one source."""

    def __init__(self, lines: list[Line], turns: list[Turn]) -> None:
        self._persons: dict[str, Voice] = {}
        self._bodies: dict[str, Voice] = {}
        self._company = False
        self._turns = turns
        self._lines = lines
        for line in lines:
            for entity in line.entities:
                self._note(entity, line.start)
        self._names = Counter(entity.name for line in lines for entity in line.entities if entity.sort == "name")
        self._firm = next(
            (
                Voice(body=entity.name, kind="company", body_at=(line.start + entity.start, line.start + entity.end))
                for line in lines
                for entity in line.entities[:1]
                if not line.heading and line.turn is None and entity.sort == "name" and entity.start == 0
            ),
            None,
        )
        self._issuer = self._issuing(lines)
        self._last: Voice | None = None
        self._last_person: Voice | None = None
        self._last_body: Voice | None = None

    def _issuing(self, lines: list[Line]) -> Voice | None:
        """The body that speaks where nobody is named: the one that issues a release; None in other texts."""
        if self._turns or not any(_RELEASE.search(line.text) for line in lines[:_HEAD]):
            return None
        return self._in_head(lines)

    def _in_head(self, lines: list[Line]) -> Voice | None:
        """The first body that a text names, with the country that stands beside it."""
        bodies = [
            _voice(entity, line.start)
            for line in lines[:_HEAD]
            for entity in line.entities
            if entity.sort == "body" and entity.kind
        ]
        if not bodies:
            return None
        countries = {body.country for body in bodies if body.country}
        country = next(iter(countries)) if len(countries) == 1 and bodies[0].kind != "company" else None
        return bodies[0]._replace(country=bodies[0].country or country)

    def _note(self, entity: Entity, offset: int) -> None:
        if entity.sort == "generic" and entity.name.lower() in _COMPANY:
            self._company = True
        voice = _voice(entity, offset)
        if entity.sort == "person":
            known = self._persons.get(entity.name)
            self._persons[entity.name] = _merged(known, voice) if known else voice
        if voice.body and entity.sort in {"body", "person"}:
            known = self._bodies.get(body_key(voice.body))
            own = voice._replace(name=None, role=None, name_at=None, role_at=None)
            self._bodies[body_key(voice.body)] = _merged(known, own) if known else own

    def _spelled_out(self, body: str) -> Voice | None:
        """The body whose initials a short name is: "CBK" is the Central Bank of Kenya."""
        if not body.isupper() or not body.isalpha():
            return None
        return next((one for one in self._bodies.values() if one.body and _initials(one.body) == body), None)

    def voice_of(self, line: Line) -> Voice | None:
        """Who has the word in a sentence; None where it is the narrator. To be asked in the order of the text."""
        found = [voice for frame in line.frames if _speaks(frame) and (voice := self._resolve(frame.subject, line))]
        if found:
            best = max(found, key=lambda voice: (voice.name is not None, voice.rank))
            self._remember(best)
            return best
        if line.turn == "answers":
            return self._answering(line)
        quoted = sum(quote.end - quote.start for quote in line.quotes)
        if self._issuer and not line.heading and line.turn is None and not quoted:
            return self._issuer
        if self._last and (quoted > (line.end - line.start) / 2 or _first_person(line.masked)):
            return self._last
        return None

    def complete(self, voice: Voice) -> Voice:
        """A voice with what the rest of the text says of it: the body of a person, the ministry of a country."""
        if voice.name and voice.name in self._persons:
            voice = _merged(voice, self._persons[voice.name])
        voice = self._in_full(voice)
        if voice.body is None or voice.kind is None:
            if voice.body and (known := self._bodies.get(body_key(voice.body))):
                voice = _merged(voice, known)
            elif voice.name is None and voice.country:
                voice = self._of_country(voice)
            elif voice.name and voice.body is None:
                voice = self._body_for(voice)
        elif len(voice.body.split()) == 1 and (full := self._of_noun(voice.body.lower())):
            # "Commission chairperson": the commission that was named in full.
            voice = voice._replace(body=full.body, kind=full.kind, country=full.country)
        if voice.body and voice.kind is None:
            public = voice.role in _PUBLIC
            voice = voice._replace(kind="company" if self._company and not public else "other")
        if voice.body and voice.country is None and voice.kind not in {"company", "international_body"}:
            voice = voice._replace(country=self._country_of(voice))
        return voice

    def _in_full(self, voice: Voice) -> Voice:
        """A voice with the full name of its body in place of the initials."""
        full = self._spelled_out(voice.body) if voice.body else None
        if full is None:
            return voice
        return voice._replace(body=full.body, kind=full.kind, country=full.country, body_at=full.body_at)

    def _of_country(self, voice: Voice) -> Voice:
        """The person, else the body, that speaks for a country in this text, if there is but one."""
        persons = [one for one in self._persons.values() if one.country == voice.country and one.kind == "ministry"]
        if len(persons) == 1:
            return persons[0]
        bodies = {
            one.body: one for one in self._bodies.values() if one.country == voice.country and one.kind == "ministry"
        }
        return next(iter(bodies.values())) if len(bodies) == 1 else voice

    def _body_for(self, voice: Voice) -> Voice:
        """The one body of the text that a person without one can speak for."""
        bodies = list(self._bodies.values())
        body = self._last_body or (bodies[0] if len(bodies) == 1 else None)
        if body is None or not voice.role:
            return voice
        return _merged(voice, body._replace(name=None, role=None, name_at=None, role_at=None))

    def _country_of(self, voice: Voice) -> str | None:
        """The country that the text gives the same body in another place."""
        found = {
            one.country
            for one in (*self._persons.values(), *self._bodies.values())
            if one.body and voice.body and body_key(one.body) == body_key(voice.body) and one.country
        }
        return next(iter(found)) if len(found) == 1 else None

    def _remember(self, voice: Voice) -> None:
        self._last = voice
        if voice.name:
            self._last_person = voice
        if voice.body:
            self._last_body = voice

    def _resolve(self, entity: Entity, line: Line) -> Voice | None:
        if entity.sort == "pronoun":
            return self._last_person if entity.name in {"he", "she"} else self._last_body or self._last
        if entity.sort == "generic":
            return self._of_generic(entity, line.start)
        if entity.sort == "role":
            return self._of_role(entity.name)
        if entity.sort == "name":
            return self._of_name(entity, line)
        voice = _voice(entity, line.start)
        if entity.sort == "person":
            return _merged(self._in_full(voice), self._persons[entity.name])
        return voice

    def _of_role(self, role: str) -> Voice | None:
        """The one person of the text who holds a role: "the governor"."""
        held = [
            one for one in self._persons.values() if one.role and one.role.split()[-1] == role.rsplit(maxsplit=1)[-1]
        ]
        return held[0] if len(held) == 1 else None

    def _of_generic(self, entity: Entity, offset: int) -> Voice | None:
        """The body that "the ministry" is; of one that the text never names, its spokesperson is known at least."""
        noun = entity.name.lower().split()[-1]
        if found := self._of_noun(noun) or self._of_kind(noun):
            return found
        holder = self._of_role(entity.role) if entity.role else None
        if holder is None and entity.role and entity.role_at:
            return Voice(role=entity.role, role_at=(offset + entity.role_at[0], offset + entity.role_at[1]))
        return holder

    def _of_kind(self, noun: str) -> Voice | None:
        """The last body that a noun can mean by its kind."""
        for body in reversed(list(self._bodies.values())):
            if noun in _COMPANY and body.kind in {"company", None}:
                return body
            if body.kind == noun or (
                noun in {"commission", "agency", "authority", "department"}
                and body.kind in {"agency", "election_body", "ministry"}
            ):
                return body
        # "Novalis Pharma has not …, the company said": whoever the text begins with.
        return self._firm if noun in _COMPANY and not self._bodies else None

    def _of_noun(self, noun: str) -> Voice | None:
        """The body whose name holds a noun."""
        named = (body for body in reversed(list(self._bodies.values())) if body.body and len(body.body.split()) > 1)
        return next((body for body in named if body.body and noun in body.body.lower().split()), None)

    def _of_name(self, entity: Entity, line: Line) -> Voice | None:
        place = (line.start + entity.start, line.start + entity.end)
        for name, voice in self._persons.items():
            if entity.name == name or entity.name in (name.split()[-1], name.split()[0]):
                return voice
        if known := self._bodies.get(body_key(entity.name)) or self._spelled_out(entity.name):
            return known
        words = len(entity.name.split())
        if words == 1 and entity.start == 0 and self._names[entity.name] == 1 and entity.name.endswith("s"):
            return None  # "Tests by a laboratory found …": a plain word with the capital of its sentence
        own = re.search(r"\b(?:it|its)\b", line.masked[entity.end :]) is not None
        if words > 1 and not own and self._names[entity.name] <= _FEWEST_SHARED and not self._company:
            # A last name further on is this person's.
            return self._persons.setdefault(entity.name, Voice(name=entity.name, name_at=place))
        voice = Voice(body=entity.name, body_at=place)
        self._bodies.setdefault(body_key(entity.name), voice)
        return voice

    def _answering(self, line: Line) -> Voice | None:
        """Who answers in a transcript: the name before the colon, else the one person or body of the text."""
        turn = max((turn for turn in self._turns if turn.start <= line.start), key=lambda turn: turn.start)
        for name, voice in self._persons.items():
            if turn.who in name or name in turn.who:
                return voice
        if len(turn.who.split()) > 1:
            own = self._in_head([line for line in self._lines[:_HEAD] if line.turn is None]) or Voice()
            return own._replace(name=turn.who, name_at=(turn.start, turn.start + len(turn.who)))
        persons = [voice for voice in self._persons.values() if voice.role]
        if persons:
            return persons[0]
        bodies = list(self._bodies.values())
        return bodies[0] if bodies else Voice()


def _speaks(frame: Frame) -> bool:
    return frame.subject.sort != "pronoun" or frame.subject.name != "it" or frame.verb_start > 0


def _voice(entity: Entity, offset: int) -> Voice:
    at = (offset + entity.start, offset + entity.end)
    role_at = (offset + entity.role_at[0], offset + entity.role_at[1]) if entity.role_at else None
    body_at = (offset + entity.body_at[0], offset + entity.body_at[1]) if entity.body_at else None
    if entity.sort == "person":
        body = None if geography().find(entity.body or "") else entity.body
        name_at = (offset + entity.name_at[0], offset + entity.name_at[1]) if entity.name_at else at
        return Voice(entity.name, entity.role, body, entity.kind, entity.country, name_at, role_at, body_at)
    if entity.sort == "country":
        return Voice(country=entity.country)
    return Voice(None, entity.role, entity.name, entity.kind, entity.country, None, role_at, body_at or at)


def _merged(one: Voice, other: Voice) -> Voice:
    """What two mentions say of one voice, the first before the second."""
    known = {name: value for name, value in one._asdict().items() if value is not None}
    return other._replace(**known)


def _first_person(text: str) -> bool:
    return any(token.bare in {"we", "our"} for token in tokens_of(text)[:2])


def _initials(body: str) -> str:
    return "".join(token.text[0] for token in tokens_of(body) if token.capital)


def body_key(body: str) -> str:
    """A body's name without article and country: "The Foreign Ministry" and "China’s Foreign Ministry" are one."""
    tokens = [token for token in tokens_of(body) if token.bare != "the"]
    rest = [token.bare for token in tokens if not geography().find(token.bare)]
    return " ".join(rest or [token.bare for token in tokens])
