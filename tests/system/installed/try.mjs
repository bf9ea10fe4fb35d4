import { runDag } from "@millrace/testing";
import { loadDags } from "@millrace/sdk/bundle";

const { dags } = await loadDags("dags");
const { dag } = dags.find((it) => it.dag.id === "hello");
const done = await runDag(dag);
const shout = String(done.xcom("shout")).trim();
console.log(JSON.stringify({ state: done.state, greet: done.xcom("greet"), shout }));
