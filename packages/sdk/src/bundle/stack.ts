/** Names in a stack begin with this; {@link plainStack} takes it off. It also hides where the folder is. */
export const sourceRoot = "dags://";

/** A stack with the names of DAG files as people know them. */
export function plainStack(stack: string): string {
  return stack.replaceAll(sourceRoot, "");
}
