/** Tasks that hand on more than fits into a row, and some that pull. */
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { context, dag, each, SkipTask, task } from "@millrace/sdk";

export type Row = { readonly id: number; readonly text: string };

/** Bytes of codec JSON, about. */
const megabytes = (count: number): Row[] =>
  Array.from({ length: count * 1_000 }, (_, id) => ({ id, text: "é".repeat(488) }));

const make = task(function make(count: number) {
  return { rows: megabytes(count), at: new Date(0) };
});

const check = task(function check(made: { rows: Row[]; at: Date }) {
  const { rows, at } = made;
  return { count: rows.length, last: rows.at(-1)?.id ?? -1, isDate: at instanceof Date, rows };
});

/** A task returns 10 MB, another takes them and returns them. */
export const handed = dag("handed", {}, () => check(make(10)));

const go = task(async function go(file: string) {
  while (!existsSync(file)) await setTimeout(20);
});

const size = task({ retries: 0 }, function size(made: { rows: Row[] }) {
  return made.rows.length;
});

/** The second task begins once a file is there. */
export const gated = dag("gated", { params: z.object({ file: z.string() }) }, (run) => {
  const made = make(1);
  const sized = size(made);
  const gate = go(run.params.file);
  made.before(gate);
  gate.before(sized);
  return sized;
});

const list = task(function list() {
  return { chunks: [megabytes(5)] };
});

/** So many that each is more than fits into a row, too. */
const chunks = task(function chunks(made: { chunks: Row[][] }) {
  const [rows = []] = made.chunks;
  return Array.from({ length: 5 }, (_, n) => rows.slice(n * 1_000, (n + 1) * 1_000));
});

const upper = task(function upper(rows: readonly Row[]) {
  context().xcom.push(
    "ids",
    rows.map(({ id }) => id),
  );
  return rows.map(({ id, text }) => ({ id, text: text.toUpperCase() }));
});

const sum = task(function sum(all: readonly (readonly Row[])[]) {
  return all
    .flat()
    .reduce((total, { id, text }) => total + id + (text.startsWith("É") ? 0 : 1e9), 0);
});

/** Mapped over a list of 5 MB; each instance returns 1 MB. */
export const mapped = dag("mapped_large", {}, () => sum(upper(each(chunks(list())))));

const leave = task(function leave(x: number) {
  const { xcom } = context();
  xcom.push("double", x * 2);
  if (x === 2) {
    xcom.push("reason", "two is skipped");
    throw new SkipTask("two");
  }
  return x === 1 ? null : x;
});

const quiet = task(function quiet() {});

const pulls = task({ triggerRule: "all_done" }, async function pulls() {
  const { xcom } = context();
  return {
    returned: await xcom.pull({ tasks: "leave" }),
    doubles: await xcom.pull({ tasks: "leave", key: "double" }),
    reason: await xcom.pull({ tasks: "leave", key: "reason", mapIndexes: 2 }),
    one: await xcom.pull({ tasks: "leave", mapIndexes: [1, 2], default: "none" }),
    nothing: await xcom.pull({ tasks: "quiet", default: "none" }),
    several: await xcom.pull({ tasks: ["quiet", "leave"] }),
    unknown: await xcom.pull({ tasks: "laeve" }).catch((error: Error) => error.message),
  };
});

export const pulled = dag("pulled", {}, () => {
  const left = leave(each([0, 1, 2, 3]));
  const asks = pulls();
  quiet().before(asks);
  left.before(asks);
  return asks;
});

const count = task(async function count() {
  const { xcom } = context();
  const before = await xcom.pull<number>({ includePriorDates: true, key: "count", default: 0 });
  xcom.push("count", before + 1);
  return before + 1;
});

/** Counts its runs. */
export const counter = dag("counter", {}, () => count());

const tooMuch = task({ retries: 0 }, function tooMuch() {
  return "x".repeat(64 * 1024 * 1024);
});

export const refused = dag("refused", {}, () => tooMuch());
