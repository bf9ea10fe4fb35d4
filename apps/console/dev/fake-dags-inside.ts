/** DAGs of the test double in which much happens inside a run: branches, mapping, groups, sensors, setups and teardowns. */
import { SensorMode, TaskControl, TaskRole, TriggerRule } from "@millrace/wire/v1";
import { fakeDag, someList } from "./fake-dag.ts";
import type { FakeDag } from "./fake-dag.ts";

export function fakeDagsInside(): readonly FakeDag[] {
  return [
    fakeDag("branching_import", {
      description:
        "Waits for a file, loads it whole or in part, and cleans up whatever came of it.",
      tags: ["etl", "branches"],
      cron: "0 * * * *",
      history: 14,
      groups: [
        { groupId: "staging", tooltip: "A schema that lives as long as the load" },
        { groupId: "checks", tooltip: "What must hold afterwards" },
      ],
      tasks: {
        wait_for_file: {
          ms: 800,
          looks: 2,
          lines: 3,
          sensor: { mode: SensorMode.RESCHEDULE, interval: { seconds: 8n } },
        },
        is_weekday: {
          ms: 400,
          after: ["wait_for_file"],
          control: TaskControl.SHORT_CIRCUIT,
          chooses: ["go on"],
          lines: 2,
        },
        "staging.create_schema": {
          ms: 900,
          group: "staging",
          role: TaskRole.SETUP,
          after: ["is_weekday"],
          lines: 3,
        },
        "staging.how_much": {
          ms: 700,
          group: "staging",
          after: ["staging.create_schema"],
          cases: {
            full: ["staging.full_reload"],
            incremental: ["staging.incremental"],
            nothing: [],
          },
          chooses: ["incremental"],
          lines: 4,
        },
        "staging.full_reload": { ms: 4_000, group: "staging", after: ["staging.how_much"] },
        "staging.rebuild_index": { ms: 2_000, group: "staging", after: ["staging.full_reload"] },
        "staging.incremental": {
          ms: 2_500,
          group: "staging",
          after: ["staging.how_much"],
          retries: 2,
          retryDelay: 12,
          failures: 1,
          lines: 40,
        },
        "staging.merge": {
          ms: 1_500,
          group: "staging",
          after: ["staging.rebuild_index", "staging.incremental"],
          rule: TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
          lines: 12,
        },
        "staging.drop_schema": {
          ms: 600,
          group: "staging",
          role: TaskRole.TEARDOWN,
          rule: TriggerRule.ALL_DONE_SETUP_SUCCESS,
          after: ["staging.create_schema", "staging.merge"],
        },
        "checks.row_counts": {
          ms: 900,
          group: "checks",
          after: ["staging.merge"],
          labels: { "staging.merge": "rows" },
        },
        "checks.freshness": { ms: 700, group: "checks", after: ["staging.merge"], skips: true },
        notify: {
          ms: 500,
          after: ["checks.row_counts", "checks.freshness"],
          rule: TriggerRule.ALL_DONE,
          lines: 2,
        },
      },
    }),
    fakeDag("mapped_reports", {
      description: "One report for each customer, in four regions, and a summary of them all.",
      tags: ["reports", "mapping"],
      history: 6,
      resultTaskId: "render_report",
      groups: [{ groupId: "region", tooltip: "Once for each region", each: someList }],
      tasks: {
        list: { ms: 1_000, lines: 4, result: ["eu", "us", "apac", "mea"] },
        "region.extract": { ms: 900, group: "region", after: ["list"], length: 4, parallel: 2 },
        "region.load": {
          ms: 700,
          group: "region",
          after: ["region.extract"],
          length: 4,
          parallel: 2,
        },
        render_report: {
          ms: 500,
          after: ["list"],
          length: 240,
          parallel: 30,
          badEvery: 40,
          named: "customer",
          lines: 8,
        },
        publish: { ms: 800, after: ["region.load", "render_report"], rule: TriggerRule.ALL_DONE },
        archive: { ms: 600, after: ["render_report"] },
      },
    }),
    fakeDag("resize_archive", {
      description: "A hundred thousand pictures, one instance for each.",
      tags: ["mapping"],
      history: 1,
      startPaused: true,
      tasks: {
        list: { ms: 1_000, lines: 4 },
        resize: {
          ms: 400,
          after: ["list"],
          length: 100_000,
          parallel: 10_000,
          badEvery: 5_000,
          named: "picture",
          lines: 6,
        },
        summarise: { ms: 800, after: ["resize"], rule: TriggerRule.ALL_DONE },
      },
    }),
  ];
}
