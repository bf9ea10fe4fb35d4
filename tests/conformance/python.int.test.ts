/** The Python worker against the conformance scenarios of docs/worker-protocol.md. */

import { describe } from "vitest";
import { faults } from "./scenarios/faults.ts";
import { leases } from "./scenarios/leases.ts";
import { logs, shutdown } from "./scenarios/logs-and-shutdown.ts";
import { outcomes } from "./scenarios/outcomes.ts";
import { pythonWorker } from "./workers/table.ts";

describe("outcomes", () => outcomes(pythonWorker));
describe("leases", () => leases(pythonWorker));
describe("faults", () => faults(pythonWorker));
describe("logs", () => logs(pythonWorker));
describe("shutdown", () => shutdown(pythonWorker));
