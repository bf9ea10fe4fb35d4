/** The DAGs of the test double: those whose runs are plain; the others are in `fake-dags-inside.ts`. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { InputOrder, type InputTermSchema } from "@millrace/wire/v1";
import { fakeDag } from "./fake-dag.ts";
import type { FakeDag } from "./fake-dag.ts";
import { fakeDagsInside } from "./fake-dags-inside.ts";
import { fakeDagsWaiting } from "./fake-dags-waiting.ts";
import { paramsSchema } from "./fake-texts.ts";

const apps = "security main ext time token bridge daemon notification message".split(" ");
const downloads = apps.map((app) => `download_${app}App.log`);
const shards = Array.from({ length: 196 }, (_, ix) => `shard_${String(ix).padStart(3, "0")}`);

export function fakeDags(): readonly FakeDag[] {
  return [
    fakeDag("monitor_errors", {
      description:
        "Downloads nine application logs, parses them and reports errors over a threshold.",
      tags: ["logs", "report"],
      cron: "0 6 * * 1-5",
      timezone: "Europe/Madrid",
      history: 25,
      resultTaskId: "gen_reports",
      tasks: {
        ...Object.fromEntries(
          downloads.map((id, ix) => [id, { ms: 1_500 + ix * 350, lines: 20 + ix * 3 }]),
        ),
        drop_exception: {
          ms: 2_500,
          after: downloads,
          lines: 30,
          result: { kept: 17_204, dropped: 796 },
        },
        create_table: { ms: 900, after: ["drop_exception"], lines: 4 },
        parse_log: { ms: 5_000, after: ["create_table"], lines: 220 },
        gen_reports: { ms: 2_000, after: ["parse_log"], lines: 12, result: reportValue() },
        check_threshold: { ms: 800, after: ["gen_reports"], lines: 3 },
      },
    }),
    fakeDag("etl_pipeline", {
      description: "Extract, transform, load: the daily batch.",
      tags: ["etl", "daily"],
      cron: "@daily",
      history: 25,
      tasks: {
        extract: { ms: 2_500, retries: 3, lines: 40, result: { rows: 1_200 } },
        transform: { ms: 3_500, retries: 3, failures: 1, after: ["extract"], lines: 60 },
        load: { ms: 2_000, retries: 3, after: ["transform"], lines: 25 },
      },
    }),
    fakeDag("production_etl_v2", {
      description: "Validated nightly load with one run at a time.",
      tags: ["etl", "production"],
      cron: "0 2 * * *",
      maxActiveRuns: 1,
      groups: [{ groupId: "ingest", tooltip: "Brings the data in" }],
      tasks: {
        "ingest.extract": { ms: 4_000, group: "ingest", lines: 30 },
        "ingest.validate": { ms: 2_000, group: "ingest", after: ["ingest.extract"], lines: 15 },
        transform: { ms: 5_000, after: ["ingest.validate"], lines: 50 },
        publish: { ms: 1_000, after: ["transform"], lines: 5 },
      },
    }),
    fakeDag("broken_import", {
      description: "Fails in the middle, every time.",
      tags: ["etl"],
      history: 9,
      tasks: {
        fetch: { ms: 1_500, lines: 12 },
        parse: { ms: 2_000, failures: 9, isRetryable: false, after: ["fetch"], lines: 18 },
        store: { ms: 1_000, after: ["parse"], lines: 5 },
        notify: { ms: 500, after: ["store"], lines: 2 },
      },
    }),
    fakeDag("score_customers", {
      description: "A Python task between two in TypeScript; no Python worker is connected.",
      tags: ["ml", "python"],
      history: 4,
      tasks: {
        load_customers: { ms: 1_500, lines: 20, result: { customers: 250 } },
        score_model: { ms: 2_000, after: ["load_customers"], isOrphan: true, queue: "python" },
        write_scores: { ms: 1_000, after: ["score_model"], lines: 5 },
      },
    }),
    fakeDag("backfill_with_params", {
      description: "Shows every kind of param in the trigger form.",
      tags: ["params"],
      history: 3,
      paramsSchema,
      tasks: {
        plan: { ms: 1_000, lines: 6 },
        copy: { ms: 60_000, after: ["plan"], lines: 1_600, result: copyValue() },
        verify: { ms: 1_500, after: ["copy"], lines: 9 },
      },
    }),
    fakeDag("wide_reindex", {
      description: "Two hundred tasks: a plan, many shards side by side, and what follows.",
      tags: ["search"],
      cron: "*/30 * * * *",
      history: 8,
      maxActiveTasks: 32,
      tasks: {
        plan: { ms: 1_000, lines: 5 },
        ...Object.fromEntries(
          shards.map((id, ix) => [id, { ms: 900 + (ix % 13) * 320, after: ["plan"], lines: 10 }]),
        ),
        merge: { ms: 3_000, after: shards, lines: 20 },
        swap_alias: { ms: 700, after: ["merge"], lines: 2 },
        warm_cache: { ms: 2_500, after: ["swap_alias"], lines: 8 },
      },
    }),
    fakeDag("chatty_crawler", {
      description: "One task that writes a hundred thousand lines.",
      tags: ["logs"],
      history: 1,
      startPaused: true,
      tasks: { crawl: { ms: 8_000, lines: 100_000 } },
    }),
    fakeDag("order_report", {
      description: "Runs when orders have come in and the report of the day before is there.",
      tags: ["assets"],
      history: 2,
      schedule: {
        kind: {
          case: "assets",
          value: {
            expression: {
              kind: {
                case: "allOf",
                value: {
                  expressions: [
                    {
                      kind: {
                        case: "atLeast",
                        value: { count: 3, of: { kind: asset("s3://shop/orders") } },
                      },
                    },
                    { kind: asset("s3://shop/report") },
                  ],
                },
              },
            },
          },
        },
      },
      tasks: { report: { ms: 900, lines: 3 } },
    }),
    fakeDag("clicks_report", {
      description: "Counts the clicks of a day, once its hours are there.",
      tags: ["assets", "report"],
      cron: "@daily",
      history: 3,
      inputs: {
        kind: {
          case: "allOf",
          value: {
            terms: [
              instances("clicks", "s3://shop/clicks", { from: -24, to: -1, min: 20, waitS: 1_800 }),
              instances("prices", "s3://shop/prices", { from: 0, to: 0 }),
            ],
          },
        },
      },
      inputTimeout: { seconds: 21_600n },
      inputOrder: InputOrder.LAST,
      tasks: { report: { ms: 900, lines: 3 } },
    }),
    ...fakeDagsInside(),
    ...fakeDagsWaiting(),
    fakeDag("example_dag", {
      description: "The smallest: start, then end.",
      tags: ["example"],
      cron: "*/5 * * * *",
      history: 25,
      tasks: { start: { ms: 600, lines: 2 }, end: { ms: 600, after: ["start"], lines: 2 } },
    }),
  ];
}

