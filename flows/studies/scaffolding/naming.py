"""Names that SQL can carry, made of what people write in any script."""

from __future__ import annotations

import re
import unicodedata

from slugify import slugify

from ml.problem.declared.columns import IDENTIFIER

# Letters that German writes as two where it has no marks; what other marks and scripts become, the library knows.
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"})


def snake(text: str) -> str:
    """Words of any script as lower-case letters, digits and single _; empty where nothing of it can be read.

    `Zähler-Nr.` is zaehler_nr, `São Paulo` sao_paulo, `Номер` nomer.
    """
    written = unicodedata.normalize("NFC", text).translate(GERMAN)
    # What is no letter of ASCII parts words here; of the rest the library says how it is read.
    return slugify(re.sub(r"[^a-zA-Z0-9\x80-\U0010ffff]+", "_", written), separator="_", entities=False)


def column(text: str) -> str:
    """The name of a column of such a heading: `Visit No.` and `VisitNo` are visit_no, `1st` is c_1st."""
    name = snake(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text))
    return name if IDENTIFIER.match(name) else f"c_{name}".rstrip("_")[:60]
