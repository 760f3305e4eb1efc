"""How many records of the starter corpus warn of each other: what a desk would see that entered them one by one.

Every record is another denial, so each warning is either a false alarm or two authorities' word on one rumor.

    python benchmarks/near_duplicates.py
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

from service.runtime import Runtime
from service.settings import Settings
from service.similar import Similar


async def warnings(runtime: Runtime) -> list[tuple[str, Similar]]:
    """Each record's id with each record that it warns of."""
    found = []
    for record in runtime.store.scan():
        near = await runtime.neighbours.of(record, but=record.id)
        found += [(record.id, one) for one in near if one.duplicate]
    return found


def main() -> None:
    """Print every pair that warns, and how many there are."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(Settings(db=Path(folder) / "rejoinder.db", multilingual="off"))
        found = asyncio.run(warnings(runtime))
        records = runtime.store.count()
        runtime.close()
    pairs: dict[tuple[str, str], Similar] = {}
    for name, one in found:
        low, high = sorted((name, one.rebuttal.id))
        pairs.setdefault((low, high), one)
    for (low, high), one in sorted(pairs.items()):
        by = "one authority" if one.same_authority else "two authorities"
        print(f"{low}  {high}  {by}, {'read' if one.same_rumor is not None else 'not read'}")
    same = sum(one.same_authority for one in pairs.values())
    warned = set(itertools.chain.from_iterable(pairs))
    print(f"{records} records: {len(pairs)} pairs warn, {same} of them of one authority; {len(warned)} records in them")


if __name__ == "__main__":
    main()
