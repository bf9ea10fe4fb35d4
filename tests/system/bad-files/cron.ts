import { dag, task } from "@millrace/sdk";
const a = task(function a() {});
export default dag("bad_cron", { schedule: "61 * * * *" }, () => void a());
