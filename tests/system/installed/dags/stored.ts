import { kafkaTrigger, s3Target, s3Trigger } from "@millrace/operators";
import { asset, dag, defer, task } from "@millrace/sdk";

const orders = asset({
  uri: "s3://shop/orders",
  watchers: [s3Trigger({ url: "s3://shop/orders/" })],
});
const store = task(
  { target: () => s3Target("s3://shop/sums.json"), outlets: [orders] },
  async function store() {},
);
const wait = task(async function wait() {
  return defer(kafkaTrigger({ brokers: "kafka:9092", topic: "orders" }));
});

/** What S3 and Kafka are asked with is not installed here. */
export default dag("stored", {}, () => {
  store();
  wait();
});
