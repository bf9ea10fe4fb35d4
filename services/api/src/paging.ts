/** Pages: how many, from where. A token is opaque, and good only with the filters it was made for. */

import { createHash } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import { fieldInvalid } from "./fields.ts";

export type PageLimits = { readonly default: number; readonly max: number };

/** @throws MillraceError FIELD_INVALID when negative. */
export function pageSizeOf(pageSize: number, limits: PageLimits): number {
  if (pageSize < 0)
    throw fieldInvalid(
      "page_size",
      `is ${pageSize}; write 0 for ${limits.default}, or a positive number.`,
    );
  return pageSize === 0 ? limits.default : Math.min(pageSize, limits.max);
}

/**
 * Where a page begins; null for the first.
 *
 * @throws MillraceError PAGE_TOKEN_INVALID when the token is not from this list, or the filters have changed.
 */
export function positionOf<P>(
  token: string,
  filters: readonly unknown[],
  isPosition: (value: unknown) => value is P,
): P | null {
  if (token === "") return null;
  const [hash, position] = readToken(token);
  if (hash !== hashOf(filters) || !isPosition(position))
    throw new MillraceError("PAGE_TOKEN_INVALID");
  return position;
}

/** The token of the page after `position`. */
export function tokenAfter(filters: readonly unknown[], position: unknown): string {
  return Buffer.from(JSON.stringify([hashOf(filters), position])).toString("base64url");
}

/** Cuts the one row that was read too many, which tells that there is a further page. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
): { readonly rows: readonly T[]; readonly last: T | null } {
  if (rows.length <= limit) return { rows, last: null };
  const page = rows.slice(0, limit);
  return { rows: page, last: page.at(-1) ?? null };
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\u0000");
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readToken(token: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

function hashOf(filters: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(filters)).digest("base64url").slice(0, 16);
}
