import { createLocalBus } from "./local.ts";
import { busContract } from "./contract.ts";

busContract("the local bus", () => {
  const bus = createLocalBus("n1");
  return Promise.resolve({ a: bus, b: bus });
});
