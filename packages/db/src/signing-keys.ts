/** Keys that the installation signs with. */

import { randomBytes } from "node:crypto";

import type { Database } from "./database.ts";

const secretBytes = 32;

/** The secret of this name, made if there is none: everybody who asks gets the same one. */
export async function readSigningKey(db: Database, name: string): Promise<Uint8Array> {
  const { signingKey } = db.prisma;
  const known = await signingKey.findUnique({ where: { name } });
  if (known !== null) return known.secret;
  const secret = Uint8Array.from(randomBytes(secretBytes));
  await signingKey.createMany({ data: [{ name, secret }], skipDuplicates: true });
  return (await signingKey.findUniqueOrThrow({ where: { name } })).secret;
}
