/** The TypeScript worker against the conformance scenarios of docs/worker-protocol.md. */

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
import { typescriptWorker } from "./workers/table.ts";

describe("outcomes", () => outcomes(typescriptWorker));
describe("retries", () => retries(typescriptWorker));
describe("mapping", () => mapping(typescriptWorker));
describe("choices", () => choices(typescriptWorker));
describe("sensors", () => sensors(typescriptWorker));
describe("waiting", () => waiting(typescriptWorker));
describe("callbacks", () => callbacks(typescriptWorker));
describe("triggers", () => triggers(typescriptWorker));
describe("across DAGs", () => across(typescriptWorker));
describe("large values", () => largeValues(typescriptWorker));
describe("leases", () => leases(typescriptWorker));
describe("faults", () => faults(typescriptWorker));
describe("logs", () => logs(typescriptWorker));
describe("shutdown", () => shutdown(typescriptWorker));
