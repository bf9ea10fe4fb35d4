/** The report: one HTML file with a chart, readable without a network. */
import { writeFile } from "node:fs/promises";
import type { MatrixCell, TopMessage } from "./table.ts";

export type Summary = {
  lines: number;
  dropped: number;
  byLevel: Record<string, number>;
  byApplication: Record<string, number>;
};

export type Report = {
  run: string;
  summary: Summary;
  cells: MatrixCell[];
  top: TopMessage[];
};

const colors: Record<string, string> = {
  FATAL: "#6d1015",
  CRITICAL: "#6d1015",
  ERROR: "#b7261b",
  WARN: "#c28a28",
  NOTICE: "#1b98bd",
  INFO: "#0d7e5a",
};
const otherColor = "#959595";
const barWidth = 560;
const rowHeight = 28;
const labelWidth = 130;

export async function renderReport(file: string, report: Report): Promise<void> {
  await writeFile(file, html(report));
}

function html({ run, summary, cells, top }: Report): string {
  const levels = Object.entries(summary.byLevel);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Errors of ${escape(run)}</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 32px auto; max-width: 860px; color: #14181f; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 4px 8px; border-bottom: 1px solid #dfe3e8; }
  td.n { text-align: right; font-variant-numeric: tabular-nums; } code { font-size: 12px; overflow-wrap: anywhere; }
  .key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
</style></head><body>
<h1>Log report</h1>
<p>${escape(run)}: ${format(summary.lines)} lines read, ${format(summary.dropped)} dropped as irrelevant.</p>
<h2>By application and level</h2>
${chart(cells, summary.byApplication)}
<p>${levels.map(([level, count]) => `<span class="key" style="background:${color(level)}"></span>${escape(level)} ${format(count)}`).join(" &nbsp; ")}</p>
<h2>Top messages</h2>
<table><tr><th>Level</th><th>Application</th><th>Message</th><th>Count</th></tr>
${top.map((it) => `<tr><td>${escape(it.level)}</td><td>${escape(it.application)}</td><td><code>${escape(it.message)}</code></td><td class="n">${format(it.count)}</td></tr>`).join("\n")}
</table></body></html>
`;
}

function chart(cells: readonly MatrixCell[], byApplication: Record<string, number>): string {
  const applications = Object.keys(byApplication);
  const most = Math.max(1, ...Object.values(byApplication));
  const rows = applications.map((application, row) => {
    let x = labelWidth;
    const y = row * rowHeight;
    const bars = cells
      .filter((cell) => cell.application === application)
      .map((cell) => {
        const width = (cell.count / most) * barWidth;
        const bar = `<rect x="${x.toFixed(1)}" y="${y + 4}" width="${width.toFixed(1)}" height="${rowHeight - 8}" fill="${color(cell.level)}"><title>${escape(cell.level)}: ${cell.count}</title></rect>`;
        x += width;
        return bar;
      });
    const label = `<text x="0" y="${y + 19}" font-size="13">${escape(application)}</text>`;
    const total = `<text x="${x + 6}" y="${y + 19}" font-size="12" fill="#55606e">${format(byApplication[application]!)}</text>`;
    return label + bars.join("") + total;
  });
  const width = labelWidth + barWidth + 70;
  return `<svg role="img" aria-label="Entries by application and level" viewBox="0 0 ${width} ${applications.length * rowHeight}" width="100%">${rows.join("")}</svg>`;
}

function color(level: string): string {
  return colors[level] ?? otherColor;
}

function format(count: number): string {
  return count.toLocaleString("en-US");
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
