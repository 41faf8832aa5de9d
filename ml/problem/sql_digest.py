"""What SQL says, as a digest: neither how it is laid out, nor what comments say, nor in which file the warehouse lies."""

import hashlib
import re
from collections.abc import Mapping

# Text and quoted names whole, because a space or two dashes within them mean something; then comments, words, anything else.
TOKENS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\w+|[^\s\w]""", flags=re.S)
LENGTH = 12

Digests = Mapping[str, str]


def digest(sql: str, database: str = "") -> str:
    """The first digits of the sha256 (hex) of the tokens of `sql`; names of tables count without their `database`."""
    if database:
        sql = sql.replace(f'"{database}".', "")
    tokens = [token if token[0] in "'\"" else token.lower() for token in TOKENS.findall(sql) if token[:2] not in ("--", "/*")]
    return hashlib.sha256("\n".join(tokens).encode()).hexdigest()[:LENGTH]


def changed(before: Digests, now: Digests) -> list[str]:
    """The models that are in one only, or have another digest in each."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
