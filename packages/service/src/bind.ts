/** Where a server may listen. */

import { isIP } from "node:net";
import { MillraceError } from "@millrace/engine";

/** PEM text. */
export type Tls = { readonly cert: string; readonly key: string };

export type BindOptions = {
  readonly host: string;
  readonly tls?: Tls | undefined;
  /** Allows keys and data to travel in the clear. Default false. */
  readonly isInsecureBindAllowed?: boolean | undefined;
};

/** Throws FIELD_INVALID when the address can be reached from elsewhere and nothing protects what is said there. */
export function assertBindIsSafe({ host, tls, isInsecureBindAllowed = false }: BindOptions): void {
  if (isLoopback(host) || tls !== undefined || isInsecureBindAllowed) return;
  throw new MillraceError(
    "FIELD_INVALID",
    `host is ${host}, which other machines can reach, and there is no TLS: keys would travel in the clear. ` +
      `Listen on 127.0.0.1, give tlsCert and tlsKey, or say --insecure-bind when something in front does TLS.`,
  );
}

export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
