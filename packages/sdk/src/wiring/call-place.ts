/** Functions of a DAG that the control plane asks through workers: how their handlers name them. */

const handlerSyntax = /^(.*)#([A-Za-z]+)\(\)$/s;

/** Which function a handler names: "<owner>#<option>()". */
export type CallPlace = {
  /** What stands before: a task's handler, or of an option of the DAG something that ends without a task. */
  readonly owner: string;
  /** The option that holds the function, such as "schedule". */
  readonly option: string;
};

/** @param taskId empty for an option of the DAG. */
export function callHandler(taskId: string, option: string): string {
  return `${taskId}#${option}()`;
}

/** Null for the handler of a task or a callback. No id has a "(". */
export function callPlaceOf(handler: string): CallPlace | null {
  const match = handlerSyntax.exec(handler);
  if (match === null) return null;
  const [, owner = "", option = ""] = match;
  return { owner, option };
}
