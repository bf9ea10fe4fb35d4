/** Eight small DAGs, whose ids fall on shards of both nodes. */
import { chain, dag, task } from "@millrace/sdk";

const hello = task(function hello(name: string) {
  return `hello ${name}`;
});
const reply = task(function reply(greeting: string) {
  return `${greeting}, and back`;
});
const names = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen"];

export const dags = names.map((name) =>
  dag(`several_${name}`, {}, () => {
    const greeting = hello(name);
    chain(greeting, reply(greeting));
  }),
);
