import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { Asking } from "./confirm.ts";
import type { Field } from "./form.ts";
import { askForValues } from "./prompt.ts";

function asking(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  return { input, output, on: { input, output } as unknown as Asking };
}

const field = (name: string, more: Partial<Field> = {}): Field => ({
  ...{ name, types: ["string"], choices: null, isRequired: false },
  ...{ usual: undefined, description: "", ...more },
});

/** Types a line for each question, once it was asked. */
async function answers(fields: readonly Field[], typed: readonly string[]) {
  const { input, output, on } = asking(true);
  let asked = "";
  const left = [...typed];
  output.on("data", (data: Buffer) => {
    asked += String(data);
    if (stripVTControlCharacters(String(data)).endsWith(": "))
      input.write(`${left.shift() ?? ""}\n`);
  });
  const values = await askForValues(fields, on);
  return { values, asked: stripVTControlCharacters(asked) };
}

test("each field is asked for; Enter takes what is usual, and leaves out what may be left out", async () => {
  const fields = [
    field("amount", { types: ["number"], isRequired: true, description: "How much" }),
    field("region", { usual: "eu", isRequired: true }),
    field("note"),
  ];
  const { values, asked } = await answers(fields, ["5", "", ""]);
  expect(values).toEqual({ amount: 5 });
  expect(asked).toContain("How much\namount (number): ");
  expect(asked).toContain('region (string) ["eu"]: ');
  expect(asked).toContain("note (string) [none]: ");
});

test("what a field does not take is asked for again", async () => {
  const fields = [field("amount", { types: ["number"], isRequired: true })];
  const { values, asked } = await answers(fields, ["much", "", "7"]);
  expect(values).toEqual({ amount: 7 });
  expect(asked.match(/It must be number\./g)).toHaveLength(2);
});

test("where nobody can be asked, the options are named", async () => {
  await expect(askForValues([field("a")], asking(false).on)).rejects.toMatchObject({
    code: 2,
    message: expect.stringContaining("--set field=value") as string,
  });
});

test("when the input ends nothing is answered", async () => {
  const { input, on } = asking(true);
  const answer = askForValues([field("a", { isRequired: true })], on);
  input.end();
  await expect(answer).rejects.toMatchObject({ code: 130 });
});
