/** Where Millrace finds the DAGs of this repository. */
export default { dags: "./examples/dags" };
