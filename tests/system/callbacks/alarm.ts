/** A task that never works, and who is told of it. */
import { webhook } from "@millrace/operators";
import { context, dag, task, type CallbackEvent } from "@millrace/sdk";

const hook = webhook({
  url: { env: "ALARM_URL" },
  headers: { authorization: { env: "ALARM_TOKEN" } },
});

function note({ event, deliveryTry }: CallbackEvent): void {
  context().log.info("noted", { event, deliveryTry });
}

const never = task({ retries: 1, retryDelay: "100ms", onFailure: [hook, note] }, function never() {
  throw new TypeError("it never works");
});

export default dag("alarm", { onFailure: hook }, () => void never());
