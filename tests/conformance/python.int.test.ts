/** The Python worker against the conformance scenarios of docs/worker-protocol.md. */

import { describe } from "vitest";
import { across } from "./scenarios/across.ts";
import { callbacks } from "./scenarios/callbacks.ts";
import { choices } from "./scenarios/choices.ts";
import { faults } from "./scenarios/faults.ts";
import { largeValues } from "./scenarios/large-values.ts";
import { leases } from "./scenarios/leases.ts";
import { logs, shutdown } from "./scenarios/logs-and-shutdown.ts";
import { mapping } from "./scenarios/mapping.ts";
import { outcomes } from "./scenarios/outcomes.ts";
import { retries } from "./scenarios/retries.ts";
import { sensors } from "./scenarios/sensors.ts";
import { triggers, waiting } from "./scenarios/waiting.ts";
import { pythonWorker } from "./workers/table.ts";

describe("outcomes", () => outcomes(pythonWorker));
describe("retries", () => retries(pythonWorker));
describe("mapping", () => mapping(pythonWorker));
describe("choices", () => choices(pythonWorker));
describe("sensors", () => sensors(pythonWorker));
describe("waiting", () => waiting(pythonWorker));
describe("callbacks", () => callbacks(pythonWorker));
describe("triggers", () => triggers(pythonWorker));
describe("across DAGs", () => across(pythonWorker));
describe("large values", () => largeValues(pythonWorker));
describe("leases", () => leases(pythonWorker));
describe("faults", () => faults(pythonWorker));
describe("logs", () => logs(pythonWorker));
describe("shutdown", () => shutdown(pythonWorker));
