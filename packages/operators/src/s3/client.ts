/** Objects of S3 and what speaks its protocol. */

import type { S3Client } from "@aws-sdk/client-s3";
import { environmentVariable } from "../environment.ts";
import { orInstall } from "../optional.ts";
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

export type S3Object = S3Place & {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly modifiedAt: Date;
};

/** What is asked of S3 here. The types of its client stay inside: they want those of Node.js from whoever sees them. */
export type S3Access = {
  /** Objects whose keys begin with that of the place, page by page. */
  list(place: S3Place): AsyncIterable<readonly S3Object[]>;
  exists(place: S3Place): Promise<boolean>;
  /** @throws the client's error when there is no such object. */
  read(place: S3Place): Promise<string>;
};

/** @throws MillraceError FIELD_INVALID */
export function readS3Url(url: unknown, what: string): S3Place {
  const match =
    typeof url === "string" ? /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*)$/s.exec(url) : null;
  if (match === null) return refuseOf(what, url, 's3://bucket/key, such as "s3://orders/2026/"');
  return { bucket: match[1] ?? "", key: match[2] ?? "" };
}

const known = new Map<string, Promise<S3Access>>();

/**
 * One for each place, kept: it holds connections and credentials.
 *
 * @throws Error that says what to install, where the client of AWS is missing
 */
export function s3At(options: S3Options): Promise<S3Access> {
  const { region, endpoint, pathStyle = endpoint !== undefined } = options;
  const key = JSON.stringify([region, endpoint, pathStyle]);
  let access = known.get(key);
  if (access === undefined) {
    access = open({ region, endpoint, pathStyle });
    known.set(key, access);
    // Once it is installed, or credentials are there, it is to be tried again.
    access.catch(() => known.delete(key));
  }
  return access;
}

async function open(options: {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly pathStyle: boolean;
}): Promise<S3Access> {
  // Loaded when first needed: it is large.
  const aws = await import("@aws-sdk/client-s3").catch(orInstall("@aws-sdk/client-s3", "S3"));
  const { region, endpoint, pathStyle } = options;
  const client: S3Client = new aws.S3Client({
    region:
      region ??
      environmentVariable("AWS_REGION") ??
      environmentVariable("AWS_DEFAULT_REGION") ??
      "us-east-1",
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
  });
  return {
    async *list({ bucket, key }) {
      const pages = aws.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: key });
      for await (const { Contents = [] } of pages)
        yield Contents.map(({ Key = "", Size = 0, ETag = "", LastModified }) => ({
          ...{ bucket, key: Key, size: Size, etag: ETag.replaceAll('"', "") },
          modifiedAt: LastModified ?? new Date(0),
        }));
    },
    async exists({ bucket, key }) {
      try {
        await client.send(new aws.HeadObjectCommand({ Bucket: bucket, Key: key }));
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw error;
      }
    },
    async read({ bucket, key }) {
      const { Body } = await client.send(new aws.GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await Body?.transformToString()) ?? "";
    },
  };
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
