/** `npm start`: sets up, starts Millrace with the example DAGs and runs monitor_errors once. */
import { spawn } from "node:child_process";
import { environment, installDependencies, node, root } from "./setup.mjs";

installDependencies();
const args = [
  "packages/cli/bin/millrace.js",
  "up",
  "--run",
  "monitor_errors",
  "--print",
  "gen_reports",
  ...process.argv.slice(2),
];
const millrace = spawn(node, args, { cwd: root, env: environment(), stdio: "inherit" });
// Ctrl+C reaches the whole process group; npm and this script only wait for the clean end.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (signal === "SIGTERM") millrace.kill(signal);
  });
}
millrace.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
