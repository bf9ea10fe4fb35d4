import { toBinary } from "@bufbuild/protobuf";
import {
  deactivateMissingDags,
  lockDagHeads,
  missingBundles,
  replaceDependencies,
  replaceImportErrors,
  writeDags,
  type DagHead,
  type DagVersionWrite,
  type DagWrite,
  type ImportErrorRow,
  type Transaction,
} from "@millrace/db";
import {
  MillraceError,
  scheduleText,
  shardOf,
  timeOf,
  type DagSpec,
  type Schedule,
} from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { DagsChangedSchema } from "@millrace/wire/internal";
import {
  type DagService,
  RegisterDagsRequestSchema,
  RegisterDagsResponseSchema,
  type RegisterDagsRequest,
} from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import { judgeAssets, storeAssetUses } from "../asset-registration.ts";
import type { ApiContext } from "../context.ts";
import { judgeDags, type Accepted, type Refused } from "../dag-registration.ts";
import { dependenciesOf } from "../dag-dependencies.ts";
import { fieldInvalid, textField } from "../fields.ts";
import { once } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { dagMessage, importErrorMessage } from "../messages/dag.ts";
import { warnOfPools } from "../pool-warnings.ts";

const schemas = { input: RegisterDagsRequestSchema, output: RegisterDagsResponseSchema };

/** Registers what compiled, keeps what did not as import errors, and puts DAGs that are gone out of use. */
export function registerDags(context: ApiContext): Handler<typeof DagService.method.registerDags> {
  return async (request, call) => {
    const folder = checked(request);
    const { accepted, refused } = judgeDags(request.dags);
    const changed: string[] = [];
    const answer = await once(context, call, schemas, request, async (tx) => {
      await assertBundlesExist(tx, accepted);
      const errors = [
        ...request.errors.map(({ file, message }) => ({ file, message })),
        ...refused,
      ];
      const specs = new Map(accepted.map(({ spec }) => [spec.dagId, spec]));
      const registered = await store(tx, folder, accepted, errors);
      changed.push(...registered.changed);
      return {
        dags: registered.heads.map((head) => dagMessage(head, specs.get(head.dag_id))),
        errors: registered.importErrors.map(importErrorMessage),
      };
    });
    announceDags(context, changed);
    await warnOfPools(
      context,
      call,
      accepted.map(({ spec }) => spec),
    );
    return answer;
  };
}

/** Tells every node to look at the rows of these DAGs. */
export function announceDags({ bus }: Pick<ApiContext, "bus">, dagIds: readonly string[]): void {
  if (dagIds.length === 0) return;
  bus.publish(
    "dags",
    toBinary(DagsChangedSchema, create(DagsChangedSchema, { dagIds: [...dagIds] })),
  );
}

function checked(request: RegisterDagsRequest): string {
  if (request.folder === "") throw fieldInvalid("folder", "is empty; name the DAG folder.");
  if (request.dags.length > apiLimits.dagsMax)
    throw fieldInvalid("dags", `has more than ${apiLimits.dagsMax} entries; use several folders.`);
  if (request.errors.length > apiLimits.importErrorsMax)
    throw fieldInvalid("errors", `has more than ${apiLimits.importErrorsMax} entries.`);
  for (const { file, message } of request.errors) {
    textField("errors.file", file, apiLimits.fileLength);
    textField("errors.message", message, apiLimits.importErrorLength);
  }
  for (const { file } of request.dags) textField("dags.file", file, apiLimits.fileLength);
  return textField("folder", request.folder, apiLimits.folderLength);
}

async function assertBundlesExist(tx: Transaction, accepted: readonly Accepted[]): Promise<void> {
  const digests = new Set(
    accepted.map(({ spec }) => spec.bundleDigest).filter((digest) => digest !== null),
  );
  const [missing] = await missingBundles(tx, [...digests]);
  if (missing === undefined) return;
  throw new MillraceError(
    "BUNDLE_NOT_FOUND",
    `No bundle has the digest ${missing.slice(0, 64)}; upload it first.`,
    {
      metadata: { digest: missing.slice(0, 64) },
    },
  );
}

type Registered = {
  /** In the order given. */
  readonly heads: DagHead[];
  readonly importErrors: ImportErrorRow[];
  readonly changed: string[];
};

