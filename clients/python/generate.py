"""Generates src/millrace/_gen from proto/, or with --check says whether it is fresh.

    pip install -e '.[generate]' && python generate.py

The generated modules import each other under `millrace._gen`, because `millrace` is the name of this package.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
OUT = HERE / "src" / "millrace" / "_gen"
DIGEST = OUT / "proto.sha256"

#: What a worker needs; the services for callers are left out.
FILES = [
    "millrace/v1/value.proto",
    "millrace/v1/asset.proto",
    "millrace/v1/callback.proto",
    "millrace/v1/dag.proto",
    "millrace/v1/deadline.proto",
    "millrace/v1/deferral.proto",
    "millrace/v1/inputs.proto",
    "millrace/v1/schedule.proto",
    "millrace/v1/task_instance.proto",
    "millrace/worker/v1/worker_service.proto",
]


def proto_digest() -> str:
    """SHA-256 over the protos without comments and spacing, so that wording alone makes nothing stale."""
    digest = hashlib.sha256()
    for name in FILES:
        text = re.sub(r"//[^\n]*", "", (PROTO / name).read_text(encoding="utf-8"))
        digest.update(f"{name}\n{' '.join(text.split())}\n".encode())
    return digest.hexdigest()


def generate() -> None:
    from grpc_tools import protoc

    staging = OUT.with_name("_gen_new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    include = Path(protoc.__file__).parent / "_proto"
    flags = [f"-I{PROTO}", f"-I{include}", f"--python_out={staging}", f"--pyi_out={staging}"]
    if protoc.main(["protoc", *flags, *FILES]) != 0:
        raise SystemExit("protoc failed; its message stands above")
    grpc_flags = [f"-I{PROTO}", f"-I{include}", f"--grpc_python_out={staging}"]
    if protoc.main(["protoc", *grpc_flags, FILES[-1]]) != 0:
        raise SystemExit("protoc failed; its message stands above")

    for path in [*staging.rglob("*.py"), *staging.rglob("*.pyi")]:
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"^from millrace\.", "from millrace._gen.", text, flags=re.M), encoding="utf-8")
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.move(str(staging / "millrace"), OUT)
    shutil.rmtree(staging)
    for folder in [OUT, *(path for path in OUT.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text("", encoding="utf-8")
    DIGEST.write_text(proto_digest() + "\n", encoding="utf-8")


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        if DIGEST.exists() and DIGEST.read_text(encoding="utf-8").strip() == proto_digest():
            return 0
        print("clients/python/src/millrace/_gen is stale: run `python generate.py`", file=sys.stderr)
        return 1
    generate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
