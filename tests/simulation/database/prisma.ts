/** The few calls of Prisma's client that the simulated nodes make. */

import type { Call } from "./call.ts";
import { needsOf, needsOfText, type Needs } from "./needs.ts";
import type { DagVersionRow } from "./rows.ts";
import type { DatabaseServer, Transaction } from "./server.ts";
import { requestKey } from "./tables.ts";

type RequestId = {
  readonly method: string;
  readonly principal: string;
  readonly requestId: string;
};
type VersionData = {
  readonly dagId: string;
  readonly version: number;
  readonly digest: string;
  readonly spec: Uint8Array;
  readonly taskCount: number;
  readonly bundleDigest: string | null;
};
type RequestData = RequestId & { readonly bodyHash: Uint8Array; readonly answer: Uint8Array };

/** A table that is empty, and stays so: every bundle is there, every DAG compiles, and those with assets stay as they are. */
const none = {
  findMany: () => Promise.resolve([]),
  deleteMany: () => Promise.resolve({ count: 0 }),
  createMany: () => Promise.resolve({ count: 0 }),
};

export function createPrisma(
  server: DatabaseServer,
  call: Call,
  begin: () => Transaction,
): unknown {
  const within = (transaction: Transaction | null) => {
    const run = <T>(execute: () => T, needs: Needs = needsOf("", [])): Promise<T> =>
      call({ needs, transaction, execute: () => inside(transaction, execute) });
    const runNamed = (text: string, values: readonly unknown[]): Promise<object[]> => {
      const name = nameOf(text);
      return run(() => server.run(name, values, transaction), needsOf(name, values));
    };
    const lock = (needs: Needs): number => {
      transaction?.holding.add(needs);
      return 0;
    };
    return {
      $executeRaw(parts: TemplateStringsArray, ...values: unknown[]) {
        const needs = needsOfText(parts.join("?"), values);
        return run(() => lock(needs), needs);
      },
      $executeRawUnsafe: async (text: string, ...values: unknown[]) =>
        (await runNamed(text, values)).length,
      $queryRawUnsafe: (text: string, ...values: unknown[]) => runNamed(text, values),
      signingKey: {
        findUnique: ({ where }: { where: { name: string } }) => run(() => key(where.name)),
        findUniqueOrThrow: ({ where }: { where: { name: string } }) => run(() => key(where.name)),
        createMany: ({ data }: { data: { name: string; secret: Uint8Array }[] }) =>
          run(() => {
            for (const { name, secret } of data)
              if (key(name) === null) server.tables.signingKeys.set(name, secret);
          }),
      },
      dagVersion: {
        findMany: ({ where }: { where: { id: { in: number[] } } }) =>
          run(() => where.id.in.flatMap((id) => server.tables.versions.get(id) ?? [])),
        createMany: ({ data }: { data: readonly VersionData[] }) =>
          run(() => data.forEach((version) => addVersion(version, transaction))),
      },
      bundle: {
        findMany: ({ where }: { where: { digest: { in: string[] } } }) =>
          Promise.resolve(where.digest.in.map((digest) => ({ digest }))),
      },
      importError: none,
      assetUse: none,
      assetPending: none,
      assetPartition: none,
      request: {
        findUnique: ({ where }: { where: { method_principal_requestId: RequestId } }) =>
          run(() => find(where.method_principal_requestId)),
        create: ({ data }: { data: RequestData }) => run(() => keep(data)),
      },
    };
  };

  function addVersion(version: VersionData, transaction: Transaction | null): void {
    const { tables } = server;
    const row: DagVersionRow = {
      ...{ id: tables.nextVersionId++, dag_id: version.dagId, version: version.version },
      ...{ digest: version.digest, spec: Buffer.from(version.spec) },
      ...{ task_count: version.taskCount, bundle_digest: version.bundleDigest },
    };
    transaction?.drafts.versions.push(row);
    // Before the row of the DAG that names it.
    transaction?.writes.unshift(() => void tables.versions.set(row.id, row));
  }

  /** What is written without a statement is undone with the transaction all the same. */
  function inside<T>(transaction: Transaction | null, execute: () => T): T {
    server.tables.undo = transaction?.undo ?? null;
    try {
      return execute();
    } finally {
      server.tables.undo = null;
    }
  }

  function key(name: string): { readonly secret: Uint8Array } | null {
    const secret = server.tables.signingKeys.get(name);
    return secret === undefined ? null : { secret };
  }

  function find({ method, principal, requestId }: RequestId): RequestData | null {
    const key = requestKey({ method, principal, request_id: requestId });
    const row = server.tables.requests.get(key);
    if (row === undefined) return null;
    return { method, principal, requestId, bodyHash: row.body_hash, answer: row.answer };
  }

  function keep({ method, principal, requestId, bodyHash, answer }: RequestData): void {
    server.tables.requests.put({
      method,
      principal,
      request_id: requestId,
      body_hash: Buffer.from(bodyHash),
      answer: Buffer.from(answer),
      at: 0,
    });
  }

  return {
    ...within(null),
    async $transaction<T>(body: (tx: unknown) => Promise<T>): Promise<T> {
      const transaction = begin();
      try {
        const result = await body(within(transaction));
        const execute = () => server.commit(transaction);
        await call({ needs: needsOf("", []), transaction, execute });
        return result;
      } catch (error) {
        server.rollback(transaction);
        throw error;
      }
    },
  };
}

/** Statements begin with their names. */
function nameOf(text: string): string {
  return /^-- (\w+):/.exec(text)?.[1] ?? text;
}
