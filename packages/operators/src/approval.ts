/** Asks a person whether to go on, and waits for the answer without a slot. */

import { context, defer, FailTask, shortCircuit, trigger } from "@millrace/sdk";
import type { DeferOptions, Handle, InputAnswer, ShortCircuitOptions } from "@millrace/sdk";
import { limits, question, type Data, type QuestionOptions } from "./ask-input.ts";

export type ApprovalOptions = Omit<ShortCircuitOptions, "id"> &
  QuestionOptions & {
    readonly id: string;
    /** Fails, for good, when it is rejected; what follows is then upstream_failed. Default: skips what follows. */
    readonly failOnReject?: boolean;
    /**
     * What becomes of it when nobody has answered in time: as `defer`, or the answer that is taken then. Default "fail".
     */
    readonly onTimeout?: NonNullable<DeferOptions<never>["onTimeout"]> | "approve" | "reject";
  };

const schema = {
  type: "object",
  properties: {
    decision: { type: "string", title: "Decision", enum: ["approve", "reject"] },
    comment: { type: "string", title: "Comment" },
  },
  required: ["decision"],
  additionalProperties: false,
} as const;

type Decision = InputAnswer<{ decision: "approve" | "reject"; comment?: string }>;

/**
 * Makes a short circuit that a person decides: approved, what follows goes on; rejected, it is skipped, or the task fails
 * (`failOnReject`). Who decided, and why, is in the task's log.
 *
 * @example chain(approval({ id: "release", subject: "Release {{ params.version }}?", timeout: "1d" }), deploy())
 */
export function approval(options: ApprovalOptions): Handle<boolean> {
  const {
    subject,
    body,
    assignees,
    timeout,
    data = {},
    onTimeout,
    failOnReject = false,
    ...gateOptions
  } = options;
  const answer = onTimeout === "approve" || onTimeout === "reject" ? onTimeout : null;
  const outcome = answer === null ? (onTimeout as DeferOptions<never>["onTimeout"]) : undefined;
  const decide = (event: Decision): boolean => decided(event, failOnReject);
  return shortCircuit({ ...gateOptions, resume: decide }, (given: Data) =>
    defer(
      trigger.input({
        ...question({ subject, body, assignees, data: given }),
        schema,
        ...(answer !== null && { defaults: { decision: answer } }),
      }),
      limits(timeout, outcome),
    ),
  )(data);
}

function decided({ values: { decision, comment }, by }: Decision, failOnReject: boolean): boolean {
  const isApproved = decision === "approve";
  const said = `${isApproved ? "approved" : "rejected"} by ${by}`;
  context().log.info(said, comment === undefined ? {} : { comment });
  if (!isApproved && failOnReject) {
    throw new FailTask(comment === undefined ? said : `${said}: ${comment}`);
  }
  return isApproved;
}
