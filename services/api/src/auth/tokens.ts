/** Secrets: `mr_` and 32 bytes in base 62. Only their SHA-256 is ever stored. */

import { createHash, createHmac, randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const tokenBytes = 32;
/** Characters that 32 bytes need in base 62. */
const tokenLength = 43;

const pattern = /^mr_[0-9A-Za-z]{43}$/;

export function newToken(): string {
  return tokenOf(randomBytes(tokenBytes));
}

/** The token that follows from a secret and a purpose: always the same, and of no use for any other purpose. */
export function deriveToken(secret: string, purpose: string): string {
  return tokenOf(createHmac("sha256", secret).update(purpose).digest());
}

export function isToken(text: string): boolean {
  return pattern.test(text);
}

export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function tokenOf(bytes: Buffer): string {
  let number = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  while (text.length < tokenLength) {
    text = (alphabet[Number(number % 62n)] ?? "0") + text;
    number /= 62n;
  }
  return `mr_${text}`;
}
