import { Code, ConnectError } from "@connectrpc/connect";
import { MillraceError } from "@millrace/engine";
import { ErrorInfoSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { CommandFailure, describeFailure, ExitCode } from "./exit-codes.ts";

test.each([
  [Code.InvalidArgument, ExitCode.usage],
  [Code.NotFound, ExitCode.notFound],
  [Code.Unauthenticated, ExitCode.auth],
  [Code.PermissionDenied, ExitCode.auth],
  [Code.AlreadyExists, ExitCode.conflict],
  [Code.FailedPrecondition, ExitCode.conflict],
  [Code.Unavailable, ExitCode.unavailable],
  [Code.DeadlineExceeded, ExitCode.unavailable],
  [Code.Aborted, ExitCode.unavailable],
  [Code.Internal, ExitCode.failed],
])("a server's answer %d ends the command with %d", (code, exit) => {
  expect(describeFailure(new ConnectError("why", code)).code).toBe(exit);
});

test("errors found here have the codes that the server's have", () => {
  const missing = new MillraceError("DAG_NOT_FOUND", 'No DAG has the id "x".');
  expect(describeFailure(missing)).toEqual({
    code: ExitCode.notFound,
    message: 'No DAG has the id "x".',
  });
  expect(describeFailure(new MillraceError("FIELD_INVALID", "slots")).code).toBe(ExitCode.usage);
});

test("a server that is not there is named, with what to do", () => {
  const refused = new ConnectError("connect ECONNREFUSED 127.0.0.1:1", Code.Unavailable);
  expect(describeFailure(refused).message).toMatch(/No Millrace server answers .*millrace up/);
});

test("a key that is not taken says how to name another", () => {
  const refused = new ConnectError("No credential.", Code.Unauthenticated);
  expect(describeFailure(refused).message).toBe(
    "No credential. Name a key with --key-file or MILLRACE_KEY.",
  );
});

test("a task token that is none has nothing to do with keys", () => {
  const value = { reason: "TASK_TOKEN_INVALID", domain: "millrace", metadata: {} };
  const details = [{ desc: ErrorInfoSchema, value }];
  const refused = new ConnectError("No token.", Code.Unauthenticated, undefined, details);
  expect(describeFailure(refused)).toEqual({ code: ExitCode.auth, message: "No token." });
});

test("what a command says itself stays as it is", () => {
  const failure = new CommandFailure(ExitCode.conflict, "busy");
  expect(describeFailure(failure)).toEqual({ code: ExitCode.conflict, message: "busy" });
});
