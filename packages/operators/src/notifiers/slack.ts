/** Tells a Slack channel what happened. */

import { notifier, type CallbackEvent, type Notifier } from "@millrace/sdk";
import { post } from "./post.ts";
import { settingOf, type Setting } from "./secret.ts";
import { checkTemplate, factsOf, failureLine, render, slackText, titleOf } from "./templates.ts";

export type SlackOptions = {
  /** The address of an incoming webhook, which is a secret. Default `{ env: "SLACK_WEBHOOK_URL" }`. */
  readonly webhookUrl?: Setting;
  /** A Liquid template in Slack's markdown. Default: what happened in one line, and the facts below it. */
  readonly text?: string;
};

type Config = { readonly webhookUrl: Setting; readonly text: string | null };

/** Characters that Slack takes in a block's text, with room for what escaping adds around it. */
const blockTextMax = 2_500;

/**
 * A callback that posts to a Slack channel.
 *
 * @example onFailure: slack({ webhookUrl: { env: "SLACK_DATA_ALERTS" } })
 * @throws MillraceError DAG_INVALID for a text that is no template.
 */
export function slack({
  webhookUrl = { env: "SLACK_WEBHOOK_URL" },
  text,
}: SlackOptions = {}): Notifier {
  if (text !== undefined) checkTemplate(text, "slack: text");
  const config: Config = { webhookUrl, text: text ?? null };
  return notifier("slack", config, send);
}

async function send(event: CallbackEvent, { webhookUrl, text }: Config): Promise<void> {
  await post({
    what: "slack",
    url: settingOf(webhookUrl, "slack: webhookUrl"),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(messageOf(event, text)),
  });
}

function messageOf(event: CallbackEvent, template: string | null): Record<string, unknown> {
  if (template !== null) {
    const text = render(template, event, "slack");
    return { text, blocks: [section(text)] };
  }
  const title = slackText(titleOf(event));
  const failure = failureLine(event);
  const fields = factsOf(event).map(([name, value]) => markdown(`*${name}*\n${slackText(value)}`));
  return {
    // What a notification on a phone shows; the blocks are the message itself.
    text: failure === "" ? title : `${title}: ${slackText(shortened(failure))}`,
    blocks: [
      section(`${marks[event.event]} *${title}*`),
      { type: "section", fields },
      ...(failure === "" ? [] : [section(`\`\`\`${slackText(shortened(failure))}\`\`\``)]),
    ],
  };
}

const marks = {
  success: ":white_check_mark:",
  failure: ":x:",
  retry: ":arrows_counterclockwise:",
  skipped: ":fast_forward:",
  deadline_missed: ":alarm_clock:",
  deadline_at_risk: ":hourglass_flowing_sand:",
} as const satisfies Record<CallbackEvent["event"], string>;

function section(text: string): Record<string, unknown> {
  return { type: "section", text: markdown(text) };
}

function markdown(text: string): Record<string, string> {
  return { type: "mrkdwn", text };
}

function shortened(text: string): string {
  return text.length > blockTextMax ? `${text.slice(0, blockTextMax)}…` : text;
}
