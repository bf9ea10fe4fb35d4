/** Tells everybody that DAGs have events which no run has used. */

import { create, toBinary } from "@bufbuild/protobuf";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import type { Owner } from "../owner.ts";

/** Tells the owners of DAGs that events they wait for have come. */
export function announceEvents({ bus }: Pick<Owner, "bus">, dagIds: readonly string[]): void {
  const message = create(AssetEventsPendingSchema, { dagIds: [...dagIds] });
  bus.publish("assets", toBinary(AssetEventsPendingSchema, message));
}
