/** What a browser sees before the console is up. It looks again by itself. */
export function startingPage(): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="refresh" content="2" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Millrace is starting</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0;
        color-scheme: light dark; }
      main { max-width: 34rem; padding: 2rem; }
    </style>
  </head>
  <body>
    <main>
      <h1>The console is starting</h1>
      <p>Millrace itself is up and runs your DAGs. This page looks for the console every two seconds.</p>
    </main>
  </body>
</html>
`;
}
