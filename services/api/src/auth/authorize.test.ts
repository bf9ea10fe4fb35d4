import { methodName, reflectionMethod, type Principal, type Role } from "@millrace/service";
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
import { WorkerService } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { authorize } from "./authorize.ts";
import { rules } from "./rules.ts";

const services = [
  ...[DagService, DagRunService, BackfillService, AssetService, DependencyService],
  ...[TaskInstanceService, PoolService, SystemService, WorkerService],
];
const methods = services.flatMap((service) => service.methods.map(methodName));

const who = (role: Role | null): Principal => ({
  kind: role === null ? "anonymous" : role === "worker" ? "worker_key" : "api_key",
  name: role ?? "",
  role,
  credentialId: role === null ? null : 1,
  queues: null,
});

/** What each principal may call, written from the matrix of the design and not from the rules. */
const publicMethods = ["GetVersion", "Login", "Logout"].map(
  (method) => `millrace.v1.SystemService/${method}`,
);
/** The token in the request is the permission. */
const tokenMethods = ["CompleteTaskToken", "HeartbeatTaskToken"].map(
  (method) => `millrace.v1.TaskInstanceService/${method}`,
);
const knownMethods = [
  "millrace.v1.SystemService/WhoAmI",
  "millrace.v1.SystemService/GetHealth",
  reflectionMethod,
];

function expected(
  role: Role | null,
  method: string,
): "allowed" | "UNAUTHENTICATED" | "PERMISSION_DENIED" {
  if (publicMethods.includes(method) || tokenMethods.includes(method)) return "allowed";
  if (role === null) return "UNAUTHENTICATED";
  if (knownMethods.includes(method)) return "allowed";
  const isWorkers = method.startsWith("millrace.worker.v1.");
  return (role === "worker") === isWorkers ? "allowed" : "PERMISSION_DENIED";
}

function answer(role: Role | null, method: string): string {
  try {
    authorize(who(role), method, {});
    return "allowed";
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

test("every method of every service has a rule, and every rule a method", () => {
  expect(Object.keys(rules).toSorted()).toEqual([...methods, reflectionMethod].toSorted());
});

describe.each([null, "admin", "worker"] as const)("%s", (role) => {
  test.each([...methods, reflectionMethod])("%s", (method) => {
    expect(answer(role, method)).toBe(expected(role, method));
  });
});

test.each(["", "constructor", "millrace.v1.DagService/Unknown", "millrace.v1.DagService/getdag"])(
  "a method without a rule is refused to everybody: %j",
  (method) => {
    expect(answer(null, method)).toBe("UNAUTHENTICATED");
    expect(answer("admin", method)).toBe("PERMISSION_DENIED");
  },
);
