"""Take docs/pictures/report.webp and report-drift.webp: two parts of a report, as a browser shows them.

.venv/bin/python docs/pictures/report.py [published/reports/flight_disruption.html]
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from tests.browser import Browser  # noqa: E402

WIDTH = 1180
# Each picture: the section it begins with, and how many pixels of it; the head has no name.
PARTS = {"report": ("", 1030), "report-drift": ("drift", 720)}


def main(file: Path) -> None:
    """Open the report, and write its parts beside this file."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(Path(folder))
        browser.look(file, widths=(WIDTH,))
        whole = Image.open(io.BytesIO(browser.picture(WIDTH))).convert("RGB")
        for name, (anchor, height) in PARTS.items():
            box = (
                browser.run(f"document.getElementById('{anchor}').getBoundingClientRect().toJSON()")
                if anchor
                else {"x": 20, "y": 0}
            )
            left, top = int(box["x"]) - 20, int(box["y"] + browser.run("scrollY"))
            part = whole.crop((left, top, WIDTH, top + height))
            part.save(Path(__file__).with_name(f"{name}.webp"), quality=82, method=6)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "published" / "reports" / "flight_disruption.html")
