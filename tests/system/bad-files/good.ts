import { dag, task } from "@millrace/sdk";
const a = task(function a() {
  return "good";
});
export default dag("good", {}, () => void a());
