/** Compares random cron expressions with the brute force: `npm run oracle:cron -- --expressions 100000 --seed 1`. */

import { parseArgs } from "node:util";
import { compare } from "./compare.ts";

const { values } = parseArgs({
  options: {
    expressions: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});

const shownMax = 20;
const began = performance.now();
const found = compare({
  expressions: Number(values.expressions),
  seed: Number(values.seed),
  onProgress(done) {
    if (done % 10_000 === 0) console.error(`${done} expressions`);
  },
});
const { differences, windows, ...counts } = found;
console.log(JSON.stringify({ ...counts, windows, differences: differences.length }));
for (const { expression, zone, what } of differences.slice(0, shownMax))
  console.log(`"${expression}" in ${zone}: ${what}`);
console.error(`${Math.round((performance.now() - began) / 1000)} s`);
process.exitCode = differences.length === 0 ? 0 : 1;
