/** Texts of the test double. */

export const paramsSchema = JSON.stringify({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    table: { type: "string", description: "Which table to copy.", minLength: 1 },
    region: {
      type: "string",
      enum: ["eu", "us", "apac"],
      default: "eu",
      description: "Where it lives.",
    },
    rows: {
      type: "integer",
      minimum: 1,
      maximum: 1_000,
      default: 100,
      description: "Rows in a batch.",
    },
    ratio: { type: "number", minimum: 0, maximum: 1, default: 0.5 },
    dryRun: { type: "boolean", default: true, description: "Only says what it would do." },
    since: { type: "string", format: "date-time", description: "Rows changed after this." },
    options: {
      type: "object",
      default: { compress: true },
      description: "Passed on to the copier.",
    },
    columns: { type: "array", items: { type: "string" } },
  },
  required: ["table"],
});

export function exampleSource(dagId: string): string {
  return `import { chain, context, dag, task } from "@millrace/sdk";

/** Reads what changed since the last run. */
const extract = task({ retries: 3, retryDelay: "30s" }, async function extract(day: string) {
  context().log.info("fetching", { day });
  const response = await fetch(\`https://example.com/rows?day=\${day}\`);
  if (!response.ok) throw new Error("The source answered " + response.status);
  return (await response.json()) as Row[];
});

const transform = task(async function transform(rows: Row[], scale: number) {
  // Rows without an amount come from test shops.
  const kept = rows.filter((row) => row.amount !== null);
  return { total: kept.reduce((sum, row) => sum + row.amount * scale, 0), rows: kept };
});

const load = task({ executionTimeout: "10m" }, async function load(batch: Batch) {
  await store.insertMany(batch.rows, 500);
});

export default dag("${dagId}", { schedule: "@daily", tags: ["etl"] }, (run) => {
  const batch = transform(extract(run.ds), 2);
  load(batch);
});
`;
}

const subjects = ["batch", "page", "row group", "partition", "request"];
const verbs = ["read", "checked", "wrote", "merged", "skipped"];

/** A line of an attempt's log; the same for the same place, so that a page can be read again. */
export function logText(
  taskId: string,
  seq: number,
): { message: string; fields: string; level: number } {
  const subject = subjects[(seq * 7) % subjects.length] ?? "";
  const verb = verbs[(seq * 3) % verbs.length] ?? "";
  if (seq === 1) return { message: `starting ${taskId}`, fields: '{"attempt":1}', level: 2 };
  if (seq % 97 === 0) {
    return {
      message: `\u001b[31mrefused\u001b[0m by the source: 503 Service Unavailable`,
      fields: "",
      level: 4,
    };
  }
  if (seq % 23 === 0) {
    return {
      message: `${subject} ${seq} is slow, ${(seq % 9) + 1}.2 s`,
      fields: '{"limit":"1s"}',
      level: 3,
    };
  }
  if (seq % 11 === 0) return { message: `cache miss for ${subject} ${seq}`, fields: "", level: 1 };
  if (seq % 6 === 0) {
    return { message: `\u001b[32m✓\u001b[0m ${verb} ${subject} ${seq}`, fields: "", level: 2 };
  }
  return {
    message: `${verb} ${subject} ${seq}`,
    fields: JSON.stringify({ rows: (seq * 37) % 900, ms: (seq * 13) % 240 }),
    level: 2,
  };
}

export const parseStack = `TypeError: Cannot read properties of undefined (reading 'split')
    at parseLine (file:///bundles/3fa1c9/broken_import.js:41:23)
    at Array.map (<anonymous>)
    at parse (file:///bundles/3fa1c9/broken_import.js:52:18)
    at runBody (file:///node_modules/@millrace/sdk/src/worker/body.ts:88:26)
    at async MessagePort.<anonymous> (file:///node_modules/@millrace/sdk/src/worker/thread.ts:31:5)`;
