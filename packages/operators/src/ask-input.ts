/** Asks a person, and waits for the answer without a slot. */

import { context, defer, task, trigger } from "@millrace/sdk";
import type {
  DeferOptions,
  Handle,
  InputAnswer,
  InputOptions,
  ParamsOf,
  ParamsSchema,
  TaskOptions,
  Trigger,
} from "@millrace/sdk";
import { renderLine, renderText, type TemplateData } from "./texts.ts";

/** What is asked, and for how long. */
export type QuestionOptions = Pick<DeferOptions<never>, "timeout"> &
  Pick<InputOptions<never>, "assignees"> & {
    /** In one line: a Liquid template, such as "Publish {{ ds }}?". */
    readonly subject: string;
    /** More about it: a Liquid template that gives Markdown. */
    readonly body?: string;
    /** Values for both templates: `{{ data.total }}`. They may be handles. */
    readonly data?: TemplateData;
  };

export type AskInputOptions<S> = Omit<TaskOptions, "id"> &
  QuestionOptions &
  Pick<InputOptions<S>, "schema" | "defaults"> &
  Pick<DeferOptions<never>, "onTimeout"> & { readonly id: string };

/**
 * Makes a task that asks people to fill in a form; its value is what they gave.
 *
 * @example
 * const { copies } = askInput({ id: "copies", subject: "How many copies?", schema: z.object({ copies: z.int() }) });
 */
export function askInput<const S extends ParamsSchema>(
  options: AskInputOptions<S>,
): Handle<ParamsOf<S>> {
  const { subject, body, schema, defaults, assignees, timeout, onTimeout, ...others } = options;
  const { data = {}, ...taskOptions } = others;
  const ask = (given: Data) => {
    const form: InputOptions<S> = {
      ...question({ subject, body, assignees, data: given }),
      schema,
      ...(defaults !== undefined && { defaults }),
    };
    return defer(trigger.input(form) as Trigger<InputAnswer<Values>>, limits(timeout, onTimeout));
  };
  const resume = ({ values }: InputAnswer<Values>): Values => values;
  // What the schema makes of the values is open here, and known where this is called.
  return task({ ...taskOptions, resume }, ask)(data) as unknown as Handle<ParamsOf<S>>;
}

export type Data = Readonly<Record<string, unknown>>;

/** As JSON has them. */
type Values = Readonly<Record<string, unknown>>;

/** What a form says, rendered where the body runs. */
export function question(options: {
  readonly subject: string;
  readonly body: string | undefined;
  readonly assignees: readonly string[] | undefined;
  readonly data: Data;
}): Pick<InputOptions<never>, "subject" | "body" | "assignees"> {
  const { subject, body, assignees, data } = options;
  return {
    subject: renderLine(subject, context(), data),
    ...(body !== undefined && { body: renderText(body, context(), data) }),
    ...(assignees !== undefined && { assignees }),
  };
}

/** What was said about time; what was not keeps its default. */
export function limits(
  timeout: DeferOptions<never>["timeout"],
  onTimeout: DeferOptions<never>["onTimeout"],
): Pick<DeferOptions<never>, "timeout" | "onTimeout"> {
  return {
    ...(timeout !== undefined && { timeout }),
    ...(onTimeout !== undefined && { onTimeout }),
  };
}
