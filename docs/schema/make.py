"""Write docs/schema/problem.schema.json anew, after a change in `ml/problem/declared/`.

PYTHONPATH=. .venv/bin/python docs/schema/make.py
"""

import json
from pathlib import Path

from ml.problem.declared.schema import schema

if __name__ == "__main__":
    Path(__file__).with_name("problem.schema.json").write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n")
