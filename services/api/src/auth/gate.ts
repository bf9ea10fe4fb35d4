/** Finds out who is calling: a key in `authorization`, or the console's cookie. */

import {
  findCredential,
  slideConsoleSession,
  type CredentialRow,
  type Database,
} from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import {
  anonymous,
  readCookie,
  type Authenticated,
  type Gate,
  type IncomingCall,
  type Principal,
} from "@millrace/service";
import { apiLimits } from "../limits.ts";
import { authorize } from "./authorize.ts";
import { assertSameOrigin } from "./same-origin.ts";
import { deriveToken, hashToken, isToken } from "./tokens.ts";

/** Of the console. HttpOnly and SameSite=Strict. */
export const sessionCookie = "millrace_session";

type Known = { readonly credential: CredentialRow; readonly seenAtMs: number; slidAtMs: number };

export function createGate(db: Database): Gate & { forget(credentialId: number): void } {
  const cache = new Map<string, Known>();

  /** Credentials are believed for a few seconds, so that a worker's calls cost no query each. */
  async function find(token: string): Promise<Known | null> {
    if (!isToken(token)) return null;
    const hash = hashToken(token);
    const name = hash.toString("base64");
    const now = performance.now();
    const cached = cache.get(name);
    if (cached !== undefined && now - cached.seenAtMs < apiLimits.credentialCacheMs) return cached;
    cache.delete(name);
    const credential = await findCredential(db, hash);
    if (credential === null) return null;
    if (cache.size >= apiLimits.credentialCacheMax) cache.clear();
    const known = {
      credential,
      seenAtMs: now,
      slidAtMs: cached?.slidAtMs ?? Number.NEGATIVE_INFINITY,
    };
    cache.set(name, known);
    return known;
  }

  async function byBearer(header: string): Promise<Authenticated> {
    const token = /^Bearer (\S+)$/i.exec(header)?.[1] ?? "";
    const known = await find(token);
    // A console session is for the console's cookie alone.
    if (known === null || known.credential.kind === "console_session")
      throw new MillraceError("UNAUTHENTICATED");
    return authenticated(known.credential, token);
  }

  async function byCookie(token: string, incoming: IncomingCall): Promise<Authenticated> {
    const known = await find(token);
    // A stale cookie is no credential, so that people can log in again.
    if (known?.credential.kind !== "console_session") return nobody;
    if (!incoming.isGet) assertSameOrigin(incoming.header);
    const now = performance.now();
    if (now - known.slidAtMs > apiLimits.consoleSessionSlideMs) {
      known.slidAtMs = now;
      await slideConsoleSession(db, known.credential.id, apiLimits.consoleSessionTtlMs);
    }
    return authenticated(known.credential, token);
  }

  return {
    async authenticate(incoming) {
      const bearer = incoming.header("authorization");
      if (bearer !== undefined) return byBearer(bearer);
      const cookie = incoming.isHttp ? readCookie(incoming.header("cookie"), sessionCookie) : null;
      return cookie === null ? nobody : byCookie(cookie, incoming);
    },
    authorize,
    forget(credentialId) {
      for (const [name, { credential }] of cache)
        if (credential.id === credentialId) cache.delete(name);
    },
  };
}

const nobody: Authenticated = {
  principal: anonymous,
  deriveSecret() {
    throw new MillraceError("UNAUTHENTICATED");
  },
};

function authenticated(credential: CredentialRow, token: string): Authenticated {
  const principal: Principal = {
    kind: credential.kind === "login_token" ? "anonymous" : credential.kind,
    name: credential.name,
    role: credential.role,
    credentialId: credential.id,
    queues: credential.queues.length > 0 ? credential.queues : null,
  };
  return { principal, deriveSecret: (purpose) => deriveToken(token, purpose) };
}
