/** Finds ports to listen on. */
import { createServer } from "node:net";
import { CommandFailure, ExitCode } from "../exit-codes.ts";

/** How many ports above the usual one are tried. */
const triesMax = 50;

export type PortWish = { readonly port: number; readonly isAsked: boolean; readonly flag: string };

/** The wished port; the next free one when it is busy and nobody asked for it by name. Port 0 stays 0. */
export async function freePort(host: string, wish: PortWish): Promise<number> {
  if (wish.port === 0 || (await isFree(host, wish.port))) return wish.port;
  if (wish.isAsked) {
    throw new CommandFailure(
      ExitCode.conflict,
      `Port ${wish.port} is in use by another program; stop it or choose another with ${wish.flag}.`,
    );
  }
  for (let port = wish.port + 1; port < wish.port + triesMax; port++) {
    if (await isFree(host, port)) return port;
  }
  throw new CommandFailure(
    ExitCode.conflict,
    `Ports ${wish.port} to ${wish.port + triesMax - 1} are all in use; choose one with ${wish.flag}.`,
  );
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", () => done(false));
    probe.listen(port, host, () => probe.close(() => done(true)));
  });
}
