/** What these tests ask the real server, over its JSON door. */

import { expect } from "vitest";
import type { RealServer } from "./real-server.ts";

type TaskAnswer = {
  readonly taskInstance: { readonly state: string; readonly mapIndexLabel?: string };
};
type ExplainAnswer = { readonly reasons?: readonly { readonly message: string }[] };
type XComsAnswer = {
  readonly xcoms?: readonly { readonly key: string; readonly value: { readonly data: string } }[];
};
type LogsAnswer = { readonly lines?: readonly { readonly message: string }[] };

export class Calls {
  readonly #server: RealServer;

  constructor(server: RealServer) {
    this.#server = server;
  }

  async untilState(runId: string, taskId: string, state: string): Promise<void> {
    const current = async () => {
      const { taskInstance } = await this.#ask<TaskAnswer>("GetTaskInstance", { runId, taskId });
      return taskInstance.state;
    };
    await expect.poll(current, { timeout: 60_000 }).toBe(state);
  }

  /** Why a task waits, in sentences. */
  async explain(runId: string, taskId: string): Promise<string[]> {
    const { reasons = [] } = await this.#ask<ExplainAnswer>("ExplainTaskInstance", {
      runId,
      taskId,
    });
    return reasons.map(({ message }) => message);
  }

  /** What a task returned, as the codec's JSON. */
  async value(runId: string, taskId: string): Promise<unknown> {
    const { xcoms = [] } = await this.#ask<XComsAnswer>("ListXComs", { runId, taskId });
    const found = xcoms.find(({ key }) => key === "return_value");
    return found === undefined
      ? undefined
      : JSON.parse(Buffer.from(found.value.data, "base64").toString());
  }

  /** How an instance of a mapped task is named. */
  async label(runId: string, taskId: string, mapIndex: number): Promise<string> {
    const asked = { runId, taskId, mapIndex };
    const { taskInstance } = await this.#ask<TaskAnswer>("GetTaskInstance", asked);
    return taskInstance.mapIndexLabel ?? "";
  }

  async lines(runId: string, taskId: string): Promise<string[]> {
    const { lines = [] } = await this.#ask<LogsAnswer>("ReadLogs", { runId, taskId, tryNumber: 1 });
    return lines.map(({ message }) => message);
  }

  async #ask<T>(method: string, body: object): Promise<T> {
    const response = await fetch(
      `${this.#server.httpUrl()}/millrace.v1.TaskInstanceService/${method}`,
      {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${this.#server.adminKey}`,
        },
        body: JSON.stringify(body),
      },
    );
    if (!response.ok)
      throw new Error(`${method} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
