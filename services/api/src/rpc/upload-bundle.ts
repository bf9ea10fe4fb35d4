import { createHash } from "node:crypto";
import { storeBundle } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import {
  type DagService,
  UploadBundleRequestSchema,
  UploadBundleResponseSchema,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { once } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";

const schemas = { input: UploadBundleRequestSchema, output: UploadBundleResponseSchema };

/** Stores code under its own hash; nothing else about it is believed. */
export function uploadBundle(context: ApiContext): Handler<typeof DagService.method.uploadBundle> {
  return async (request, call) => {
    const { digest, content } = request;
    if (content.length > apiLimits.bundleBytesMax) {
      throw new MillraceError(
        "BUNDLE_TOO_LARGE",
        `The bundle has ${content.length} bytes; the limit is ${apiLimits.bundleBytesMax}.`,
      );
    }
    const actual = createHash("sha256").update(content).digest("hex");
    if (actual !== digest) {
      throw new MillraceError(
        "BUNDLE_DIGEST_MISMATCH",
        `The content has the digest ${actual}, not the one given.`,
      );
    }
    return once(context, call, schemas, request, async (tx) => ({
      stored: await storeBundle(tx, digest, content),
    }));
  };
}
