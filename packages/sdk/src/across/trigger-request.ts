/** What a body asks for that wants a run of another DAG. */

import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import { encodeValue } from "../codec/codec.ts";
import { refuseField } from "../options/refuse-field.ts";
import { dagForms, dagIdOf, type DagRef } from "./dag-ref.ts";

export type TriggerRunOptions = {
  /** Checked against the DAG's schema by the server. Default {}. */
  readonly params?: unknown;
  /** Unique within the DAG. Default: the run has none. */
  readonly logicalDate?: Instant | null;
  /** For people, at most 1000 characters. */
  readonly note?: string;
  /**
   * What to do when the DAG has a run with this logical date: "fail" does nothing and says so, "clear" runs it again, "use"
   * takes it as it is. Default "fail".
   */
  readonly ifExists?: "fail" | "clear" | "use";
  /**
   * What to do when an earlier attempt of this task instance has made a run: "continue" takes that, and clears what failed
   * in it when it has failed; "another" makes one more. Default "continue".
   */
  readonly ifMade?: "continue" | "another";
  /** How many runs may have triggered one another, the new one included. Default 10, at most 100. */
  readonly maxDepth?: number;
};

/** The run that a body asked for. */
export type TriggeredRun = {
  readonly dagId: string;
  readonly runId: string;
  /** Unique within its DAG. */
  readonly runName: string;
  /** When it was asked for. */
  readonly state: "queued" | "running" | "success" | "failed";
  /** `exists`: nothing was done. `made` also when this attempt had made it before. */
  readonly outcome: "made" | "exists" | "cleared" | "used" | "continued";
};

/** As the session thread sends it. */
export type TriggerRequest = {
  readonly dagId: string;
  /** Codec JSON. */
  readonly params: Uint8Array;
  readonly logicalDate: number | null;
  readonly note: string;
  readonly ifExists: "fail" | "clear" | "use";
  readonly ifMade: "continue" | "another";
  readonly maxDepth: number;
};

const defaultDepth = 10;
const depthMax = 100;
const noteMax = 1000;

/** @throws MillraceError FIELD_INVALID, VALUE_INVALID */
export function triggerRequest(dag: DagRef, options: TriggerRunOptions): TriggerRequest {
  const what = "triggerDag";
  const dagId = dagIdOf(dag) ?? refuseField(`${what}: dag`, dag, dagForms);
  const { params = {}, logicalDate = null, note = "" } = options;
  const { ifExists = "fail", ifMade = "continue", maxDepth = defaultDepth } = options;
  const at = logicalDate === null ? null : instantMs(logicalDate);
  if (logicalDate !== null && at === null)
    refuseField(`${what}: logicalDate`, logicalDate, `${instantForms}; or null for none`);
  if (typeof note !== "string" || note.length > noteMax)
    refuseField(`${what}: note`, note, `a text of at most ${noteMax} characters`);
  if (!["fail", "clear", "use"].includes(ifExists))
    refuseField(`${what}: ifExists`, ifExists, '"fail", "clear" or "use"');
  if (!["continue", "another"].includes(ifMade))
    refuseField(`${what}: ifMade`, ifMade, '"continue" or "another"');
  if (!Number.isInteger(maxDepth) || maxDepth < 1 || maxDepth > depthMax)
    refuseField(`${what}: maxDepth`, maxDepth, `a whole number from 1 to ${depthMax}`);
  return {
    dagId,
    params: encodeValue(params, `the params for DAG "${dagId}"`),
    logicalDate: at,
    ...{ note, ifExists, ifMade, maxDepth },
  };
}
