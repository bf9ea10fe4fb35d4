/** What runs hold in memory. */
import { compileDag, type Run } from "@millrace/engine";
import { median } from "../statistics.ts";
import { Drive } from "./drive.ts";
import type { Shape } from "./shapes.ts";
import { verifyEnd } from "./verify.ts";

export type Bytes = {
  /** Of a run at its end, by instance: its typed arrays, counted. */
  readonly arrays: number;
  /** The same run, as the process grows by it: heap and external. */
  readonly process: number;
  /** Of the compiled DAG without its spec, as the process grows by it; all runs share it. */
  readonly dag: number;
};

const repeats = 3;
/** Instances, and tasks of compiled DAGs, held at a time: noise of some 100 KB does not count beside them. */
const held = 1_000_000;
const dagsHeldMax = 1_000;

export function measureMemory(shape: Shape): Bytes {
  const { dag, instances } = shape;
  const runs = Math.ceil(held / instances);
  const dags = Math.min(dagsHeldMax, Math.ceil(held / 10 / dag.tasks.length));
  const grown = Array.from({ length: repeats }, () => ({
    run: growth(runs, () => endedRun(shape)),
    dag: growth(dags, () => compileDag(dag.spec)),
  }));
  return {
    arrays: arrayBytes(endedRun(shape)) / instances,
    process: median(grown.map(({ run }) => run)) / instances,
    dag: median(grown.map((it) => it.dag)),
  };
}

function endedRun(shape: Shape): Run {
  const drive = new Drive(shape).go();
  verifyEnd(drive, shape);
  return drive.run;
}

/** Bytes by which the process grows with each of these, when all are held. */
function growth(count: number, make: () => object): number {
  const before = bytesInUse();
  const kept = Array.from({ length: count }, make);
  const after = bytesInUse();
  // Read after the measurement, so that nothing of it is collected before.
  return (after - before) / kept.length;
}

function bytesInUse(): number {
  if (globalThis.gc === undefined)
    throw new Error("No figure: start node with --expose-gc, as `npm run bench:engine` does.");
  for (let n = 0; n < 3; n++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Of the arrays that are the run's own; those that it shares with other runs of its DAG are not counted. */
function arrayBytes({ dag, instances, tallies, lengths, counts }: Run): number {
  const shared = new Set(buffersIn(Object.values(dag.blank)));
  const own = buffersIn([instances, tallies, lengths].flatMap((it) => Object.values<unknown>(it)));
  const all = new Set([counts.buffer, ...own].filter((it) => !shared.has(it)));
  return [...all].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function buffersIn(values: readonly unknown[]): ArrayBufferLike[] {
  return values.flatMap((value) => {
    if (value instanceof Map) return buffersIn([...value.values()]);
    return ArrayBuffer.isView(value) ? [value.buffer] : [];
  });
}
