import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  addCredential,
  answerRequestOnce,
  deleteCredential,
  findCredential,
  isConsoleSessionYoung,
  loginTokenState,
  tradeLoginToken,
} from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { writeCookie, type Handler } from "@millrace/service";
import { LoginRequestSchema, LoginResponseSchema, type SystemService } from "@millrace/wire/v1";
import { sessionCookie } from "../auth/gate.ts";
import { deriveToken, hashToken, isToken } from "../auth/tokens.ts";
import type { ApiContext } from "../context.ts";
import { requestIdField } from "../fields.ts";
import { bodyHash } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";

const nonceBytes = 16;

/** The token follows from the caller's own secret, so that the same request gets it again though it is stored nowhere. */
export function createLoginToken({
  db,
}: ApiContext): Handler<typeof SystemService.method.createLoginToken> {
  return async (request, call) => {
    const token = call.deriveSecret(`login ${requestIdField(request.requestId)}`);
    const tokenHash = hashToken(token);
    if ((await loginTokenState(db, tokenHash)) === "used") {
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

/**
 * Lets a person in: a login token is used up, an API key is not.
 *
 * The session's secret follows from the token that was traded, the request id and a nonce, so that the same request gets it
 * again though it is stored nowhere. A token that is used up and seen by others later is of no use with it: the request id
 * would have to be guessed, within `loginRepeatMs`. A session that was logged out does not come back.
 */
export function login({
  db,
  isSecure,
  log,
}: ApiContext): Handler<typeof SystemService.method.login> {
  return async (request, call) => {
    const requestId = requestIdField(request.requestId);
    const { token } = request;
    if (!isToken(token)) throw new MillraceError("LOGIN_REFUSED");
    const tokenHash = hashToken(token);
    const holder = await findCredential(db, tokenHash);
    // A worker's key opens no console. A guess costs no transaction.
    const isKey = holder?.kind === "api_key";
    if (!isKey && (await loginTokenState(db, tokenHash)) === "unknown")
      throw new MillraceError("LOGIN_REFUSED");
    const secretOf = (nonce: Uint8Array): string =>
      deriveToken(token, `console session ${requestId} ${Buffer.from(nonce).toString("hex")}`);

    const key = {
      method: call.method,
      // Nobody is known yet: request ids belong to the token.
      principal: `token:${tokenHash.toString("hex")}`,
      requestId,
      bodyHash: bodyHash(LoginRequestSchema, request),
    };
    let isRepeated = true;
    const kept = await answerRequestOnce(db, key, async (tx) => {
      const entrant = isKey ? holder : await tradeLoginToken(tx, tokenHash);
      if (entrant === null) throw new MillraceError("LOGIN_REFUSED");
      const { name, role } = entrant;
      const nonce = randomBytes(nonceBytes);
      await addCredential(tx, {
        kind: "console_session",
        name,
        role,
        tokenHash: hashToken(secretOf(nonce)),
        expiresAt: new Date(Date.now() + apiLimits.consoleSessionTtlMs),
      });
      isRepeated = false;
      return Buffer.concat([
        nonce,
        toBinary(LoginResponseSchema, create(LoginResponseSchema, { name })),
      ]);
    });
    const session = secretOf(kept.subarray(0, nonceBytes));
    const answer = fromBinary(LoginResponseSchema, kept.subarray(nonceBytes));
    if (
      isRepeated &&
      !(await isConsoleSessionYoung(db, hashToken(session), apiLimits.loginRepeatMs))
    ) {
      throw new MillraceError(
        "REQUEST_ID_REUSED",
        "The console session of this request_id is not given out again; choose a new request_id.",
      );
    }
    const maxAgeSeconds = apiLimits.consoleSessionTtlMs / 1_000;
    call.setCookie(writeCookie(sessionCookie, session, { maxAgeSeconds, isSecure }));
    log.info({ name: answer.name, request_id: call.requestId, repeated: isRepeated }, "login.done");
    return answer;
  };
}

/** A session ends once, so that the request id has nothing to tell apart: it is in the log. */
export function logout(context: ApiContext): Handler<typeof SystemService.method.logout> {
  return async (request, call) => {
    const requestId = requestIdField(request.requestId);
    const { kind, credentialId, name } = call.principal;
    if (kind === "console_session" && credentialId !== null) {
      await deleteCredential(context.db, credentialId);
      context.forgetCredential(credentialId);
      context.log.info({ name, request_id: requestId }, "logout.done");
    }
    call.setCookie(
      writeCookie(sessionCookie, "", { maxAgeSeconds: 0, isSecure: context.isSecure }),
    );
    return {};
  };
}
