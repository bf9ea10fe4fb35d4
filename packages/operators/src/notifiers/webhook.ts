/** Tells an HTTP server what happened. */

import { notifier, type CallbackEvent, type Notifier } from "@millrace/sdk";
import { post } from "./post.ts";
import { settingOf, type Setting } from "./secret.ts";
import { checkTemplate, render, titleOf } from "./templates.ts";

export type WebhookOptions = {
  /** Where to. `{ env: "NAME" }` reads it from the worker's environment. */
  readonly url: Setting;
  /** Added to the request; values may be `{ env: "NAME" }`. */
  readonly headers?: Readonly<Record<string, Setting>>;
  /** A Liquid template of the body, such as `{"text": {{ title | json }}}`. Default: all that is known, as JSON. */
  readonly body?: string;
};

type Config = {
  readonly url: Setting;
  readonly headers: Readonly<Record<string, Setting>>;
  readonly body: string | null;
};

/**
 * A callback that sends a POST request. Any answer but 2xx is a failure, and the delivery is tried again; its header
 * `Idempotency-Key` is the same for each try.
 *
 * @example onFailure: webhook({ url: "https://alerts.example.com/hook", headers: { authorization: { env: "ALERTS_TOKEN" } } })
 * @throws MillraceError DAG_INVALID for a body that is no template.
 */
export function webhook({ url, headers = {}, body }: WebhookOptions): Notifier {
  if (body !== undefined) checkTemplate(body, "webhook: body");
  const config: Config = { url, headers: { ...headers }, body: body ?? null };
  return notifier("webhook", config, send);
}

async function send(event: CallbackEvent, { url, headers, body }: Config): Promise<void> {
  const given = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    settingOf(value, `webhook: header ${name}`),
  ]);
  await post({
    what: "webhook",
    url: settingOf(url, "webhook: url"),
    headers: { "content-type": "application/json", ...Object.fromEntries(given) },
    body: body === null ? JSON.stringify(allOf(event)) : render(body, event, "none"),
  });
}

/** What a webhook sends without a template. */
function allOf(event: CallbackEvent): Record<string, unknown> {
  const { run, task, failure, deadline } = event;
  return {
    title: titleOf(event),
    event: event.event,
    happened_at: event.happenedAt.toISOString(),
    dag_id: run.dagId,
    run_id: run.name,
    run_key: run.id,
    run_type: run.type,
    run_state: event.runState,
    logical_date: run.logicalDate?.toISOString() ?? null,
    task_id: task?.id ?? null,
    map_index: task?.mapIndex ?? null,
    try_number: event.tryNumber,
    failure: failure && { kind: failure.kind, type: failure.type, message: failure.message },
    deadline: deadline && {
      name: deadline.name,
      due_at: deadline.dueAt.toISOString(),
      estimated_end_at: deadline.estimatedEndAt?.toISOString() ?? null,
      critical_task_ids: deadline.criticalTaskIds,
    },
    delivery_try: event.deliveryTry,
  };
}
