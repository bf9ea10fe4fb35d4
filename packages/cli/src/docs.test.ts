/** The pages about settings and commands are made from the code: `npx vitest run packages/cli -u` writes them anew. */
import type { Command } from "commander";
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
  await expect(page).toMatchFileSnapshot("../../../docs/config.md");
});

test("docs/cli.md shows every command with its options", async () => {
  const page = `# The command \`millrace\`

Data goes to stdout, talk to stderr. Every command takes \`--json\`, \`--url\` and \`--key-file\`.

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
  await expect(page).toMatchFileSnapshot("../../../docs/cli.md");
});

function leaves(command: Command): Command[] {
  return command.commands.length > 0 ? command.commands.flatMap(leaves) : [command];
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

function describe(command: Command): string {
  const args = command.registeredArguments.map((it) => ` <${it.name()}>`).join("");
  const options = command.options
    .filter((it) => it.long !== "--json")
    .map((it) => `| \`${it.flags}\` | ${it.description} |`);
  const table = options.length > 0 ? `\n| option | |\n| --- | --- |\n${options.join("\n")}\n` : "";
  return `## ${nameOf(command)}${args}\n\n${command.description()}\n${table}`;
}
