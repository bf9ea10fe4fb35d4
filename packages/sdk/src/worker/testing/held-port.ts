/** Ports for servers that come and go. */

import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

export type HeldPort = AsyncDisposable & { readonly port: number };

/**
 * A port of loopback that nobody else is given while no server of the test listens there: connections to it are refused,
 * and any server of the test that is told its number may listen.
 */
export async function holdPort(): Promise<HeldPort> {
  const anchor = createServer().listen(0, "127.0.0.1");
  await once(anchor, "listening");
  // The near end of a connection has the port. It was bound with SO_REUSEADDR, which lets a server listen there, too.
  const { port: far } = anchor.address() as AddressInfo;
  const near = connect({ host: "127.0.0.1", port: far, localAddress: "127.0.0.1" });
  const [[kept]] = (await Promise.all([once(anchor, "connection"), once(near, "connect")])) as [
    [{ destroy(): void }],
    unknown,
  ];
  const port = near.localPort;
  if (port === undefined) throw new Error("The connection that holds a port has ended.");
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(anchor, "close");
      near.destroy();
      kept.destroy();
      anchor.close();
      await closed;
    },
  };
}
