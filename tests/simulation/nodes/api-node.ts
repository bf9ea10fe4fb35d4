/** An api process: the product's gateway for workers, and its way to owners, without the sockets around them. */

import { create, toBinary } from "@bufbuild/protobuf";
import { createLoop } from "@millrace/service";
import { NodeBeatSchema } from "@millrace/wire/internal";
import { createBlobs } from "../../../services/api/src/blobs/blobs.ts";
import { openBlobStore } from "../../../services/api/src/blobs/open-blob-store.ts";
import { createCommands } from "../../../services/api/src/commands.ts";
import type { ApiContext } from "../../../services/api/src/context.ts";
import { createDagVersions } from "../../../services/api/src/dag-versions.ts";
import { apiLimits } from "../../../services/api/src/limits.ts";
import { createOwners } from "../../../services/api/src/owners.ts";
import { createTaskTokens } from "../../../services/api/src/task-token.ts";
import { startWorkerPlane } from "../../../services/api/src/worker/handlers.ts";
import { createQuietLog } from "../quiet-log.ts";
import type { World } from "../world.ts";
import type { ApiNode } from "./node.ts";

export function startApiNode(world: World, name: string): ApiNode {
  const process = world.spawn(name);
  return process.enter(() => {
    const log = createQuietLog(process, world.trace, world.onLog);
    const own = world.exchange.join(process);
    const bus = world.planted?.apiBus?.(own) ?? own;
    const db = world.database(process);
    const owners = createOwners({ db, bus });
    const commands = createCommands({ bus, owners });
    const context: ApiContext = {
      ...{ db, bus, log, nodeId: name, owners, commands },
      versions: createDagVersions(db),
      tokens: createTaskTokens(db),
      blobs: createBlobs({ db, log, store: openBlobStore(null) }),
      isSecure: false,
      forgetCredential: () => undefined,
    };
    const { service } = startWorkerPlane(context);
    const beat = (): void => {
      const message = create(NodeBeatSchema, { nodeId: name, hasApi: true });
      bus.publish("nodes", toBinary(NodeBeatSchema, message));
    };
    createLoop({
      name: "api beat",
      intervalMs: apiLimits.nodeBeatMs,
      log,
      runOnce: () => Promise.resolve(beat()),
    }).start();
    beat();
    return { process, service, log, context };
  });
}
