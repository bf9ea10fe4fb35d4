import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, expect, test, vi } from "vitest";
import { email } from "../index.ts";
import { anEvent, notify } from "./testing.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

type Mail = {
  readonly from: string;
  readonly to: string[];
  readonly user: string;
  readonly source: string;
};

/** A real mail server that wants a login, and keeps what it gets. */
async function aMailServer() {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    secure: false,
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth({ username = "", password }, _session, done) {
      if (password === "hush") done(null, { user: username });
      else done(new Error("wrong password"));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: String(session.user),
          source: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    port,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Lines that were too long for mail, put together again. */
const plain = (source: string) =>
  source
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );

test("an e-mail says what happened as text and as a table, with values escaped", async () => {
  await using server = await aMailServer();
  const smtp = {
    host: "127.0.0.1",
    port: server.port,
    user: "me",
    password: { env: "MAIL_PASSWORD" },
  };
  vi.stubEnv("MAIL_PASSWORD", "hush");
  const mail = email({
    to: ["a@example.com", "b@example.com"],
    from: "Etl <etl@example.com>",
    smtp,
  });
  await notify(mail);
  const [got] = server.mails;
  expect(got).toMatchObject({
    from: "etl@example.com",
    to: ["a@example.com", "b@example.com"],
    user: "me",
  });
  const source = plain(got?.source ?? "");
  expect(source).toContain("Subject: Task load of etl failed");
  expect(source).toContain("Auto-Submitted: auto-generated");
  expect(source).toContain("TypeError: no <rows> & more");
  expect(source).toContain("TypeError: no &lt;rows&gt; &amp; more");
  expect(source).toContain("<td>scheduled__2026-01-01T00:00:00+00:00</td>");
});

test("each try of a delivery has the same Message-ID", async () => {
  await using server = await aMailServer();
  vi.stubEnv("SMTP_URL", `smtp://me:hush@127.0.0.1:${server.port}`);
  vi.stubEnv("SMTP_FROM", "etl@example.com");
  const mail = email({ to: "a@example.com" });
  await notify(mail);
  await notify(mail, anEvent({ deliveryTry: 2 }));
  const ids = server.mails.map(({ source }) => /^Message-ID: (.*)\r$/im.exec(source)?.[1]);
  expect(ids[0]).toMatch(/^<[0-9a-f]{32}@example\.com>$/);
  expect(ids[1]).toBe(ids[0]);
});

test("templates make the subject, one line whatever a message holds, and the whole message", async () => {
  await using server = await aMailServer();
  const mail = email({
    to: "a@example.com",
    from: "etl@example.com",
    subject: "[{{ params.region }}] {{ failure.message }}",
    html: "<b>{{ failure.message }}</b>",
    smtp: { url: `smtp://me:hush@127.0.0.1:${server.port}` },
  });
  const failure = {
    kind: "application",
    type: "",
    message: "<a>\r\nBcc: c@example.com",
    stack: "",
  } as const;
  await notify(mail, anEvent({ failure }));
  const [got] = server.mails;
  expect(got?.to).toEqual(["a@example.com"]);
  expect(got?.source).toContain("Subject: [eu] <a> Bcc: c@example.com\r\n");
  expect(got?.source).not.toContain("text/plain");
  expect(got?.source).toContain("<b>&lt;a&gt;");
});

test("a server that refuses is a failure, and so is one that nobody named", async () => {
  await using server = await aMailServer();
  const smtp = { host: "127.0.0.1", port: server.port, user: "me", password: "wrong" };
  const to = { to: "a@example.com", from: "etl@example.com" };
  await expect(notify(email({ ...to, smtp }))).rejects.toThrow("Invalid login");
  vi.stubEnv("SMTP_URL", undefined);
  await expect(notify(email(to))).rejects.toThrow("email: no mail server is known");
  expect(() => email({ to: [] })).toThrow('email: option "to" is empty');
});
