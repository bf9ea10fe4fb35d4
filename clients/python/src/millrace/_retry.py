"""Retry policies: a function of the handler that says, error by error, whether another try makes sense, and when."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal, Union

from ._limits import FAILURE_MESSAGE_BYTES_MAX, cut
from ._outcome import Failed
from .errors import FailTask, RetryTask, seconds_of

#: "retry" and "fail" as they say; a timedelta, or seconds, retries after it; None leaves it to the task.
RetryAnswer = Union[Literal["retry", "fail"], timedelta, float, None]
#: Called with the error and the number of the try that it ended, from 1.
RetryPolicy = Callable[[Exception, int], RetryAnswer]


def apply_policy(
    policy: RetryPolicy | None, error: BaseException, try_number: int, failure: Failed, warn: Callable[[str], None]
) -> Failed:
    """The failure as the policy wants it. A policy that fails itself changes nothing but the message, and `warn` has its traceback.

    It is not asked about what the body decided already: FailTask, RetryTask, and ends of the process.
    """
    if policy is None or not isinstance(error, Exception) or isinstance(error, (FailTask, RetryTask)):
        return failure
    try:
        answer = policy(error, try_number)
        if answer is None:
            return failure
        if answer == "retry":
            return replace(failure, retryable=True)
        if answer == "fail":
            return replace(failure, retryable=False)
        if isinstance(answer, bool) or not isinstance(answer, (timedelta, int, float)):
            raise TypeError(f'the retry policy answered {answer!r}; answer "retry", "fail", a timedelta, seconds, or None')
        return replace(failure, retryable=True, retry_after_s=seconds_of(answer))
    except Exception as own:
        warn(f"the retry policy failed, and the task's own retries hold:\n{traceback.format_exc().rstrip()}")
        note = f"{failure.message} (its retry policy failed: {type(own).__name__}: {own})"
        return replace(failure, message=cut(note, FAILURE_MESSAGE_BYTES_MAX))
