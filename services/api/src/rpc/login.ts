import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  addCredential,
  deleteCredential,
  findCredential,
  isLoginTokenUsed,
  tradeLoginToken,
} from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { writeCookie, type Handler } from "@millrace/service";
import type { SystemService } from "@millrace/wire/v1";
import { sessionCookie } from "../auth/gate.ts";
import { hashToken, isToken, newToken } from "../auth/tokens.ts";
import type { ApiContext } from "../context.ts";
import { requestIdField } from "../fields.ts";
import { apiLimits } from "../limits.ts";

/** The token follows from the caller's own secret, so that the same request gets it again though it is stored nowhere. */
export function createLoginToken({
  db,
}: ApiContext): Handler<typeof SystemService.method.createLoginToken> {
  return async (request, call) => {
    const token = call.deriveSecret(`login ${requestIdField(request.requestId)}`);
    const tokenHash = hashToken(token);
    if (await isLoginTokenUsed(db.prisma, tokenHash)) {
      throw new MillraceError(
        "REQUEST_ID_REUSED",
        "The login token of this request_id was used; choose a new request_id.",
      );
    }
    const { name, role } = call.principal;
    const expiresAt = await addCredential(db.prisma, {
      kind: "login_token",
      name,
      role: role ?? "worker",
      tokenHash,
      expiresAt: new Date(Date.now() + apiLimits.loginTokenTtlMs),
    });
    return {
      token,
      ...(expiresAt === null ? {} : { expiresAt: timestampFromMs(expiresAt.getTime()) }),
    };
  };
}

/** Lets a person in: a login token is used up, an API key is not. */
export function login({
  db,
  isSecure,
  log,
}: ApiContext): Handler<typeof SystemService.method.login> {
  return async ({ token }, call) => {
    const entrant = await admitted(token);
    const session = newToken();
    await addCredential(db.prisma, {
      kind: "console_session",
      ...entrant,
      tokenHash: hashToken(session),
      expiresAt: new Date(Date.now() + apiLimits.consoleSessionTtlMs),
    });
    const maxAgeSeconds = apiLimits.consoleSessionTtlMs / 1_000;
    call.setCookie(writeCookie(sessionCookie, session, { maxAgeSeconds, isSecure }));
    log.info({ name: entrant.name, request_id: call.requestId }, "login.done");
    return { name: entrant.name };
  };

  async function admitted(token: string): Promise<{ name: string; role: "admin" | "worker" }> {
    if (!isToken(token)) throw new MillraceError("LOGIN_REFUSED");
    const hash = hashToken(token);
    const traded = await tradeLoginToken(db, hash);
    if (traded !== null) return traded;
    const credential = await findCredential(db, hash);
    // A worker's key opens no console.
    if (credential?.kind !== "api_key") throw new MillraceError("LOGIN_REFUSED");
    return { name: credential.name, role: credential.role };
  }
}

export function logout(context: ApiContext): Handler<typeof SystemService.method.logout> {
  return async (_, call) => {
    const { kind, credentialId } = call.principal;
    if (kind === "console_session" && credentialId !== null) {
      await deleteCredential(context.db, credentialId);
      context.forgetCredential(credentialId);
    }
    call.setCookie(
      writeCookie(sessionCookie, "", { maxAgeSeconds: 0, isSecure: context.isSecure }),
    );
    return {};
  };
}
