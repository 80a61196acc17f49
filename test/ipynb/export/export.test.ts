import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { afterAll, describe, expect, test } from "vitest";
import { ansiToHtml } from "#kernel-lib/ipynb/export/ansi.js";
import { exportPage } from "#kernel-lib/ipynb/export/export-page.js";
import { highlight } from "#kernel-lib/ipynb/export/highlight.js";
import { markdownToHtml } from "#kernel-lib/ipynb/export/markdown.js";
import { code, folder, markdown, notebook, veduta } from "../fixtures.js";

const files = folder();
afterAll(files.remove);
const textOf = (html: string) => JSDOM.fragment(`<pre>${html}</pre>`).textContent;
const page = (...cells: Parameters<typeof notebook>) => new JSDOM(exportPage(notebook(...cells), { title: "lesson <1>" })).window.document;

describe("text of a terminal", () => {
  test("keeps its colours and weights, and loses its other sequences", () => {
    expect(ansiToHtml("\x1b[31mred\x1b[0m <b>\x1b[2K\x1b]8;;x\x07link")).toBe('<span class="ink1">red</span> &lt;b&gt;link');
    expect(ansiToHtml("\x1b[1;92;44mx\x1b[22;39my")).toBe('<span class="ink10 ground4 bold">x</span><span class="ground4">y</span>');
    expect(ansiToHtml("\x1b[38;5;208mx\x1b[48;2;1;2;3my")).toBe(
      '<span style="color:rgb(255,135,0)">x</span><span style="color:rgb(255,135,0);background:rgb(1,2,3)">y</span>',
    );
  });

  test("whatever it holds, it stays text", () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("\x1b[31m", "\x1b[38;5;", "\x1b[", "<script>", "\x1b[0m"))), (parts) => {
        const html = ansiToHtml(parts.join(""));
        expect(html.replace(/<\/?span[^<>]*>/g, "")).not.toMatch(/[<>]/);
      }),
    ));
});

describe("code", () => {
  test("is coloured by kind, a slash after an operator as a regular expression, and between values as a division", () => {
    const kinds = (source: string) =>
      [...highlight(source).matchAll(/class="code-(\w+)">([^<]*)/g)].map(([, kind, text]) => `${kind} ${text}`);
    expect(kinds("const a = 1_000.5e3; // one")).toEqual(["word const", "number 1_000.5e3", "comment // one"]);
    expect(kinds("x.replace(/[/]`/g, 'b') / 2")).toEqual(["regexp /[/]`/g", "text &#39;b&#39;", "number 2"]);
    expect(kinds("return /[/]1/.test(x) ? (/2/) : a / 3 / b")).toEqual(["word return", "regexp /[/]1/", "regexp /2/", "number 3"]);
    expect(kinds("a.for + before + $if")).toEqual([]);
  });

  test("stays the same text, whatever it is", () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom("`", "/", '"', "//", "/*", "const ", "<b>", "1e", "\n")), { maxLength: 30 }),
        (parts) => {
          const source = parts.join("").replace(/[\r\0]/g, "");
          expect(textOf(`\n${highlight(source)}`)).toBe(source);
        },
      ),
    ));
});

