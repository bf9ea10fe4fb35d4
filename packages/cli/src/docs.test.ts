/** The pages about settings and commands are made from the code: `npx vitest run packages/cli -u` writes them anew. */
import type { Argument, Command } from "commander";
import { format } from "prettier";
import { expect, test } from "vitest";
import { buildProgram } from "./program.ts";
import { describeSettings } from "./settings.ts";

test("docs/config.md lists every setting with its variable and default", async () => {
  const rows = describeSettings().map(
    (it) =>
      `| \`${it.name}\` | \`${it.variable}\` | ${it.default ? `\`${it.default}\`` : ""} | ${it.text} |`,
  );
  const page = `# Settings

Flags win over environment variables, those over \`millrace.config.ts\` (\`export default { dags: "./dags" }\`) in the working
directory, and that over the defaults. Unknown names are errors.

| setting | variable | default | |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
  await expect(await formatted(page)).toMatchFileSnapshot("../../../docs/config.md");
});

test("docs/cli.md shows every command with its options", async () => {
  const page = `# The command \`millrace\`

Data goes to stdout, talk to stderr. Colours show on terminals only, and never with \`NO_COLOR\`. Every command takes:

| option | |
| --- | --- |
${optionsOf(buildProgram())}

With \`--json\`, stdout holds one JSON value, or one a line where they come one after the other: \`runs watch\`,
\`dags trigger --watch\`, \`tasks logs\`, \`up\`, and the logs of \`server\` and \`worker\`. States and messages are those of the
api (\`proto/millrace/v1\`), times are ISO 8601 in UTC.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | the thing asked for failed, such as the run that was watched |
| 2 | wrong use: an option, a param, a field |
| 3 | not found |
| 4 | not allowed |
| 5 | conflict |
| 6 | not reachable, or timed out |
| 130 | interrupted |

${leaves(buildProgram()).map(describe).join("\n")}`;
  await expect(await formatted(page)).toMatchFileSnapshot("../../../docs/cli.md");
});

/** As `npm run format` would leave it. */
function formatted(page: string): Promise<string> {
  return format(page, { parser: "markdown", printWidth: 100 });
}

function leaves(command: Command): Command[] {
  return command.commands.length > 0 ? command.commands.flatMap(leaves) : [command];
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function optionsOf(command: Command): string {
  return command.options
    .filter((it) => !it.hidden)
    .map((it) => `| \`${it.flags}\` | ${it.description}${defaultOf(it.defaultValue)} |`)
    .join("\n");
}

function defaultOf(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? ` (default ${value})` : "";
}

function argumentOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function describe(command: Command): string {
  const args = command.registeredArguments.map((it) => ` ${argumentOf(it)}`).join("");
  const options = optionsOf(command);
  const table = options ? `\n| option | |\n| --- | --- |\n${options}\n` : "";
  return `## \`${nameOf(command)}${args}\`\n\n${command.description()}\n${table}`;
}
