/** Templates that are no commands: Liquid over the facts of the run, and data of tasks. */

import type { Arg, TaskContext } from "@millrace/sdk";
import { limitedLiquid } from "./liquid.ts";
import { textOf, variablesOf } from "./template.ts";

/** Values for templates, by name: `{{ data.total }}`. They may be handles. */
export type TemplateData = Readonly<Record<string, Arg<unknown>>>;

const plain = limitedLiquid(textOf);
const inUrl = limitedLiquid((value) => encodeURIComponent(textOf(value)));

type Data = Readonly<Record<string, unknown>>;

/** @throws Error for an unknown variable or filter, and over a limit. */
export function renderText(template: string, context: TaskContext, data: Data): string {
  return plain.parseAndRenderSync(template, { ...variablesOf(context), data }) as string;
}

/** Like `renderText`, with values written as parts of a URL, so that none of them leads elsewhere. */
export function renderUrl(template: string, context: TaskContext, data: Data): string {
  return inUrl.parseAndRenderSync(template, { ...variablesOf(context), data }) as string;
}

/** In one line, cut and ending in "…" where it is too long. */
export function renderLine(template: string, context: TaskContext, data: Data): string {
  const line = renderText(template, context, data).replaceAll(/\s+/g, " ").trim();
  return line.length > lineCharsMax ? `${line.slice(0, lineCharsMax - 1)}…` : line;
}

/** What the subject of a form may have. */
const lineCharsMax = 250;