function asset(uri: string) {
  return { case: "asset", value: { uri } } as const;
}

function instances(
  name: string,
  uri: string,
  { from, to, min, waitS }: { from: number; to: number; min?: number; waitS?: number },
): MessageInitShape<typeof InputTermSchema> {
  const of = { asset: { uri }, every: "@hourly" };
  return {
    ...{ name, kind: { case: "instances", value: { of, from, to } } },
    ...(min === undefined ? {} : { min }),
    ...(waitS === undefined ? {} : { wait: { seconds: BigInt(waitS) } }),
  };
}

function reportValue() {
  return {
    lines: 18_000,
    dropped: 796,
    byLevel: { ERROR: 412, WARN: 1_230, INFO: 15_562 },
    byApplication: { $: "map", v: apps.map((app, ix) => [`${app}App`, 1_500 + ix * 113]) },
    generatedAt: { $: "date", v: "2026-11-20T06:00:12.000Z" },
  };
}

function copyValue() {
  return {
    copied: { $: "bigint", v: "9007199254740993" },
    checksum: { $: "bytes", v: "q83vEjRWeJA=" },
    regions: { $: "set", v: ["eu", "us"] },
    finishedAt: { $: "date", v: "2026-11-20T14:03:22.000Z" },
    ratio: { $: "number", v: "NaN" },
    note: { $: "undefined" },
    samples: [
      { id: 1, name: "Ada" },
      { id: 2, name: "Grace" },
    ],
  };
}
