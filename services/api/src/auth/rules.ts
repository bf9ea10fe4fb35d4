/** Who may call which method. A method without a rule is refused, and a test sees to it that every method has one. */

import type { Role } from "@millrace/service";

export type Rule =
  /** Everybody, without a credential. */
  | { readonly kind: "public" }
  /** Whoever brings a task token: the request itself says what it may do, and the handler checks it. */
  | { readonly kind: "by_token" }
  /** Whoever has any credential. */
  | { readonly kind: "anyone_known" }
  | { readonly kind: "roles"; readonly roles: readonly Role[] };

const everybody: Rule = { kind: "public" };
const byToken: Rule = { kind: "by_token" };
const known: Rule = { kind: "anyone_known" };
const admin: Rule = { kind: "roles", roles: ["admin"] };
/** Workers only: an administrator's key on a worker would be one too powerful for where it lies. */
const worker: Rule = { kind: "roles", roles: ["worker"] };

export const rules: Readonly<Record<string, Rule>> = {
  // Registering a DAG is running code on workers: not for the workers' own key.
  "millrace.v1.DagService/UploadBundle": admin,
  "millrace.v1.DagService/RegisterDags": admin,
  "millrace.v1.DagService/GetDag": admin,
  "millrace.v1.DagService/ListDags": admin,
  "millrace.v1.DagService/PauseDag": admin,
  "millrace.v1.DagService/UnpauseDag": admin,
  "millrace.v1.DagService/DeleteDag": admin,
  "millrace.v1.DagService/ListDagVersions": admin,
  "millrace.v1.DagService/ListNextRuns": admin,
  "millrace.v1.DagService/GetDagSpec": admin,
  "millrace.v1.DagService/GetDagSource": admin,
  "millrace.v1.DagService/ListImportErrors": admin,

  "millrace.v1.DagRunService/TriggerDagRun": admin,
  "millrace.v1.DagRunService/GetDagRun": admin,
  "millrace.v1.DagRunService/ListDagRuns": admin,
  "millrace.v1.DagRunService/CancelDagRun": admin,
  "millrace.v1.DagRunService/MarkDagRun": admin,
  "millrace.v1.DagRunService/WatchDagRun": admin,
  "millrace.v1.DagRunService/GetDagGrid": admin,
  "millrace.v1.DagRunService/ListDeadlines": admin,
  "millrace.v1.DagRunService/GetDagRunInputs": admin,
  "millrace.v1.DagRunService/GetRunCalendar": admin,

  "millrace.v1.BackfillService/CreateBackfill": admin,
  "millrace.v1.BackfillService/GetBackfill": admin,
  "millrace.v1.BackfillService/ListBackfills": admin,
  "millrace.v1.BackfillService/ListBackfillRuns": admin,
  "millrace.v1.BackfillService/PauseBackfill": admin,
  "millrace.v1.BackfillService/ResumeBackfill": admin,
  "millrace.v1.BackfillService/CancelBackfill": admin,

  "millrace.v1.TaskInstanceService/ListTaskInstances": admin,
  "millrace.v1.TaskInstanceService/GetTaskInstance": admin,
  "millrace.v1.TaskInstanceService/ReadLogs": admin,
  "millrace.v1.TaskInstanceService/TailLogs": admin,
  "millrace.v1.TaskInstanceService/ExplainTaskInstance": admin,
  "millrace.v1.TaskInstanceService/ClearTaskInstances": admin,
  "millrace.v1.TaskInstanceService/MarkTaskInstances": admin,
  "millrace.v1.TaskInstanceService/AnswerInput": admin,
  "millrace.v1.TaskInstanceService/ListInputRequests": admin,
  "millrace.v1.TaskInstanceService/CountInputRequests": admin,
  // From wherever the work is done that a task waits for: nobody there has a key, and none is needed.
  "millrace.v1.TaskInstanceService/CompleteTaskToken": byToken,
  "millrace.v1.TaskInstanceService/HeartbeatTaskToken": byToken,
  "millrace.v1.TaskInstanceService/ListCallbackDeliveries": admin,
  "millrace.v1.TaskInstanceService/ListXComs": admin,
  "millrace.v1.TaskInstanceService/ReadXCom": admin,

  "millrace.v1.DependencyService/ListDagDependencies": admin,
  "millrace.v1.DependencyService/ListRunLinks": admin,
  "millrace.v1.PoolService/ListPools": admin,
  "millrace.v1.PoolService/GetPool": admin,
  "millrace.v1.PoolService/CreatePool": admin,
  "millrace.v1.PoolService/UpdatePool": admin,
  "millrace.v1.PoolService/DeletePool": admin,
  "millrace.v1.AssetService/ListAssets": admin,
  "millrace.v1.AssetService/GetAsset": admin,
  "millrace.v1.AssetService/ListAssetEvents": admin,
  "millrace.v1.AssetService/CreateAssetEvent": admin,
  "millrace.v1.AssetService/MaterializeAsset": admin,
  "millrace.v1.AssetService/GetAssetGraph": admin,
  "millrace.v1.AssetService/GetAssetProgress": admin,

  "millrace.v1.SystemService/GetVersion": everybody,
  "millrace.v1.SystemService/Login": everybody,
  // Whoever has no session is logged out already: the answer to a logout may have been lost.
  "millrace.v1.SystemService/Logout": everybody,
  "millrace.v1.SystemService/WhoAmI": known,
  "millrace.v1.SystemService/GetHealth": known,
  "millrace.v1.SystemService/ListWorkers": admin,
  "millrace.v1.SystemService/CreateLoginToken": admin,

  "millrace.worker.v1.WorkerService/OpenSession": worker,
  "millrace.worker.v1.WorkerService/RenewSession": worker,
  "millrace.worker.v1.WorkerService/CloseSession": worker,
  "millrace.worker.v1.WorkerService/Work": worker,
  "millrace.worker.v1.WorkerService/Lease": worker,
  "millrace.worker.v1.WorkerService/Report": worker,
  "millrace.worker.v1.WorkerService/AppendLog": worker,
  "millrace.worker.v1.WorkerService/PullXComs": worker,
  "millrace.worker.v1.WorkerService/ReadAssetEvents": worker,
  "millrace.worker.v1.WorkerService/MakeTaskToken": worker,
  // Only of the DAGs that the attempt's task names, which whoever registered it has decided.
  "millrace.worker.v1.WorkerService/TriggerDagRun": worker,
  "millrace.worker.v1.WorkerService/UploadBlob": worker,
  "millrace.worker.v1.WorkerService/DownloadBlob": worker,
  "millrace.worker.v1.WorkerService/DownloadBundle": worker,

  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": known,
};
