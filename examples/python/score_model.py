"""The Python half of the DAG `polyglot`: scores customers by what they spent and how long they have been with us.

    pip install ./clients/python
    python -m millrace examples/python/score_model.py --queue python
"""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TypedDict

from millrace import FailTask, context, task


class Customer(TypedDict):
    id: int
    since: datetime
    spent: float


@task
def score_model(customers: list[Customer]) -> dict[str, object]:
    """A score between 0 and 1 for each customer, by id."""
    if not customers:
        raise FailTask("there are no customers to score")
    here = context()
    here.log.info("scoring", customers=len(customers), run=here.run.name)
    scores: dict[int, float] = {}
    for customer in customers:
        # A place to stop when the run is cancelled or the attempt has timed out.
        here.check()
        years = (here.run.instant - customer["since"]).days / 365.25
        scores[customer["id"]] = round(1 / (1 + math.exp(-(customer["spent"] - 500) / 200 - years / 10)), 4)
    print(f"best score: {max(scores.values())}")
    # A dict with ints as keys arrives in TypeScript as a Map, the datetime as a Date.
    return {"model": "logistic 1", "scoredAt": datetime.now(timezone.utc), "scores": scores}
