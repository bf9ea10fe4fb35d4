"""`python -m millrace handlers.py`: a worker for the functions of a file that `@task` marks."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import sys
from pathlib import Path
from types import ModuleType

from ._limits import TRIGGER_SLOTS
from ._version import VERSION

#: Where `millrace up` leaves the worker key.
DEFAULT_KEY_FILE = Path(".millrace/keys/worker.key")
KEY_VARIABLE = "MILLRACE_WORKER_KEY"
KEY_FILE_VARIABLE = "MILLRACE_WORKER_KEY_FILE"

EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED = 1, 2, 4


class EventFormatter(logging.Formatter):
    """One line a record: time, level, logger, message, and the facts beside it."""

    def format(self, record: logging.LogRecord) -> str:
        known = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}
        fields = {key: value for key, value in vars(record).items() if key not in known}
        facts = "".join(f" {key}={json.dumps(value, default=str)}" for key, value in fields.items())
        return f"{super().format(record)}{facts}"


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    stderr = logging.StreamHandler()
    stderr.setFormatter(EventFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO, handlers=[stderr])

    from ._worker import Worker
    from .errors import ConfigError, WorkerRefused

    # Out of the environment at once: bodies, and processes they start, inherit it.
    key = os.environ.pop(KEY_VARIABLE, None)
    key_file = options.key_file or os.environ.get(KEY_FILE_VARIABLE) or (None if key else DEFAULT_KEY_FILE)
    try:
        worker = Worker(
            options.server,
            key=None if key_file else key,
            key_file=key_file,
            name=options.name,
            queues=options.queue or ["default"],
            slots=options.slots,
            trigger_slots=options.trigger_slots,
            tls=options.ca_file or options.tls,
            insecure=options.insecure,
            cancel_grace=options.cancel_grace,
            drain_grace=options.drain_grace,
        )
        for file in options.file:
            worker.add_module(load(file))
        worker.run()
    except ConfigError as error:
        print(f"millrace-worker: {error}", file=sys.stderr)
        return EXIT_USAGE
    except WorkerRefused as error:
        print(f"millrace-worker: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def load(file: Path) -> ModuleType:
    """Imports a file by its own name, from its folder, so that a process of its own can import it again."""
    from .errors import ConfigError

    if not file.is_file() or file.suffix != ".py":
        raise ConfigError(f"{file} is not a Python file")
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.import_module(file.stem)
    if Path(module.__file__ or "").resolve() != file.resolve():
        raise ConfigError(f"the name of {file} hides the module {module.__name__} at {module.__file__}; rename the file")
    return module


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="millrace-worker",
        description="Runs the functions that @task marks as handlers for tasks of Millrace DAGs.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("file", nargs="+", type=Path, help="Python file with functions that @task marks")
    parser.add_argument("--server", default="127.0.0.1:7070", help="host:port of the server's gRPC port")
    parser.add_argument("--queue", action="append", help="queue to take work from; may be repeated (default: default)")
    parser.add_argument("--slots", type=int, default=4, help="attempts that run at a time")
    parser.add_argument(
        "--trigger-slots", type=int, default=TRIGGER_SLOTS, help="waits that are watched at a time: for URLs, files and triggers of the file; 0 for none"
    )
    parser.add_argument("--name", help="name shown in lists")
    parser.add_argument(
        "--key-file",
        type=Path,
        help=f"file with the worker key; else {KEY_FILE_VARIABLE}, or the key itself in {KEY_VARIABLE}, else {DEFAULT_KEY_FILE}",
    )
    parser.add_argument("--tls", action="store_true", help="connect with TLS")
    parser.add_argument("--ca-file", help="connect with TLS and trust this authority")
    parser.add_argument("--insecure", action="store_true", help="allow plaintext to another machine")
    parser.add_argument("--cancel-grace", type=float, default=10.0, help="seconds a body gets to stop by itself")
    parser.add_argument("--drain-grace", type=float, default=30.0, help="seconds running bodies get after SIGTERM")
    parser.add_argument("--verbose", action="store_true", help="log more about the worker itself")
    parser.add_argument("--version", action="version", version=f"millrace-worker {VERSION}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
