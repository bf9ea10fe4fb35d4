/** Tells people what happened, by e-mail. */

import { createHash } from "node:crypto";
import { MillraceError, context, notifier, type CallbackEvent, type Notifier } from "@millrace/sdk";
import { environmentVariable } from "../environment.ts";
import { settingOf, type Setting } from "./secret.ts";
import { checkTemplate, factsOf, failureLine, render, titleOf } from "./templates.ts";

/** A mail server. What is left out is read from the worker's environment. */
export type SmtpOptions = {
  /** Such as "smtps://user:password@mail.example.com". Default: SMTP_URL; without that the settings below. */
  readonly url?: Setting;
  /** Default: SMTP_HOST. */
  readonly host?: Setting;
  /** Default: SMTP_PORT, else 587. TLS begins at once on port 465, else after STARTTLS where the server has it. */
  readonly port?: number;
  /** Default: SMTP_USER; without one nobody logs in. */
  readonly user?: Setting;
  /** Default: SMTP_PASSWORD. */
  readonly password?: Setting;
};

export type EmailOptions = {
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  /** Default: the environment's SMTP_FROM. */
  readonly from?: Setting;
  /** A Liquid template of one line. Default: `{{ title }}`. */
  readonly subject?: string;
  /** A Liquid template. Default: what happened, with all facts. */
  readonly text?: string;
  /** A Liquid template of HTML, in which values are escaped. Default: like the text, as a table. */
  readonly html?: string;
  /** Default: all from the worker's environment. */
  readonly smtp?: SmtpOptions;
};

type Config = {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly from: Setting;
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  readonly smtp: SmtpOptions;
};

/** How long the mail server may take for one step. */
const stepMs = 30_000;
const defaultPort = 587;
/** The port on which TLS begins at once. */
const tlsPort = 465;

/**
 * A callback that sends an e-mail. Each try of a delivery has the same Message-ID, so that most mail programs show it once.
 *
 * @example onFailure: email({ to: "data@example.com", smtp: { url: { env: "SMTP_URL" } } })
 * @throws MillraceError DAG_INVALID for nobody to send it to, and for what is no template.
 */
export function email(options: EmailOptions): Notifier {
  const { to, cc = [], from = { env: "SMTP_FROM" }, subject = "{{ title }}", smtp = {} } = options;
  const { text, html } = options;
  const config: Config = {
    ...{ to: listOf(to), cc: listOf(cc), from, subject, smtp: { ...smtp } },
    // A template of one of the two is the whole message.
    text: text ?? null,
    html: html ?? null,
  };
  if (config.to.length === 0) {
    throw new MillraceError(
      "DAG_INVALID",
      'email: option "to" is empty; name at least one address',
    );
  }
  checkTemplate(subject, "email: subject");
  if (text !== undefined) checkTemplate(text, "email: text");
  if (html !== undefined) checkTemplate(html, "email: html");
  return notifier("email", config, send);
}

async function send(event: CallbackEvent, config: Config): Promise<void> {
  // Only who sends mail loads what sends it.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport(transportOf(config.smtp));
  const { to, cc, text, html } = config;
  const from = settingOf(config.from, "email: from");
  try {
    await transport.sendMail({
      ...{ from, to: [...to], cc: [...cc] },
      subject: oneLine(render(config.subject, event, "none")),
      ...bodies(event, text, html),
      messageId: messageId(from),
      headers: { "Auto-Submitted": "auto-generated" },
    });
  } finally {
    transport.close();
  }
}

/** A template of one of the two is the whole message. */
function bodies(
  event: CallbackEvent,
  text: string | null,
  html: string | null,
): { text?: string; html?: string } {
  if (text === null && html === null) {
    return { text: defaultText(event), html: render(defaultHtml, event, "html") };
  }
  return {
    ...(text !== null && { text: render(text, event, "none") }),
    ...(html !== null && { html: render(html, event, "html") }),
  };
}

function transportOf(smtp: SmtpOptions) {
  const limits = { connectionTimeout: stepMs, greetingTimeout: stepMs, socketTimeout: stepMs };
  const url = given(smtp.url, "SMTP_URL", "url");
  if (url !== null && smtp.host === undefined) return { url, ...limits };
  const host = given(smtp.host, "SMTP_HOST", "host");
  if (host === null) {
    throw new MillraceError(
      "FIELD_INVALID",
      "email: no mail server is known; give smtp: { url } or { host }, or set SMTP_URL where workers run",
    );
  }
  const port = smtp.port ?? Number(environmentVariable("SMTP_PORT") ?? defaultPort);
  const user = given(smtp.user, "SMTP_USER", "user");
  const pass = given(smtp.password, "SMTP_PASSWORD", "password") ?? "";
  return {
    ...{ host, port, secure: port === tlsPort, ...limits },
    ...(user !== null && { auth: { user, pass } }),
  };
}

function given(setting: Setting | undefined, variable: string, name: string): string | null {
  if (setting !== undefined) return settingOf(setting, `email: smtp.${name}`);
  return environmentVariable(variable) || null;
}

function messageId(from: string): string {
  const hash = createHash("sha256").update(context().idempotencyKey).digest("hex");
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? "millrace.invalid";
  return `<${hash.slice(0, 32)}@${domain}>`;
}

function defaultText(event: CallbackEvent): string {
  const facts = factsOf(event).map(([name, value]) => `${name}: ${value}`);
  const failure = failureLine(event);
  const stack = event.failure?.stack ?? "";
  return [titleOf(event), "", ...facts, ...(failure === "" ? [] : ["", failure, "", stack])].join(
    "\n",
  );
}

const defaultHtml = `<p><strong>{{ title }}</strong></p>
<table cellpadding="4">
<tr><th align="left">DAG</th><td>{{ dag_id }}</td></tr>
<tr><th align="left">Run</th><td>{{ run_id }}</td></tr>
{% if task_id != "" %}<tr><th align="left">Task</th><td>{{ task_id }}{% if map_index >= 0 %}[{{ map_index }}]{% endif %}</td></tr>
<tr><th align="left">Try</th><td>{{ try_number }}</td></tr>
{% endif %}<tr><th align="left">At</th><td>{{ happened_at }}</td></tr>
</table>
{% if failure.message != "" %}<pre>{% if failure.type != "" %}{{ failure.type }}: {% endif %}{{ failure.message }}

{{ failure.stack }}</pre>
{% endif %}`;

/** A subject is one line, whatever a failure's message holds. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function listOf(addresses: string | readonly string[]): readonly string[] {
  return typeof addresses === "string" ? [addresses] : [...addresses];
}
