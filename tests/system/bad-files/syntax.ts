export default dag("unfinished", {
