/** The TypeScript worker against the conformance scenarios of docs/worker-protocol.md. */

import { describe } from "vitest";
import { faults } from "./scenarios/faults.ts";
import { leases } from "./scenarios/leases.ts";
import { logs, shutdown } from "./scenarios/logs-and-shutdown.ts";
import { outcomes } from "./scenarios/outcomes.ts";
import { typescriptWorker } from "./workers/table.ts";

describe("outcomes", () => outcomes(typescriptWorker));
describe("leases", () => leases(typescriptWorker));
describe("faults", () => faults(typescriptWorker));
describe("logs", () => logs(typescriptWorker));
describe("shutdown", () => shutdown(typescriptWorker));
