import {
  dependencyKinds,
  listDependencies,
  type DependencyPosition,
  type DependencyRow,
} from "@millrace/db";
import type { Handler } from "@millrace/service";
import {
  DagDependencySchema,
  DependencyKind,
  DependencyNodeKind,
  type DagDependency,
  type DependencyService,
} from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { fieldInvalid } from "../fields.ts";
import { cutPage, isCount, isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

const pageLimits = { default: 200, max: 1000 };
const levels = { default: 1, max: 20 };

type Method = typeof DependencyService.method.listDagDependencies;

export function listDagDependenciesPage(context: ApiContext): Handler<Method> {
  return async (request) => {
    const { dagId } = request;
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const focus = dagId === "" ? null : { dagId, levels: levelsField(request.levels) };
    if (focus !== null) await requireDag(context, dagId);
    const filters = ["dag_dependencies", dagId, focus?.levels ?? 0];
    const after = positionOf(request.pageToken, filters, isPosition);
    const found = await listDependencies(context.db, focus, { after, limit: limit + 1 });
    const { rows, last } = cutPage(found, limit);
    return {
      dependencies: rows.map(dependencyMessage),
      nextPageToken: last === null ? "" : tokenAfter(filters, positionIn(last)),
    };
  };
}

/** @throws MillraceError FIELD_INVALID */
function levelsField(given: number): number {
  if (given < 0 || given > levels.max)
    throw fieldInvalid(
      "levels",
      `is ${given}; write 0 for ${levels.default}, or 1 to ${levels.max}.`,
    );
  return given === 0 ? levels.default : given;
}

const kinds: Readonly<Record<number, DependencyKind>> = {
  [dependencyKinds.triggers]: DependencyKind.TRIGGERS,
  [dependencyKinds.waitsFor]: DependencyKind.WAITS_FOR,
  [dependencyKinds.clears]: DependencyKind.CLEARS,
};

function dependencyMessage(row: DependencyRow): DagDependency {
  const kind = kinds[row.kind] ?? DependencyKind.UNSPECIFIED;
  const own = { kind: DependencyNodeKind.DAG, id: row.dag_id, exists: true };
  const other = { kind: DependencyNodeKind.DAG, id: row.other_id, exists: row.other_exists };
  // Whoever waits comes after what it waits for.
  const [from, to] = kind === DependencyKind.WAITS_FOR ? [other, own] : [own, other];
  return create(DagDependencySchema, { from, to, kind, taskId: row.task_id });
}

function positionIn(row: DependencyRow): DependencyPosition {
  return [row.dag_id, row.kind, row.other_id, row.task_id];
}

function isPosition(value: unknown): value is DependencyPosition {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [dagId, kind, otherId, taskId] = value as unknown[];
  return isText(dagId) && isCount(kind) && isText(otherId) && isText(taskId);
}
