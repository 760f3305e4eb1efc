"""When two web addresses lead to one page: what tells how a reader came there does not count."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

_TRACKING: Final = frozenset(
    """fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid mkt_tok _hsenc
    _hsmi vero_id oly_anon_id oly_enc_id wickedid s_cid cmpid ns_campaign ns_mchannel ns_source at_campaign at_medium
    __twitter_impression amp_js_v usqp spm smid ref_src ref_url ftag __source""".split()  # noqa: SIM905 - one vocabulary
)
_CAMPAIGN: Final = re.compile(r"(?:utm|pk|mtm|hsa|piwik)_", re.IGNORECASE)
_DEFAULT_PORT: Final = re.compile(r"^(https?://[^/?#]*?):(?:80|443)?(?=[/?#]|$)", re.IGNORECASE)


def canonical(url: str) -> str:
    """The address as a key to compare by; what is kept and shown is always the address that was given.

    Scheme and host in lower case, ``http`` as ``https``, no default port, no fragment, parameters in order, and none
    that only tell where a reader came from (``utm_…``, ``fbclid`` and their like). Never raises: an address that
    cannot be taken apart is its own key.
    """
    from w3lib.url import canonicalize_url, url_query_cleaner  # noqa: PLC0415 - 0.2 s that only a writer has to spend

    try:
        query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        idle = [name for name, _ in query if name.lower() in _TRACKING or _CAMPAIGN.match(name)]
        cleaned = url_query_cleaner(url, idle, remove=True) if idle else url
        known: str = canonicalize_url(_DEFAULT_PORT.sub(r"\1", cleaned), keep_fragments=False)
    except ValueError:
        return url
    return re.sub(r"^http:", "https:", known)
