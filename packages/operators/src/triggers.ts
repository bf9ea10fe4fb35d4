/** What triggerers can watch beside URLs and files: `runTriggerer({ triggers: operatorTriggers })`. */

import type { CustomTrigger } from "@millrace/sdk/worker";
import { watchKafka } from "./kafka/watch.ts";
import { watchNats } from "./nats/watch.ts";
import { watchS3 } from "./s3/watch.ts";

/** By the names that `s3Trigger`, `natsTrigger` and `kafkaTrigger` give. Every `millrace worker` has them. */
export const operatorTriggers: Readonly<Record<string, CustomTrigger>> = {
  s3: watchS3,
  nats: watchNats,
  kafka: watchKafka,
};
