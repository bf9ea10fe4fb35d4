export {
  type Bus,
  type BusLog,
  type BusStatus,
  BusUnavailable,
  busLimits,
  type MessageHandler,
  type RequestHandler,
  type RequestOptions,
  type Subscription,
} from "./bus.ts";
export { createLocalBus } from "./local.ts";
export { connectNatsBus, type NatsBusOptions } from "./nats.ts";
