/** `@millrace/sdk/worker/testing`: for tests of workers and of what starts them. */

export { FakeBlobs } from "./fake-blobs.ts";
export { FakeServer } from "./fake-server.ts";
export type { FakeServerOptions } from "./fake-server.ts";
export { holdPort } from "./held-port.ts";
export type { HeldPort } from "./held-port.ts";
