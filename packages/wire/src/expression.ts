/** Expressions on the wire and as the engine knows them: JSON text as UTF-8, in arguments and in the sources of a mapping. */

import type { MapAxis } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import type { MapAxis as MapAxisMessage } from "./gen/millrace/v1/dag_pb.ts";

const writer = new TextEncoder();
const reader = new TextDecoder("utf-8", { fatal: true });

export function expressionToProto(text: string): Uint8Array<ArrayBuffer> {
  return writer.encode(text);
}

/**
 * @param field the path in the spec, for the message
 * @throws MillraceError DAG_INVALID for bytes that are not UTF-8
 */
export function expressionFromProto(bytes: Uint8Array, field: string): string {
  try {
    return reader.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const value = `${bytes.length} bytes`;
    throw new MillraceError("DAG_INVALID", `${field} is ${value}: send JSON as UTF-8.`, {
      metadata: { field, value },
    });
  }
}

export function axesToProto(each: readonly MapAxis[]): { sources: Uint8Array<ArrayBuffer>[] }[] {
  return each.map(({ sources }) => ({ sources: sources.map(expressionToProto) }));
}

/**
 * @param owner what is mapped, such as `tasks["score"]`
 * @throws MillraceError DAG_INVALID for bytes that are not UTF-8
 */
export function axesFromProto(each: readonly MapAxisMessage[], owner: string): MapAxis[] {
  return each.map((axis, at) => ({
    sources: axis.sources.map((bytes, n) =>
      expressionFromProto(bytes, `${owner}.each[${at}].sources[${n}]`),
    ),
  }));
}
