/** Objects of S3 and what speaks its protocol. */

import type { S3Client } from "@aws-sdk/client-s3";
import { environmentVariable } from "../environment.ts";
import { refuseOf } from "../refuse.ts";

/** Where it is. Credentials are found as by every program of AWS: environment, profile, role of the machine. */
export type S3Options = {
  /** Default: that of the environment, else "us-east-1". */
  readonly region?: string;
  /** Of a server that is not AWS: "http://127.0.0.1:9000". */
  readonly endpoint?: string;
  /** Whether the bucket stands in the path and not in the host's name. Default: true where there is an endpoint. */
  readonly pathStyle?: boolean;
};

export type S3Place = { readonly bucket: string; readonly key: string };

/** @throws MillraceError FIELD_INVALID */
export function readS3Url(url: unknown, what: string): S3Place {
  const match =
    typeof url === "string" ? /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*)$/s.exec(url) : null;
  if (match === null) return refuseOf(what, url, 's3://bucket/key, such as "s3://orders/2026/"');
  return { bucket: match[1] ?? "", key: match[2] ?? "" };
}

const clients = new Map<string, Promise<S3Client>>();

/** One for each place, kept: it holds connections and credentials. */
export function s3Client(options: S3Options): Promise<S3Client> {
  const { region, endpoint, pathStyle = endpoint !== undefined } = options;
  const key = JSON.stringify([region, endpoint, pathStyle]);
  let client = clients.get(key);
  if (client === undefined) {
    client = make({ region, endpoint, pathStyle });
    clients.set(key, client);
  }
  return client;
}

async function make(options: {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
}): Promise<S3Client> {
  // Loaded when first needed: it is large.
  const { S3Client } = await import("@aws-sdk/client-s3");
  const { region, endpoint, pathStyle } = options;
  return new S3Client({
    region:
      region ??
      environmentVariable("AWS_REGION") ??
      environmentVariable("AWS_DEFAULT_REGION") ??
      "us-east-1",
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
  });
}
