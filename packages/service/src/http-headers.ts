/** Headers that every HTTP answer carries, and the cookie of the console. */

import type { ServerResponse } from "node:http";

const securityHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
}

/** The value of one cookie of a `cookie` header; null when it is absent. */
export function readCookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return value.join("=");
  }
  return null;
}

export type CookieOptions = {
  /** 0 removes the cookie. */
  readonly maxAgeSeconds: number;
  /** Whether it travels over TLS only. */
  readonly isSecure: boolean;
};

/** A `set-cookie` value that scripts cannot read and other sites cannot send. */
export function writeCookie(
  name: string,
  value: string,
  { maxAgeSeconds, isSecure }: CookieOptions,
): string {
  const parts = [
    `${name}=${value}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Strict",
    `Max-Age=${maxAgeSeconds}`,
  ];
  if (isSecure) parts.push("Secure");
  return parts.join("; ");
}
