/** DAGs whose bodies misbehave, and one that does not. */
import { dag, task } from "@millrace/sdk";

const limits = { executionTimeout: "2s", retries: 0 } as const;

const throwing = task(function throwing() {
  throw new TypeError("the price is not a number");
});

const exiting = task(function exiting() {
  process.exit(3);
});

const blocking = task(limits, function blocking() {
  for (;;) Math.sqrt(Math.random());
});

const hanging = task(limits, function hanging() {
  return new Promise<void>(() => setInterval(() => undefined, 1000));
});

const printing = task(function printing() {
  for (let n = 1; n <= 100_000; n++) console.log(`line ${n}`);
  return "printed";
});

const oversized = task(function oversized() {
  return "x".repeat(65 * 1024 * 1024);
});

const fine = task(function fine() {
  return "fine";
});

export const throws = dag("throws", {}, () => void throwing());
export const exits = dag("exits", {}, () => void exiting());
export const blocks = dag("blocks", {}, () => void blocking());
export const hangs = dag("hangs", {}, () => void hanging());
export const prints = dag("prints", {}, () => void printing());
export const returnsTooMuch = dag("returns_too_much", {}, () => void oversized());
export const healthy = dag("healthy", {}, () => void fine());
export const typed = dag(
  "typed_params",
  {
    params: {
      type: "object",
      properties: {
        region: { type: "string", enum: ["eu", "us"], default: "eu" },
        size: { type: "integer" },
      },
      additionalProperties: false,
    },
  },
  () => void fine(),
);
