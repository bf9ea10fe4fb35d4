/**
 * After `next build`: takes the builder's own folders out of what is built. Nothing reads them when the console is
 * served, which the installed package proves, and a published package says nothing about the machine that made it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const consoleDir = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const repositoryDir = resolve(consoleDir, "../..");

for (const name of ["required-server-files.json", "required-server-files.js"]) {
  const path = resolve(consoleDir, ".next", name);
  const text = await readFile(path, "utf8");
  const tidy = text
    .replaceAll(JSON.stringify(consoleDir), '"."')
    .replaceAll(JSON.stringify(repositoryDir), '"."');
  await writeFile(path, tidy);
}
