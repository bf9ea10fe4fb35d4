/**
 * Watches the logs of nine applications: downloads them, drops what is irrelevant, parses the rest into a table,
 * reports counts by level and application with the most frequent messages, and warns above a threshold of errors.
 *
 * `source` is a folder or an http(s) base URL that holds `securityApp.log` and so on; without one, a small server
 * on this machine serves logs made up for the purpose.
 */
import { chain, context, dag, task } from "@millrace/sdk";
import { z } from "zod";
import { keepRelevant } from "../monitor-errors/clean.ts";
import { downloadLog, type LogFile } from "../monitor-errors/download.ts";
import { parseLine } from "../monitor-errors/parse.ts";
import { renderReport, type Summary } from "../monitor-errors/report.ts";
import { LogTable } from "../monitor-errors/table.ts";
import { workFile } from "../monitor-errors/work-folder.ts";

const applications = [
  "securityApp",
  "mainApp",
  "extApp",
  "timeApp",
  "tokenApp",
  "bridgeApp",
  "daemonApp",
  "notificationApp",
  "messageApp",
];

const download = task(
  { retries: 2, retryDelay: "5s" },
  async function download(application: string, source: string): Promise<LogFile> {
    const { run, log, signal } = context();
    const file = await downloadLog(application, { source, runId: run.id, signal });
    log.info("downloaded", { file: `${application}.log`, bytes: file.bytes });
    return file;
  },
);

const dropException = task({ id: "drop_exception" }, async function (files: LogFile[]) {
  const kept = await keepRelevant(files, workFile(context().run.id, "relevant.ndjson"));
  context().log.info("dropped irrelevant lines", { lines: kept.lines, dropped: kept.dropped });
  return kept;
});

const createTable = task({ id: "create_table" }, function () {
  const database = workFile(context().run.id, "logs.sqlite");
  LogTable.create(database);
  return database;
});

const parseLog = task(
  { id: "parse_log" },
  async function (kept: { file: string; lines: number; dropped: number }, database: string) {
    using table = LogTable.open(database);
    const rows = await table.insertFrom(kept.file, parseLine);
    context().log.info("stored rows", { rows });
    return { database, lines: kept.lines, dropped: kept.dropped };
  },
);

const genReports = task(
  { id: "gen_reports" },
  async function (parsed: { database: string; lines: number; dropped: number }): Promise<Summary> {
    using table = LogTable.open(parsed.database);
    const summary: Summary = {
      lines: parsed.lines,
      dropped: parsed.dropped,
      byLevel: table.countBy("level"),
      byApplication: table.countBy("application"),
    };
    const { run, log } = context();
    const file = workFile(run.id, "report.html");
    await renderReport(file, {
      run: run.name,
      summary,
      cells: table.matrix(),
      top: table.topMessages(15),
    });
    log.info("wrote the report", { file });
    return summary;
  },
);

const checkThreshold = task(
  { id: "check_threshold" },
  function (summary: Summary, threshold: number) {
    const { run, log } = context();
    const errors = ["ERROR", "FATAL", "CRITICAL"].reduce(
      (sum, it) => sum + (summary.byLevel[it] ?? 0),
      0,
    );
    const isOver = errors > threshold;
    if (isOver) log.warn("more errors than the threshold allows", { errors, threshold });
    else log.info("errors are within the threshold", { errors, threshold });
    return { errors, threshold, isOver, report: workFile(run.id, "report.html") };
  },
);

export default dag(
  "monitor_errors",
  {
    tags: ["example", "logs"],
    params: z.object({
      source: z
        .string()
        .default("")
        .describe("A folder or base URL with the nine log files; empty means made-up logs."),
      threshold: z.int().min(0).default(100).describe("Warn when there are more errors than this."),
    }),
  },
  (run) => {
    const files = applications.map((application) =>
      download.with({ id: `download_${application}.log` })(application, run.params.source),
    );
    const kept = dropException(files);
    const database = createTable();
    chain(kept, database);
    checkThreshold(genReports(parseLog(kept, database)), run.params.threshold);
  },
);
