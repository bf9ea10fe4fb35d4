/**
 * `npm run simulate -- --seeds N [--seed S] [--bug name] [--trace]`: simulates seeds and says what came of them, in plain
 * lines. Ends with 1 when something was wrong.
 */

import { parseArgs } from "node:util";
import { bugs, type BugName } from "./bugs.ts";
import { Summary } from "./summary.ts";
import { simulate } from "./simulate.ts";

const usage = `npm run simulate -- [options]
  --seeds <n>   How many seeds. Default 100, with --seed 1.
  --seed <n>    The first of them. Default 1.
  --bug <name>  Plants a bug: ${Object.keys(bugs).join(", ")}.
  --go-on       Goes on after a failure.
  --trace       Prints everything that happens.`;

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      bug: { type: "string" },
      "go-on": { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const first = Number(values.seed ?? 1);
  const count = Number(values.seeds ?? (values.seed === undefined ? 100 : 1));
  const bug = values.bug;
  const isKnown = bug === undefined || Object.hasOwn(bugs, bug);
  if (values.help || !isKnown || !Number.isSafeInteger(first) || !Number.isSafeInteger(count)) {
    write(usage);
    return values.help ? 0 : 2;
  }
  const summary = new Summary();
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate({
      seed,
      ...(bug === undefined ? {} : { bug: bug as BugName }),
      ...(values.trace ? { write } : {}),
    });
    summary.add(result);
    if (result.failures.length > 0) {
      for (const line of failureLines(result, bug)) write(line);
      if (!values["go-on"]) break;
    } else if (seed % progressEvery === 0) {
      write(summary.line());
    }
  }
  for (const line of summary.lines()) write(line);
  return summary.failed === 0 ? 0 : 1;
}

const progressEvery = 500;

function failureLines(
  { seed, failures, last, sum }: Awaited<ReturnType<typeof simulate>>,
  bug: string | undefined,
): string[] {
  const planted = bug === undefined ? "" : ` --bug ${bug}`;
  const words = failures.map((error) =>
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
  return [
    `seed ${seed} FAILED`,
    ...words.map((text) => `  ${text}`),
    `  the last ${last.length} lines of its trace (sum ${sum}):`,
    ...last.map((line) => `  ${line}`),
    `  replay: npm run simulate -- --seed ${seed}${planted} --trace`,
  ];
}

process.exitCode = await main();
