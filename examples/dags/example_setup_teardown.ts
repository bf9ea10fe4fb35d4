/** A resource scope: a folder is made, work uses it, and it is removed whatever became of the work. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { context, dag, setup, task } from "@millrace/sdk";
import { z } from "zod";

const makeFolder = task(async function make_folder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), "millrace-example-"));
});

const removeFolder = task(async function remove_folder(folder: string) {
  await rm(folder, { recursive: true, force: true });
  context().log.info("removed", { folder });
});

const write = task(async function write(folder: string, text: string): Promise<string> {
  const file = path.join(folder, "text");
  await writeFile(file, text);
  return file;
});

const countWords = task(async function count_words(file: string): Promise<number> {
  const words = (await readFile(file, "utf8")).split(" ").filter((word) => word !== "");
  if (words.length === 0) throw new Error("the text has no words");
  return words.length;
});

const report = task(function report(words: number): string {
  return `${words} words`;
});

export default dag(
  "example_setup_teardown",
  { tags: ["example"], params: z.object({ text: z.string().default("a few words") }) },
  (run) => {
    const words = setup(makeFolder(), removeFolder, (folder) =>
      countWords(write(folder, run.params.text)),
    );
    return report(words); // does not wait for the folder to be removed
  },
);
