/** The services of `millrace.v1` over the fake world. */
import type { ConnectRouter } from "@connectrpc/connect";
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
import { assetService } from "./fake-assets.ts";
import { backfillService } from "./fake-backfills.ts";
import { dagService } from "./fake-dag-service.ts";
import { dependencyService } from "./fake-dependencies.ts";
import { lookups } from "./fake-lookup.ts";
import { poolService } from "./fake-pools.ts";
import { runService } from "./fake-run-service.ts";
import { systemService } from "./fake-system.ts";
import { taskService } from "./fake-task-service.ts";
import type { FakeWorld } from "./fake-world.ts";

export function fakeRoutes(world: FakeWorld): (router: ConnectRouter) => void {
  const lookup = lookups(world);
  const backfills = backfillService(world, lookup);
  return (router) => {
    router.service(PoolService, poolService(world));
    router.service(SystemService, systemService(world));
    router.service(AssetService, assetService(world));
    router.service(BackfillService, backfills);
    router.service(DependencyService, dependencyService(world, lookup));
    router.service(DagService, dagService(world, lookup));
    router.service(DagRunService, runService(world, lookup));
    router.service(TaskInstanceService, taskService(world, lookup));
  };
}
