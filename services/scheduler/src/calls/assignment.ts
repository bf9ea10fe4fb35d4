/** What a worker is told of a call. */

import { create } from "@bufbuild/protobuf";
import { durationOf } from "@millrace/wire";
import { Isolation, TaskControl, TaskKind } from "@millrace/wire/v1";
import { AssignmentSchema, type Assignment } from "@millrace/wire/worker";
import type { Question } from "./call.ts";

export function callAssignment(attemptId: string, question: Question): Assignment {
  const { dag, version, handler, name, args, timeoutMs } = question;
  return create(AssignmentSchema, {
    attemptId,
    run: { dagId: dag.dagId, dagVersion: version.number },
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 1,
    handler,
    kind: TaskKind.BUNDLE,
    bundleDigest: version.bundleDigest,
    args: new TextEncoder().encode(typeof args === "string" ? args : args()),
    executionTimeout: durationOf(timeoutMs),
    isolation: Isolation.THREAD,
    control: TaskControl.NONE,
    call: { name },
  });
}
