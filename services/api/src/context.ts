/** What the handlers work with. */

import type { Bus } from "@millrace/bus";
import type { Database } from "@millrace/db";
import type { Logger } from "@millrace/service";
import type { Blobs } from "./blobs/blobs.ts";
import type { Commands } from "./commands.ts";
import type { DagVersions } from "./dag-versions.ts";
import type { Owners } from "./owners.ts";
import type { TaskTokens } from "./task-token.ts";

export type ApiContext = {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Logger;
  readonly nodeId: string;
  readonly owners: Owners;
  readonly commands: Commands;
  readonly versions: DagVersions;
  readonly tokens: TaskTokens;
  readonly blobs: Blobs;
  /** Whether cookies may travel over TLS only. */
  readonly isSecure: boolean;
  /** Makes the gate look a credential up again. */
  forgetCredential(credentialId: number): void;
};
