import { chain, dag, task } from "@millrace/sdk";
const a = task(function a() {});
const b = task(function b() {});
export default dag("cycle", {}, () => {
  const [one, two] = [a(), b()];
  chain(one, two);
  chain(two, one);
});