async function store(
  tx: Transaction,
  folder: string,
  accepted: readonly Accepted[],
  errors: readonly Refused[],
): Promise<Registered> {
  const before = new Map(
    (
      await lockDagHeads(
        tx,
        accepted.map(({ spec }) => spec.dagId),
      )
    ).map((head) => [head.dag_id, head]),
  );
  const { accepted: own, refused: ofAssets } = await judgeAssets(
    tx,
    accepted.filter(({ spec }) => !isElsewhere(before.get(spec.dagId), folder)),
  );
  const stolen = accepted.filter(({ spec }) => isElsewhere(before.get(spec.dagId), folder));

  const dags: DagWrite[] = [];
  const specs: DagSpec[] = [];
  const versions: DagVersionWrite[] = [];
  for (const each of own) {
    const head = before.get(each.spec.dagId);
    const isSame = head?.digest === each.digest;
    const version = (head?.version ?? 0) + (isSame ? 0 : 1);
    if (!isSame) versions.push(versionWrite(each, version));
    if (isSame && head.is_active && head.folder === folder) continue;
    dags.push(dagWrite(each, folder, version));
    specs.push(each.spec);
  }
  await writeDags(tx, dags, versions);
  const written = new Set(dags.map((dag) => dag.dag_id));
  const renewed = own.filter(({ spec }) => written.has(spec.dagId));
  await replaceDependencies(
    tx,
    renewed.map(({ spec }) => spec.dagId),
    renewed.flatMap(({ spec }) => dependenciesOf(spec)),
  );

  const refusals = [
    ...errors,
    ...ofAssets,
    ...stolen.map(({ spec }) => elsewhere(spec.dagId, spec.file, before.get(spec.dagId))),
  ];
  const gone = await deactivateMissingDags(tx, folder, {
    keptDagIds: own.map(({ spec }) => spec.dagId),
    brokenFiles: refusals.map(({ file }) => file),
  });
  const born = dags.map((dag) => dag.dag_id).filter((dagId) => !before.has(dagId));
  await storeAssetUses(tx, specs, { gone, born });
  const importErrors = await replaceImportErrors(tx, folder, mergedByFile(refusals));
  const after = new Map(
    (
      await lockDagHeads(
        tx,
        own.map(({ spec }) => spec.dagId),
      )
    ).map((head) => [head.dag_id, head]),
  );
  const heads = own.map(({ spec }) => after.get(spec.dagId)).filter((head) => head !== undefined);
  return { heads, importErrors, changed: [...dags.map((dag) => dag.dag_id), ...gone] };
}

/** A DAG belongs to the folder that registered it, until it is gone from there. */
function isElsewhere(head: DagHead | undefined, folder: string): boolean {
  return head !== undefined && head.folder !== folder && head.is_active;
}

function elsewhere(dagId: string, file: string, head: DagHead | undefined): Refused {
  return {
    file,
    message: `DAG "${dagId}" is registered from the folder "${head?.folder ?? ""}" already; give one of them another id.`,
  };
}

function dagWrite({ spec }: Accepted, folder: string, version: number): DagWrite {
  return {
    dag_id: spec.dagId,
    shard: shardOf(spec.dagId),
    version,
    folder,
    file: spec.file,
    description: spec.description,
    tags: spec.tags,
    owner: spec.owner,
    schedule: spec.schedule === null ? "" : scheduleText(spec.schedule),
    timezone: zoneOf(spec.schedule),
    is_paused: spec.startPaused,
  };
}

/** Empty for a schedule that no clock decides. */
function zoneOf(schedule: Schedule | null): string {
  const time = timeOf(schedule);
  return time !== null && "timezone" in time ? time.timezone : "";
}

function versionWrite({ spec, bytes, digest }: Accepted, version: number): DagVersionWrite {
  return {
    dagId: spec.dagId,
    version,
    digest,
    spec: bytes,
    file: spec.file,
    source: spec.source,
    bundleDigest: spec.bundleDigest,
    taskCount: spec.tasks.length,
  };
}

/** A file has one import error, which says everything that is wrong with it. */
function mergedByFile(errors: readonly Refused[]): Refused[] {
  const byFile = new Map<string, string[]>();
  for (const { file, message } of errors) byFile.set(file, [...(byFile.get(file) ?? []), message]);
  return [...byFile].map(([file, messages]) => ({
    file,
    message: messages.join("\n").slice(0, apiLimits.importErrorLength),
  }));
}
