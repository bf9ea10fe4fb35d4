/** Packages that only some words of this one need: whoever uses such a word installs them. */

/**
 * What becomes of the import of such a package: write it as `import("name").catch(orInstall("name", "S3"))`, which bundlers
 * leave alone where it is missing.
 *
 * @param what what needs it, for the message
 */
export function orInstall(name: string, what: string): (error: unknown) => never {
  return (error) => {
    if (!isMissing(error, name)) throw error;
    throw new Error(
      `${what} needs the package ${name}, which is not there; run "npm install ${name}" where DAGs are compiled and where workers run`,
      { cause: error },
    );
  };
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  return code === "ERR_MODULE_NOT_FOUND" && message.includes(`'${name}'`);
}
