import { shell } from "@millrace/operators";
import { chain, dag, task } from "@millrace/sdk";

const greet = task(function greet(name: string) {
  return `hello ${name}`;
});

export default dag("hello", {}, () => {
  chain(greet("you"), shell({ id: "shout", command: "echo {{ dag_id }}" }));
});
