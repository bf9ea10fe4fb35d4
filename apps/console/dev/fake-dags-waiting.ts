/** DAGs of the test double whose tasks wait without a slot, ask people, leave values and call others. */
import { create } from "@bufbuild/protobuf";
import { DeadlineReference, DeadlineSpecSchema, TriggerRule } from "@millrace/wire/v1";
import { fakeDag } from "./fake-dag.ts";
import type { FakeDag } from "./fake-dag.ts";
import { approvalSchema, closingSchema, releaseBody } from "./fake-forms.ts";

const minuteMs = 60_000;

export function fakeDagsWaiting(): readonly FakeDag[] {
  return [
    fakeDag("release_train", {
      description: "Builds, asks, waits for the window, and deploys what was approved.",
      tags: ["release", "approval"],
      history: 5,
      callbacks: { onSuccess: ["webhook"], onFailure: ["pager", "slack"] },
      deadlines: [
        { name: "queued + 4m", reference: DeadlineReference.QUEUED_AT },
        { name: "before the freeze", reference: DeadlineReference.FIXED },
      ].map((one) => create(DeadlineSpecSchema, one)),
      tasks: {
        build: {
          ms: 900,
          lines: 14,
          result: { image: "registry.example.com/shop:4.18.0" },
          callbacks: { onFailure: ["slack"] },
        },
        approve: {
          ms: 400,
          after: ["build"],
          lines: 3,
          callbacks: { onSuccess: ["slack"] },
          waits: [
            {
              for: "input",
              form: {
                subject: "Release shop 4.18.0 to production?",
                body: releaseBody,
                schema: approvalSchema,
              },
              answer: { decision: "approve", comment: "Looks good." },
              answeredBy: "user:anna",
            },
          ],
          result: { decision: "approve" },
        },
        wait_for_window: {
          ms: 200,
          after: ["approve"],
          lines: 2,
          waits: [{ for: "time", ms: minuteMs }],
        },
        deploy: {
          ms: 600,
          after: ["wait_for_window"],
          lines: 9,
          callbacks: { onSuccess: ["slack", "pager"] },
          waits: [{ for: "token", ms: minuteMs, heartbeatMs: minuteMs }],
          xcoms: { release: { id: 418, commit: "9f3c1d7" } },
          large: { key: "manifest", bytes: 3_400_000 },
        },
        verify: {
          ms: 300,
          after: ["deploy"],
          lines: 4,
          waits: [
            {
              for: "watch",
              ms: 6_000,
              handler: "http",
              summary: "GET https://shop.example.com/health to answer 200",
              timeoutMs: 10 * minuteMs,
            },
          ],
        },
        announce: { ms: 300, after: ["verify"], lines: 1 },
      },
    }),
    fakeDag("quarterly_close", {
      description: "Asks the controller for the figures that no system knows.",
      tags: ["finance", "approval"],
      history: 3,
      tasks: {
        collect: { ms: 600, lines: 8, result: { accounts: 214 } },
        ask_figures: {
          ms: 300,
          after: ["collect"],
          lines: 2,
          waits: [
            {
              for: "input",
              form: {
                subject: "Figures of the third quarter",
                body: "Only what is **not** in the ledger. Amounts in euro.",
                schema: closingSchema,
                defaults: {
                  version: 2,
                  accruals: 0,
                  currency: "EUR",
                  isFinal: false,
                  reviewers: ["nobody"],
                },
              },
              timeoutMs: 36 * 60 * minuteMs,
              answer: {
                version: 2,
                accruals: 12_400.5,
                currency: "EUR",
                isFinal: true,
                reviewers: ["ben"],
              },
              answeredBy: "user:carla",
            },
          ],
        },
        ask_audit: {
          ms: 300,
          after: ["collect"],
          lines: 2,
          waits: [
            {
              for: "input",
              form: {
                subject: "Does the audit agree?",
                schema: {
                  type: "object",
                  properties: { agrees: { type: "boolean", title: "The audit agrees" } },
                  required: ["agrees"],
                },
                assignees: ["user:olga", "user:paul"],
              },
              answer: { agrees: true },
              answeredBy: "user:olga",
            },
          ],
        },
        close: { ms: 500, after: ["ask_figures", "ask_audit"], rule: TriggerRule.ALL_DONE },
      },
    }),
    fakeDag("partner_files", {
      description: "Waits for files that nobody watches for: no triggerer announces the handler.",
      tags: ["files"],
      history: 1,
      tasks: {
        wait_for_file: {
          ms: 300,
          lines: 2,
          waits: [
            {
              for: "watch",
              ms: minuteMs,
              handler: "sftp",
              summary: "/incoming/2026-11-21/orders.csv on sftp.partner.example.com",
              timeoutMs: 6 * 60 * minuteMs,
              isUnwatched: true,
            },
          ],
        },
        load: { ms: 800, after: ["wait_for_file"] },
      },
    }),
  ];
}
