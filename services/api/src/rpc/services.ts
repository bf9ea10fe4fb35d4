/** Every method of the services for people and programs. */

import { rpcService, type RpcService } from "@millrace/service";
import {
  AssetService,
  BackfillService,
  DagRunService,
  DagService,
  DependencyService,
  PoolService,
  SystemService,
  TaskInstanceService,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { createAssetEvent, listAssetEvents } from "./asset-events.ts";
import { getAssetGraph } from "./asset-graph.ts";
import { getAssetProgress } from "./asset-progress.ts";
import { answerInput } from "./answer-input.ts";
import { cancelDagRun } from "./cancel-dag-run.ts";
import { cancelBackfill, pauseBackfill, resumeBackfill } from "./change-backfill.ts";
import { clearTaskInstances, markTaskInstances } from "./change-task-instances.ts";
import { createBackfill } from "./create-backfill.ts";
import { deleteDag } from "./delete-dag.ts";
import { explainTaskInstance } from "./explain-task-instance.ts";
import { getDagGrid } from "./get-dag-grid.ts";
import { getRunCalendar } from "./get-run-calendar.ts";
import { getDagRunInputs } from "./get-run-inputs.ts";
import { listCallbackDeliveriesPage } from "./list-callback-deliveries.ts";
import { listDagDependenciesPage } from "./list-dag-dependencies.ts";
import { listDeadlinesPage } from "./list-deadlines.ts";
import { listImportErrorsPage } from "./list-import-errors.ts";
import { listNextRuns } from "./list-next-runs.ts";
import { listRunLinksPage } from "./list-run-links.ts";
import { countInputRequests, listInputRequestsPage } from "./list-input-requests.ts";
import { createLoginToken, login, logout } from "./login.ts";
import { markDagRun } from "./mark-dag-run.ts";
import { materializeAsset } from "./materialize-asset.ts";
import { pauseDag, unpauseDag } from "./pause-dag.ts";
import { createPoolOf, deletePoolOf, getPool, listPools, updatePoolOf } from "./pools.ts";
import { getBackfill, listBackfillRuns, listBackfills } from "./read-backfills.ts";
import { getAsset, listAssets } from "./read-assets.ts";
import { getDagRun, listDagRuns } from "./read-dag-runs.ts";
import { getDagSource, getDagSpec, listVersions } from "./read-dag-versions.ts";
import { getDag, listDagsPage } from "./read-dags.ts";
import { readLogs, tailLogs } from "./read-logs.ts";
import { getTaskInstance, listTaskInstances, listXComsOf } from "./read-task-instances.ts";
import { readXComOf } from "./read-xcom.ts";
import { registerDags } from "./register-dags.ts";
import { getHealth, getVersion, listWorkers, whoAmI } from "./system.ts";
import { completeTaskToken, heartbeatTaskToken } from "./task-tokens.ts";
import { triggerDagRun } from "./trigger-dag-run.ts";
import { uploadBundle } from "./upload-bundle.ts";
import { watchDagRun } from "./watch-dag-run.ts";

export function callerServices(context: ApiContext): RpcService[] {
  return [
    rpcService(DagService, {
      uploadBundle: uploadBundle(context),
      registerDags: registerDags(context),
      getDag: getDag(context),
      listDags: listDagsPage(context),
      pauseDag: pauseDag(context),
      unpauseDag: unpauseDag(context),
      deleteDag: deleteDag(context),
      listDagVersions: listVersions(context),
      listNextRuns: listNextRuns(context),
      getDagSpec: getDagSpec(context),
      getDagSource: getDagSource(context),
      listImportErrors: listImportErrorsPage(context),
    }),
    rpcService(DagRunService, {
      triggerDagRun: triggerDagRun(context),
      getDagRun: getDagRun(context),
      listDagRuns: listDagRuns(context),
      cancelDagRun: cancelDagRun(context),
      markDagRun: markDagRun(context),
      watchDagRun: watchDagRun(context),
      getDagGrid: getDagGrid(context),
      getDagRunInputs: getDagRunInputs(context),
      listDeadlines: listDeadlinesPage(context),
      getRunCalendar: getRunCalendar(context),
    }),
    rpcService(BackfillService, {
      createBackfill: createBackfill(context),
      getBackfill: getBackfill(context),
      listBackfills: listBackfills(context),
      listBackfillRuns: listBackfillRuns(context),
      pauseBackfill: pauseBackfill(context),
      resumeBackfill: resumeBackfill(context),
      cancelBackfill: cancelBackfill(context),
    }),
    rpcService(TaskInstanceService, {
      listTaskInstances: listTaskInstances(context),
      getTaskInstance: getTaskInstance(context),
      readLogs: readLogs(context),
      tailLogs: tailLogs(context),
      explainTaskInstance: explainTaskInstance(context),
      clearTaskInstances: clearTaskInstances(context),
      markTaskInstances: markTaskInstances(context),
      answerInput: answerInput(context),
      listInputRequests: listInputRequestsPage(context),
      countInputRequests: countInputRequests(context),
      completeTaskToken: completeTaskToken(context),
      heartbeatTaskToken: heartbeatTaskToken(context),
      listCallbackDeliveries: listCallbackDeliveriesPage(context),
      listXComs: listXComsOf(context),
      readXCom: readXComOf(context),
    }),
    rpcService(DependencyService, {
      listDagDependencies: listDagDependenciesPage(context),
      listRunLinks: listRunLinksPage(context),
    }),
    rpcService(PoolService, {
      listPools: listPools(context),
      getPool: getPool(context),
      createPool: createPoolOf(context),
      updatePool: updatePoolOf(context),
      deletePool: deletePoolOf(context),
    }),
    rpcService(AssetService, {
      listAssets: listAssets(context),
      getAsset: getAsset(context),
      listAssetEvents: listAssetEvents(context),
      createAssetEvent: createAssetEvent(context),
      materializeAsset: materializeAsset(context),
      getAssetGraph: getAssetGraph(context),
      getAssetProgress: getAssetProgress(context),
    }),
    rpcService(SystemService, {
      getVersion: getVersion(),
      getHealth: getHealth(context),
      listWorkers: listWorkers(context),
      createLoginToken: createLoginToken(context),
      login: login(context),
      logout: logout(context),
      whoAmI: whoAmI(),
    }),
  ];
}
