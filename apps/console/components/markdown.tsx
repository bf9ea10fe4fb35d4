"use client";
import Markdown_ from "react-markdown";
import type { Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const plugins = [remarkGfm];

/** Markdown of people who write DAGs. HTML in it stays text, and nothing is loaded from elsewhere: pictures become links. */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown" data-testid="markdown">
      <Markdown_ remarkPlugins={plugins} components={components}>
        {text}
      </Markdown_>
    </div>
  );
}

/** Headings begin below those of the page. */
const components: Components = {
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children }) => <h5>{children}</h5>,
  h3: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) => <Away href={href}>{children}</Away>,
  img: ({ src, alt }) => (
    <Away href={typeof src === "string" ? src : undefined}>{alt || "picture"}</Away>
  ),
  table: ({ children }) => (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  input: ({ checked }) => (
    <span role="img" aria-label={checked === true ? "done" : "open"}>
      {checked === true ? "☑" : "☐"}
    </span>
  ),
};

type AwayProps = { readonly href: string | undefined; readonly children: React.ReactNode };

/** Addresses other than of the web and of mail come out empty from the parser. */
function Away({ href, children }: AwayProps) {
  if (href === undefined || href === "") return children;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
