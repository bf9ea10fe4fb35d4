/** Events of assets that bodies ask for, on the wire. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ReadAssetEventsRequestSchema, ReadAssetEventsResponse } from "@millrace/wire/worker";
import type { AssetEventsPage, AssetEventsRequest } from "../assets/asset-events.ts";
import { assetEventFacts } from "../assets/asset-messages.ts";

type RequestInit = Omit<
  Exclude<MessageInitShape<typeof ReadAssetEventsRequestSchema>, { $typeName: string }>,
  "session" | "attemptId"
>;

export function assetEventsRequest(request: AssetEventsRequest): RequestInit {
  const { of, since, before, newestFirst, pageSize, pageToken } = request;
  return {
    of: whichOf(of),
    ...(since !== null && { since: timestampFromMs(since) }),
    ...(before !== null && { before: timestampFromMs(before) }),
    ...{ newestFirst, pageSize, pageToken },
  };
}

function whichOf(of: AssetEventsRequest["of"]) {
  switch (of.kind) {
    case "triggering":
      return { case: "triggering", value: true } as const;
    case "asset":
      return { case: "inletUri", value: of.uri } as const;
    case "alias":
      return { case: "inletAlias", value: of.name } as const;
  }
}

export function assetEventsPage({
  events,
  nextPageToken,
}: Pick<ReadAssetEventsResponse, "events" | "nextPageToken">): AssetEventsPage {
  return {
    events: events.map((event) => ({
      ...assetEventFacts(event),
      extra: event.extra?.data ?? null,
    })),
    nextPageToken,
  };
}
