/** `millrace dags dependencies`, and which run triggered which. */
import { toJson } from "@bufbuild/protobuf";
import {
  DependencyKind,
  ListDagDependenciesResponseSchema,
  RunState,
  type DagDependency,
  type DependencyNode,
  type RunLink,
} from "@millrace/wire/v1";
import type { Command } from "commander";
import { colors } from "../colors.ts";
import type { Connection } from "../connection.ts";
import { runStateWord, showState, showTime } from "../format.ts";
import { print, printJson, printTable } from "../output.ts";
import { reach } from "../program-options.ts";

type DependencyOptions = { levels: number };

const pageSize = 500;
/** Of the children of a run. */
const childrenShown = 20;

const words: Readonly<Record<DependencyKind, string>> = {
  [DependencyKind.UNSPECIFIED]: "comes before",
  [DependencyKind.TRIGGERS]: "triggers",
  [DependencyKind.WAITS_FOR]: "is waited for by",
  [DependencyKind.CLEARS]: "clears tasks of",
};

export async function listDependencies(
  dagId: string | undefined,
  { levels }: DependencyOptions,
  command: Command,
): Promise<void> {
  const { client, json } = await reach(command);
  const found = await allDependencies(client, dagId ?? "", levels);
  if (json) {
    const $typeName = ListDagDependenciesResponseSchema.typeName;
    const list = { $typeName, dependencies: found, nextPageToken: "" } as const;
    return printJson(toJson(ListDagDependenciesResponseSchema, list));
  }
  printTable(
    ["DAG", "", "DAG", "SAID BY TASK"],
    found.map(({ from, to, kind, taskId }) => [
      showNode(from),
      words[kind] ?? words[DependencyKind.UNSPECIFIED],
      showNode(to),
      taskId,
    ]),
    dagId === undefined
      ? "No DAG triggers another or waits for one."
      : `${dagId} triggers no DAG, waits for none, and none does so with it.`,
  );
}

async function allDependencies(
  client: Connection,
  dagId: string,
  levels: number,
): Promise<DagDependency[]> {
  const found: DagDependency[] = [];
  let pageToken = "";
  do {
    const asked = { dagId, levels: dagId === "" ? 0 : levels, pageSize, pageToken };
    const page = await client.dependencies.listDagDependencies(asked);
    found.push(...page.dependencies);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found;
}

function showNode(node: DependencyNode | undefined): string {
  if (node === undefined) return "-";
  return node.exists ? node.id : `${node.id} ${colors.yellow("(not registered)")}`;
}

/** Who triggered a run, and what it triggered; nothing where it stands alone. */
export async function printRunLinks(client: Connection, runId: string): Promise<void> {
  const asked = { runId, pageSize: childrenShown };
  const { parents, children, nextPageToken } = await client.dependencies.listRunLinks(asked);
  for (const link of parents) print(`${colors.dim("made by  ")} ${showLink(link)}`);
  for (const link of children) print(`${colors.dim("triggered")} ${showLink(link)}`);
  if (nextPageToken) print(`${colors.dim("triggered")} … and more`);
}

function showLink({ runId, dagId, state, taskId, mapIndex, at }: RunLink): string {
  const isGone = state === RunState.UNSPECIFIED;
  const task = mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
  const shown = isGone ? colors.dim("deleted") : showState(runStateWord(state));
  return `${dagId} ${runId} ${shown} ${colors.dim(`by task ${task}, ${showTime(at)}`)}`;
}
