import {
  createPool,
  deletePool,
  listPoolPage,
  updatePool,
  type PoolChange,
  type PoolPageRow,
} from "@millrace/db";
import { checkPool, defaultPool, MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { timestampOf } from "@millrace/wire";
import {
  CreatePoolRequestSchema,
  CreatePoolResponseSchema,
  DeletePoolRequestSchema,
  DeletePoolResponseSchema,
  PoolSchema,
  UpdatePoolRequestSchema,
  UpdatePoolResponseSchema,
  type Pool,
  type PoolService,
} from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import type { ApiContext } from "../context.ts";
import { fieldInvalid, shown } from "../fields.ts";
import { answered, once } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { cutPage, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

type Methods = typeof PoolService.method;

const limits = { default: apiLimits.pageDefault, max: apiLimits.pageMax };
const creation = { input: CreatePoolRequestSchema, output: CreatePoolResponseSchema };
const change = { input: UpdatePoolRequestSchema, output: UpdatePoolResponseSchema };
const deletion = { input: DeletePoolRequestSchema, output: DeletePoolResponseSchema };

export function listPools({ db }: ApiContext): Handler<Methods["listPools"]> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, limits);
    const after = positionOf(request.pageToken, ["pools"], isText) ?? "";
    const { rows, last } = cutPage(await listPoolPage(db, { after, limit: limit + 1 }), limit);
    return {
      pools: rows.map(poolMessage),
      nextPageToken: last === null ? "" : tokenAfter(["pools"], last.name),
    };
  };
}

export function getPool(context: ApiContext): Handler<Methods["getPool"]> {
  return async ({ name }) => ({ pool: poolMessage(await requirePool(context, name)) });
}

export function createPoolOf(context: ApiContext): Handler<Methods["createPool"]> {
  return async (request, call) => {
    const { name, slots = null, description, includeDeferred } = request;
    const pool = checked({ name, slots, description, includeDeferred });
    const answer = await once(context, call, creation, request, async (tx) => {
      if (!(await createPool(tx, pool)))
        throw new MillraceError("POOL_EXISTS", `There is a pool ${shown(name)} already.`, {
          metadata: { pool: name },
        });
      return { pool: poolMessage({ ...unused, ...rowOf(pool) }) };
    });
    tell(context);
    call.log.info({ pool: name, slots }, "pool.created");
    return answer;
  };
}

export function updatePoolOf(context: ApiContext): Handler<Methods["updatePool"]> {
  return async (request, call) => {
    const before = await answered(context, call, change, request);
    if (before !== null) return before;
    const { name, slots, unlimited, description, includeDeferred } = request;
    if (unlimited && slots !== undefined)
      throw fieldInvalid("unlimited", `is true, and slots is ${slots}; give one of them.`);
    const known = await requirePool(context, name);
    const pool = checked({
      name,
      slots: unlimited ? null : (slots ?? known.slots),
      description: description ?? known.description,
      includeDeferred: includeDeferred ?? known.include_deferred,
    });
    const answer = await once(context, call, change, request, async (tx) => {
      if (!(await updatePool(tx, pool))) throw notFound(name);
      return { pool: poolMessage({ ...known, ...rowOf(pool) }) };
    });
    tell(context);
    call.log.info({ pool: name, slots: pool.slots }, "pool.updated");
    return answer;
  };
}

export function deletePoolOf(context: ApiContext): Handler<Methods["deletePool"]> {
  return async (request, call) => {
    const { name } = request;
    if (name === defaultPool)
      throw new MillraceError(
        "POOL_PROTECTED",
        `The pool "${defaultPool}" is that of tasks that name none and cannot be deleted; change its slots instead.`,
      );
    const answer = await once(context, call, deletion, request, async (tx) => {
      if (!(await deletePool(tx, name))) throw notFound(name);
      return {};
    });
    tell(context);
    call.log.info({ pool: name }, "pool.deleted");
    return answer;
  };
}

const unused = { running: 0, deferred: 0, waiting: 0, granted: 0, created_at: new Date(0) };

function rowOf({ name, slots, description, includeDeferred }: PoolChange) {
  return { name, slots, description, include_deferred: includeDeferred };
}

/** @throws MillraceError FIELD_INVALID with everything that is wrong */
function checked(pool: PoolChange): PoolChange {
  const [problem] = checkPool(pool);
  if (problem === undefined && !pool.description.includes("\u0000")) return pool;
  throw problem === undefined
    ? fieldInvalid("description", "has a NUL character; remove it.")
    : new MillraceError("FIELD_INVALID", problem.message, { metadata: { field: problem.field } });
}

async function requirePool({ db }: ApiContext, name: string): Promise<PoolPageRow> {
  if (name === "") throw fieldInvalid("name", "is empty; say which pool.");
  const [row] = name.includes("\u0000")
    ? []
    : await listPoolPage(db, { after: "", limit: 1, only: name });
  if (row === undefined) throw notFound(name);
  return row;
}

function notFound(name: string): MillraceError {
  return new MillraceError("POOL_NOT_FOUND", `There is no pool ${shown(name)}.`);
}

/** Owners look at once; without a bus, within seconds. */
function tell({ bus }: ApiContext): void {
  bus.publish("pools", new Uint8Array());
}

function poolMessage(row: PoolPageRow): Pool {
  const { name, slots, description, running, deferred, waiting } = row;
  const used = running + (row.include_deferred ? deferred : 0);
  return create(PoolSchema, {
    ...{ name, description, running, deferred, waiting },
    slots: slots ?? 0,
    includeDeferred: row.include_deferred,
    open: slots === null ? 0 : Math.max(0, slots - used),
    createdAt: row.created_at.getTime() === 0 ? undefined : timestampOf(row.created_at.getTime()),
  });
}
