/**
 * Task tokens: base64url of an attempt id, a dot, and base64url of its HMAC-SHA256. Whoever has one may end the wait that
 * this attempt begins, and nothing else; whatever the installation makes of the attempt, its token stays the same.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { readSigningKey, type Database } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { parseAttemptId, type AttemptRef } from "@millrace/wire";
import { apiLimits } from "./limits.ts";

const keyName = "task_token";

export type TaskTokens = {
  make(attemptId: string): Promise<string>;
  /** @throws MillraceError TASK_TOKEN_INVALID, after the same time whatever is wrong with it. */
  read(token: string): Promise<AttemptRef & { readonly attemptId: string }>;
};

/** The key is read once, and made by whoever is the first to need it. */
export function createTaskTokens(db: Database): TaskTokens {
  let key: Promise<Uint8Array> | null = null;

  function readKey(): Promise<Uint8Array> {
    key ??= readSigningKey(db, keyName).catch((error: unknown) => {
      key = null;
      throw error;
    });
    return key;
  }

  async function sign(attemptId: string): Promise<Buffer> {
    return createHmac("sha256", await readKey())
      .update(`${keyName} ${attemptId}`)
      .digest();
  }

  return {
    async make(attemptId) {
      return tokenOf(attemptId, await sign(attemptId));
    },
    async read(token) {
      const [name = "", signature = ""] = token.slice(0, apiLimits.taskTokenLength).split(".", 2);
      const attemptId = Buffer.from(name, "base64url").toString();
      const expected = await sign(attemptId);
      const given = Buffer.alloc(expected.length);
      const isWhole = Buffer.from(signature, "base64url").copy(given) === expected.length;
      // One spelling only: what base64url forgives is no token.
      const isExact = token === tokenOf(attemptId, given);
      const isGenuine = timingSafeEqual(expected, given);
      const attempt = parseAttemptId(attemptId);
      if (!isGenuine || !isWhole || !isExact || attempt?.of !== "body")
        throw new MillraceError("TASK_TOKEN_INVALID");
      return { ...attempt, attemptId };
    },
  };
}

function tokenOf(attemptId: string, signature: Buffer): string {
  return `${Buffer.from(attemptId).toString("base64url")}.${signature.toString("base64url")}`;
}
