/** Judges the DAGs of a registration, each alone: what to store, and what is wrong with the rest. */

import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { compileDag, isMillraceError, validateDagSpec, type DagSpec } from "@millrace/engine";
import { dagSpecFromProto, dagSpecToProto } from "@millrace/wire";
import { DagSpecSchema, type DagSpec as DagSpecMessage } from "@millrace/wire/v1";
import { compileParamsSchema } from "./params.ts";

export type Accepted = {
  readonly spec: DagSpec;
  /** Without the source. */
  readonly bytes: Uint8Array;
  readonly digest: string;
};

export type Refused = { readonly file: string; readonly message: string };

/** Problems of one DAG shown in its import error. */
const problemsShown = 10;

export function judgeDags(messages: readonly DagSpecMessage[]): {
  accepted: Accepted[];
  refused: Refused[];
} {
  const accepted: Accepted[] = [];
  const refused: Refused[] = [];
  const seen = new Set<string>();
  for (const message of messages) {
    const spec = read(message);
    if (typeof spec === "string") refused.push({ file: message.file, message: spec });
    else if (seen.has(spec.dagId))
      refused.push({
        file: spec.file,
        message: `DAG "${spec.dagId}" is defined twice in this folder; give one of them another id.`,
      });
    else accepted.push({ spec, ...encode(message) });
    seen.add(message.dagId);
  }
  return { accepted, refused };
}

/** The engine's spec, or what is wrong. */
function read(message: DagSpecMessage): DagSpec | string {
  try {
    const spec = dagSpecFromProto(message);
    const problems = validateDagSpec(spec).map((problem) => problem.message);
    if (problems.length > 0) return sentence(spec.dagId, problems);
    compileDag(spec);
    compileParamsSchema(spec.paramsSchema);
    if (spec.bundleDigest === null && spec.tasks.some((task) => task.kind === "bundle")) {
      return sentence(spec.dagId, [
        "bundleDigest is missing: it has tasks of a bundle; upload the bundle and name its digest.",
      ]);
    }
    return spec;
  } catch (error) {
    if (isMillraceError(error)) return sentence(message.dagId, [error.message]);
    throw error;
  }
}

function sentence(dagId: string, problems: readonly string[]): string {
  const more =
    problems.length > problemsShown ? [`… and ${problems.length - problemsShown} more.`] : [];
  const shown = [...problems.slice(0, problemsShown), ...more];
  return `DAG "${dagId}" was refused: ${shown.join("\n")}`;
}

/** A DAG that is not quite as it was sent. */
export function encodedAnew(spec: DagSpec): Accepted {
  return { spec, ...encode(dagSpecToProto(spec)) };
}

function encode(message: DagSpecMessage): { bytes: Uint8Array; digest: string } {
  const bytes = toBinary(DagSpecSchema, create(DagSpecSchema, { ...message, source: "" }));
  const digest = createHash("sha256")
    .update(bytes)
    .update("\0")
    .update(message.source)
    .digest("hex");
  return { bytes, digest };
}
