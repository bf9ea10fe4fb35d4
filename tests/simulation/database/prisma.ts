/** The few calls of Prisma's client that the simulated nodes make. */

import type { Call } from "./call.ts";
import { needsOf } from "./needs.ts";
import type { DatabaseServer, Transaction } from "./server.ts";
import { requestKey } from "./tables.ts";

type RequestId = {
  readonly method: string;
  readonly principal: string;
  readonly requestId: string;
};
type RequestData = RequestId & { readonly bodyHash: Uint8Array; readonly answer: Uint8Array };

export function createPrisma(server: DatabaseServer, call: Call): unknown {
  const within = (transaction: Transaction | null) => {
    const run = <T>(execute: () => T): Promise<T> => {
      const job = {
        needs: needsOf("", []),
        transaction,
        execute: () => inside(transaction, execute),
      };
      return call(job);
    };
    return {
      $executeRaw: () => run(() => 0),
      $executeRawUnsafe: (text: string, ...values: unknown[]) =>
        run(() => server.run(nameOf(text), values, transaction).length),
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
      },
      request: {
        findUnique: ({ where }: { where: { method_principal_requestId: RequestId } }) =>
          run(() => find(where.method_principal_requestId)),
        create: ({ data }: { data: RequestData }) => run(() => keep(data)),
      },
    };
  };

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
      const transaction = server.begin();
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
