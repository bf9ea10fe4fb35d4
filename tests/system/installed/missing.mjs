import { s3Target } from "@millrace/operators";
import { operatorTriggers } from "@millrace/operators/triggers";

const { signal } = new AbortController();
const kafka = { brokers: ["127.0.0.1:1"], topic: "orders" };
const refusals = await Promise.allSettled([
  s3Target("s3://shop/sums.json").exists(),
  operatorTriggers.kafka(kafka, { signal, cursor: null }),
]);
console.log(JSON.stringify(refusals.map(({ reason }) => reason?.message)));