describe("a markdown cell", () => {
  const html = (text: string) => markdownToHtml(text).trim();

  test("shows TeX between dollars as MathML: in a line, on its own, and in environments; money and code stay", () => {
    const shape = (text: string) =>
      html(text).replace(/<math([^>]*)>.*?<\/math>/gs, (_all, how) => (how.includes("block") ? "BLOCK" : "INLINE"));
    expect(shape("Window $x_t^{(i)}$ and **$b$**, ($c$)")).toBe("<p>Window INLINE and <strong>INLINE</strong>, (INLINE)</p>");
    expect(shape("text\n$$\n\\frac{a}{b}\n$$\nmore")).toBe("<p>text</p>\nBLOCK<p>more</p>");
    expect(shape("\\begin{align} a &= b \\\\ c &= d \\end{align}")).toBe("BLOCK");
    expect(shape("costs $5 and $10, `$x$` or \\$y$")).toBe("<p>costs $5 and $10, <code>$x$</code> or $y$</p>");
    expect(html("$\\frac{a$")).toContain("temml-error");
  });

  test("keeps raw HTML, colours its code, and gives headings the addresses that Jupyter gives them", () => {
    expect(html('<b style="color:teal">a</b>')).toBe('<p><b style="color:teal">a</b></p>');
    expect(html("```ts\nconst a = 1;\n```")).toContain('<span class="code-word">const</span>');
    expect(html("## One `step` at a time")).toContain('<h2 id="One-step-at-a-time">');
  });

  test("keeps what is folded away in it, and renders the Markdown inside", () => {
    const folded = html("before\n\n<details><summary>What happened</summary>\n\nNeither: *a blur* of $x_0$.\n\n</details>\n\n## After");
    const { children } = JSDOM.fragment(folded);
    expect([...children].map(({ tagName }) => tagName)).toEqual(["P", "DETAILS", "H2"]);
    const [summary, answer] = children[1].children;
    expect([summary.tagName, summary.textContent]).toEqual(["SUMMARY", "What happened"]);
    expect([answer.tagName, answer.querySelector("em")?.textContent, answer.querySelector("math") !== null]).toEqual(["P", "a blur", true]);
    expect(children[1].hasAttribute("open")).toBe(false);
  });

  test("carries its attachments and the pictures beside the notebook", async () => {
    const cell = markdown("![a](attachment:a%20b.png) ![b](dot.svg) <img alt='c' src='dot.svg'> ![d](none.png)", {
      attachments: { "a b.png": { "image/png": "AAAA" } },
    });
    writeFileSync(join(files.dir, "dot.svg"), "<svg/>");
    const out = join(files.dir, "page.html");
    expect(await veduta(["export", files.write(notebook(cell)), "--out", out])).toEqual({ code: 0, out: `${out}\n`, err: "" });
    const sources = [...new JSDOM(readFileSync(out)).window.document.querySelectorAll("img")].map((each) => each.getAttribute("src"));
    const svg = "data:image/svg+xml;base64,PHN2Zy8+";
    expect(sources).toEqual(["data:image/png;base64,AAAA", svg, svg, "none.png"]);
  });
});

describe("an exported page", () => {
  test("has one main part, and the notebook's first heading as its title, or else its name", () => {
    const titled = page(markdown("Intro\n\n# The *first* panorama"), "1");
    expect([titled.title, titled.querySelectorAll("main").length, titled.querySelectorAll("h1").length]).toEqual([
      "The first panorama · Veduta",
      1,
      1,
    ]);
    expect(page("1").querySelector("h1")?.textContent).toBe("lesson <1>");
  });

  test("shows each form of an output as notebooks do, and its richest alone", () => {
    const show = (data: Record<string, unknown>) =>
      page(code("x", { outputs: [{ output_type: "display_data", data, metadata: {} }] })).querySelector(".output");
    expect(show({ "text/html": ["<i>", "a</i>"], "image/png": "A", "text/plain": "p" })?.innerHTML).toBe("<i>a</i>");
    const picture = show({ "image/png": "AA\nAA\n", "text/plain": 'a "dot"' })?.querySelector("img");
    expect([picture?.getAttribute("src"), picture?.alt]).toEqual(["data:image/png;base64,AAAA", 'a "dot"']);
    expect(show({ "image/svg+xml": '<?xml version="1.0"?><svg></svg>', "text/plain": "p" })?.innerHTML).toBe("<svg></svg>");
    expect(show({ "text/markdown": "**a**" })?.querySelector("strong")?.textContent).toBe("a");
    expect(show({ "text/latex": "$x^2$" })?.querySelector("math")).not.toBeNull();
    expect(show({ "application/json": { a: [1] } })?.textContent).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(show({ "text/plain": ["a<b"] })?.textContent).toBe("a<b");
    expect(show({ "application/x-unknown": "?" })?.textContent).toBe("");
  });

  test("shows errors by their traceback, and folds what the notebook hides", () => {
    const error = { output_type: "error", ename: "E", evalue: "no", traceback: ["\x1b[31mE\x1b[0m: no", "  at 1"] } as const;
    expect(page(code("x", { outputs: [error] })).querySelector("pre.error")?.textContent).toBe("E: no\n  at 1");
    const bare = { ...error, traceback: [] };
    expect(page(code("x", { outputs: [bare] })).querySelector("pre.error")?.textContent).toBe("E: no");
    const hidden = { ...code("check()", { outputs: [error] }), metadata: { jupyter: { source_hidden: true, outputs_hidden: true } } };
    expect([...page(hidden).querySelectorAll("details > summary")].map((each) => each.textContent)).toEqual([
      "Code of cell 1",
      "Outputs of cell 1",
    ]);
  });
});
