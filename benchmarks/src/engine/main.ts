/**
 * `npm run bench:engine`: the rules of runs by themselves, without server, worker or database; about a minute.
 * Prints Markdown; `-- --write` puts it into docs/benchmarks.md between its markers. Progress is on stderr.
 */
import { publish } from "../page.ts";
import { say } from "../progress.ts";
import { median } from "../statistics.ts";
import { Drive } from "./drive.ts";
import { measureExplain } from "./explain.ts";
import { measureMemory } from "./memory.ts";
import { engineReport, type Measured } from "./report.ts";
import { shapes, type Shape } from "./shapes.ts";
import { verifyCounters, verifyEnd } from "./verify.ts";

/** After one that warms the code; shapes take turns, so that a slow moment of the machine hits all of them. */
const rounds = 7;
/** Events timed together: a small run is repeated. */
const eventsAtOnce = 200_000;

const measured = shapes().map((shape) => {
  say(`${shape.name}: explain, every step checked`);
  return { shape, rates: [] as number[], answers: measureExplain(shape) };
});
for (let round = 0; round <= rounds; round++) {
  say(round === 0 ? "events: warming up" : `events: ${round} of ${rounds}`);
  for (const { shape, rates } of measured) {
    const rate = eventsPerSecond(shape);
    if (round > 0) rates.push(rate);
  }
}
const all: Measured[] = measured.map(({ shape, rates, answers }) => {
  say(`${shape.name}: ${Math.round(median(rates))} events/s; memory`);
  return { shape, rates, answers, bytes: measureMemory(shape) };
});
publish("npm run bench:engine", engineReport(all));

/** By processor time, garbage collection included; from making the run to its end. */
function eventsPerSecond(shape: Shape): number {
  const runs = Math.ceil(eventsAtOnce / (2 * shape.instances));
  const drives: Drive[] = [];
  const before = process.cpuUsage();
  for (let n = 0; n < runs; n++) drives.push(new Drive(shape).go());
  const { user, system } = process.cpuUsage(before);
  for (const drive of drives) verifyEnd(drive, shape);
  verifyCounters(drives[0]!.run);
  const events = drives.reduce((sum, drive) => sum + drive.events, 0);
  return events / ((user + system) / 1e6);
}
