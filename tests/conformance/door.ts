/** An address that stays while what is behind it comes and goes: a port that was given back may be another's by then. */

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Door {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Where it leads; null while nobody is there. */
  #port: number | null = null;

  static async open(): Promise<Door> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Door(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (outer) => this.#pass(outer));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on connections go to this port; to none with null, and those there are break. */
  leadTo(port: number | null): void {
    this.#port = port;
    if (port === null) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.leadTo(null);
    this.#server.close();
  }

  #pass(outer: Socket): void {
    // Who comes while nobody is there finds out at once.
    if (this.#port === null) {
      outer.destroy();
      return;
    }
    const inner = connect(this.#port, "127.0.0.1");
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      // What went wrong is told by the end of the other side.
      one.on("error", () => undefined);
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
