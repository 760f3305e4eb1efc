"""How often the language of a claim is told, as the service asks for it: the authored claims and the 2A tweets.

python benchmarks/languages.py --data ../shared/data
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from service.language import language_of
from service.normalise import clean


def claims(data: Path) -> dict[str, list[str]]:
    """Texts by their true language; the tweets, all English, apart."""
    texts: dict[str, list[str]] = defaultdict(list)
    for path in sorted((data / "authored").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for _, _, text, *language in row["claims"]:
                texts[language[0] if language else row["lang"]].append(text)
    for line in (data / "clef2022_2a_en" / "claims.jsonl").read_text(encoding="utf-8").splitlines():
        texts["en (tweets)"].append(json.loads(line)["text"])
    return texts


def main() -> None:
    """Print, for each language, how many claims there are and which part of them is called English."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    for name, texts in sorted(claims(parser.parse_args().data).items()):
        english = sum(language_of(clean(text)) == "en" for text in texts)
        print(f"{name:12} {len(texts):5} claims, called English: {english / len(texts):.3f}")


if __name__ == "__main__":
    main()
