import { expect, test } from "vitest";
import { orInstall } from "./optional.ts";

const missing = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /app/x.js`), {
    code: "ERR_MODULE_NOT_FOUND",
  });

test("what is missing is named, with the command that installs it", () => {
  expect(() => orInstall("@aws-sdk/client-s3", "S3")(missing("@aws-sdk/client-s3"))).toThrow(
    'S3 needs the package @aws-sdk/client-s3, which is not there; run "npm install @aws-sdk/client-s3" where',
  );
});

test("what goes wrong inside a package that is there stays what it is", () => {
  for (const error of [missing("something-else"), new Error("no memory")])
    expect(() => orInstall("@aws-sdk/client-s3", "S3")(error)).toThrow(error);
});
