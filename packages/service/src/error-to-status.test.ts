import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { MillraceError } from "@millrace/engine";
import { ErrorInfoSchema, StatusSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { errorToStatus, statusDetails } from "./error-to-status.ts";

test("an error of ours keeps its reason, message and facts", () => {
  const error = new MillraceError("RUN_NOT_FOUND", "No run r.", { metadata: { run_id: "r" } });
  const shown = errorToStatus(error, "req-1");
  expect(shown).toMatchObject({ code: "not_found", message: "No run r.", isFault: false });
  expect(shown.info).toMatchObject({
    reason: "RUN_NOT_FOUND",
    domain: "millrace",
    metadata: { run_id: "r" },
  });
});

test("nothing of any other error leaves the process but the request id", () => {
  const shown = errorToStatus(new Error("password=hunter2 at /srv/secret.ts"), "req-1");
  expect(shown).toMatchObject({ code: "internal", isFault: true });
  expect(JSON.stringify([shown.message, shown.info.metadata])).not.toContain("hunter2");
  expect(shown.message).toContain("req-1");
});

test("an error after the caller is gone is no fault", () => {
  const shown = errorToStatus(new Error("aborted"), "req-1", AbortSignal.abort());
  expect(shown).toMatchObject({ code: "cancelled", isFault: false });
});

test("the details of a status can be read by any gRPC client", () => {
  const status = fromBinary(
    StatusSchema,
    statusDetails(errorToStatus(new MillraceError("DAG_NOT_FOUND"), "r")),
  );
  expect(status.code).toBe(5);
  expect(anyUnpack(status.details[0]!, ErrorInfoSchema)?.reason).toBe("DAG_NOT_FOUND");
});
