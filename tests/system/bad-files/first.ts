import { dag, task } from "@millrace/sdk";
const a = task(function a() {});
export default dag("twice", {}, () => void a());
