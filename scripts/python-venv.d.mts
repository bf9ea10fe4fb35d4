/** The folder of the Python client. */
export const pythonRoot: string;

/** The Python of the client's virtual environment, set up if need be. Throws with the command to run where that is not possible. */
export function preparePython(): string;
