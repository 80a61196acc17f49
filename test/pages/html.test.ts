import { describe, expect, test } from "vitest";
import { html, trusted } from "#kernel-lib/pages/html.js";
import { pageShell } from "#kernel-lib/pages/page-shell.js";

const wicked = `<script>alert("1")</script>'&`;

describe("the html tag", () => {
  test("escapes text and numbers, keeps HTML, joins lists, and shows nothing for undefined", () => {
    expect(String(html`<p title="${wicked}">${wicked}</p>`)).not.toMatch(/<script>|"1"|'&/);
    expect(String(html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}</ul>${undefined}`)).toBe("<ul><li>1</li><li>2</li></ul>");
    expect(String(html`${["<", html`<b>`]}`)).toBe("&lt;<b>");
  });
  test("takes as it is only what was marked", () => {
    expect(String(html`${trusted("<svg></svg>")}`)).toBe("<svg></svg>");
  });
});

describe("the page shell", () => {
  const page = (policy: "sealed" | "files" | "open") => pageShell({ title: wicked, style: "a>b{}", body: html`<main></main>`, policy });
  test("escapes the title and keeps the style sheet", () => {
    expect(page("sealed")).toContain("<title>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp; · Veduta</title>");
    expect(page("sealed")).toContain("<style>a>b{}</style>");
  });
  test("lets a sealed page fetch nothing, one with files their scripts, and sets no policy for an open one", () => {
    expect(page("sealed")).toContain("default-src 'none'");
    expect(page("sealed")).not.toContain("'self'");
    expect(page("files")).toContain("script-src 'unsafe-inline' 'self' file:");
    expect(page("open")).not.toContain("Content-Security-Policy");
  });
});
