from __future__ import annotations

import runpy
from pathlib import Path

GENERATE = Path(__file__).parents[1] / "generate.py"


def test_the_generated_code_is_that_of_the_protos():
    script = runpy.run_path(str(GENERATE))
    assert script["DIGEST"].read_text().strip() == script["proto_digest"](), "run `python generate.py`"
