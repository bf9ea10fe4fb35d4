/** Forms: what a person is asked while a task waits. */

import {
  formAssigneesMax,
  formBodyBytesMax,
  formSchemaBytesMax,
  waitTextCharsMax,
} from "../limits.ts";
import { paramsSchemaText, type ParamsGivenOf, type ParamsSchema } from "../dag/params.ts";
import { refuseField } from "../options/refuse-field.ts";
import type { FormSpec } from "./trigger-spec.ts";

export type InputOptions<S> = {
  /** What is asked, in one line of at most 250 characters. */
  readonly subject: string;
  /** More about it, in Markdown; at most 16 KiB. */
  readonly body?: string;
  /** Of the answer: any Standard Schema that can give JSON Schema, or JSON Schema itself, of an object. */
  readonly schema: S;
  /** The answer that is taken when the time of the wait is over; without it, the wait fails then. */
  readonly defaults?: ParamsGivenOf<S>;
  /** Who may answer, such as "user:anna". Default: everybody who may trigger the DAG. */
  readonly assignees?: readonly string[];
};

/** What an answer brings. */
export type InputAnswer<V> = {
  readonly values: V;
  /** Who answered, such as "user:admin"; "timeout" when the defaults were taken. */
  readonly by: string;
  readonly at: Date;
};

const utf8 = new TextEncoder();

/** Whether the defaults keep to the schema is seen where the body ran. @throws MillraceError FIELD_INVALID, DAG_INVALID */
export function formSpec(options: InputOptions<ParamsSchema>): FormSpec {
  const { subject, body = "", defaults = null, assignees = [] } = options;
  const isLine =
    typeof subject === "string" &&
    subject.trim() !== "" &&
    subject.length <= waitTextCharsMax &&
    !/[\r\n]/.test(subject);
  if (!isLine)
    refuseField(
      "trigger.input: subject",
      subject,
      `one line of 1 to ${waitTextCharsMax} characters`,
    );
  if (typeof body !== "string" || utf8.encode(body).length > formBodyBytesMax)
    refuseField("trigger.input: body", body, `text of at most ${formBodyBytesMax / 1024} KiB`);
  const schema = paramsSchemaText(options.schema, "trigger.input: schema");
  if (utf8.encode(schema).length > formSchemaBytesMax)
    refuseField(
      "trigger.input: schema",
      schema,
      `at most ${formSchemaBytesMax / 1024} KiB of JSON`,
    );
  if (defaults !== null && (typeof defaults !== "object" || Array.isArray(defaults)))
    refuseField("trigger.input: defaults", defaults, "an object that keeps to the schema");
  const areNames = Array.isArray(assignees) && assignees.every(isName);
  if (!areNames || assignees.length > formAssigneesMax)
    refuseField(
      "trigger.input: assignees",
      assignees,
      `a list of at most ${formAssigneesMax} names such as "user:anna"`,
    );
  return { subject, body, schema, defaults, assignees };
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
