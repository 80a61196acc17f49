/** @file What every page that Veduta writes has in common: its head, and the policy that keeps it from the network. */
import { type Html, html, trusted } from "./html.js";

export interface PageShell {
  /** any text */
  readonly title: string;
  /** CSS */
  readonly style: string;
  readonly body: Html;
  /** what stands after the body's content: scripts */
  readonly scripts?: readonly Html[];
  /**
   * "sealed": the browser lets the page fetch nothing; "files": scripts may lie beside it; "pictures": pictures may; "open": no policy, for pages that hold a user's own HTML
   */
  readonly policy: "sealed" | "files" | "pictures" | "open";
}

const policyOf = (scripts: string, pictures = "data: blob:"): string =>
  `default-src 'none'; img-src ${pictures}; style-src 'unsafe-inline'; script-src ${scripts}; base-uri 'none'; form-action 'none'`;
const POLICIES = {
  sealed: policyOf("'unsafe-inline'"),
  files: policyOf("'unsafe-inline' 'self' file:"),
  pictures: policyOf("'none'", "'self' file: data:"),
  open: undefined,
} as const;

/** A whole HTML page. */
export function pageShell({ title, style, body, scripts = [], policy }: PageShell): string {
  const content = POLICIES[policy];
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${content === undefined ? undefined : html`<meta http-equiv="Content-Security-Policy" content="${trusted(content)}">\n`}<title>${title} · Veduta</title>
<link rel="icon" href="data:,">
<style>${trusted(style)}</style>
</head>
<body>
${body}
${scripts.map((script) => html`${script}\n`)}</body>
</html>
`}`;
}
