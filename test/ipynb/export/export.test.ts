import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { afterAll, describe, expect, test } from "vitest";
import { ansiToHtml } from "#kernel-lib/ipynb/export/ansi.js";
import { exportPage } from "#kernel-lib/ipynb/export/export-page.js";
import { highlight } from "#kernel-lib/ipynb/export/highlight.js";
import { markdownToHtml } from "#kernel-lib/ipynb/export/markdown.js";
import { withoutTex } from "#kernel-lib/ipynb/export/tex.js";
import { escapeHtml } from "#kernel-lib/pages/html.js";
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
    expect(shape("text\n$$\n\\frac{a}{b}\n$$\nmore")).toBe("<p>text\nBLOCK\nmore</p>");
    expect(shape("\\begin{align} a &= b \\\\ c &= d \\end{align}")).toBe("<p>BLOCK</p>");
    expect(shape("costs $5 and $10, `$x$` or \\$y$")).toBe("<p>costs $5 and $10, <code>$x$</code> or $y$</p>");
    expect(html("$\\frac{a$")).toContain("temml-error");
  });

  const TEX: readonly (readonly [claim: string, text: string, shown: string])[] = [
    [
      "an environment over lines that Markdown would read",
      "so:\n\\begin{align}\na &= b \\\\\n- c &= a_d*e*f_g\n\\end{align}\nq",
      "<p>so:\nBLOCK\nq</p>",
    ],
    ["$$ over lines, begun within a line", "so $$\na\n+ b\n$$ q", "<p>so BLOCK q</p>"],
    [
      "$$ in a list and in a quotation",
      "- a\n  $$\n  b\n  $$\n\n> $$c$$",
      "<ul>\n<li>a\nBLOCK</li>\n</ul>\n<blockquote>\n<p>BLOCK</p>\n</blockquote>",
    ],
    ["halved backslashes", "\\\\(a\\\\) and \\\\[\nb\n\\\\]", "<p>INLINE and BLOCK</p>"],
    ["single backslashes are Markdown's", "\\(a\\)", "<p>(a)</p>"],
    ["marks of Markdown inside", "*x $a*b$ y* $a_1$ b_2 $c_3$", "<p><em>x INLINE y</em> INLINE b_2 INLINE</p>"],
    [
      "bars in a table",
      "| a |\n|---|\n| $|x|$ |",
      "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody><tr>\n<td>INLINE</td>\n</tr>\n</tbody></table>",
    ],
    ["dollars inside braces", "$a \\text{ if $b$ } c$", "<p>INLINE</p>"],
    ["escaped dollars", "\\$a$ costs \\$5, $\\$5$", "<p>$a$ costs $5, INLINE</p>"],
    ["a blank line ends it", "$a\n\nb$ $$c\n\nd$$", "<p>$a</p>\n<p>b$ $$c</p>\n<p>d$$</p>"],
    ["environments of one kind inside each other", "\\begin{aligned} a \\begin{aligned} b \\end{aligned} c \\end{aligned}", "<p>BLOCK</p>"],
    ["in HTML, not in its tags", '<b title="$a$">$b$</b>\n<!-- $c$ -->', '<p><b title="$a$">INLINE</b></p>\n<!-- $c$ -->'],
    ["not in code of any kind", "`$a$` ``b ` $c$``\n\n    $d$\n\n~~~\n$e$\n```\n$f$\n~~~\n<code>$g$</code>", "CODE"],
  ];

  test.each(TEX)("reads TeX as Jupyter's front ends do: %s", (_claim, text, shown) => {
    const made = html(text).replace(/<math([^>]*)>.*?<\/math>/gs, (_all, how) => (how.includes("block") ? "BLOCK" : "INLINE"));
    if (shown !== "CODE") return expect(made).toBe(shown);
    expect(made).not.toContain("INLINE");
    for (const letter of "acdefg") expect(textOf(made)).toContain(`$${letter}$`);
  });

  test("keeps every text that holds no TeX, code and dollars among it", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", " ", "`", "``", "$5", "\\$", "tex0z", "\n", "{", "}", "\\begin"), { maxLength: 30 }),
        (parts) => {
          const text = parts.join("");
          const { text: rest, restore } = withoutTex(text, "markdown");
          expect(rest).toBe(text);
          expect(restore(escapeHtml(rest))).toBe(escapeHtml(text));
        },
      ),
    ));

  test("reads MathJax's environments and definitions, which hold for later cells", () => {
    for (const name of ["align", "align*", "equation", "gather", "multline", "eqnarray", "flalign", "cases", "pmatrix"])
      expect([name, html(`\\begin{${name}} a \\end{${name}}`)]).toEqual([name, expect.not.stringContaining("temml-error")]);
    const lesson = page(
      markdown("$\\newcommand{\\R}{\\mathbb{R}}\\newcommand{\\pair}[2]{(#1,#2)}\\DeclareMathOperator{\\prox}{prox}\\def\\half{\\tfrac12}$"),
      markdown("$\\R \\pair{a}{b} \\prox \\half$"),
      markdown("$\\renewcommand{\\R}{Q}\\R$"),
    );
    const [first, second, third] = [...lesson.querySelectorAll("section")].map(({ textContent }) => textContent?.trim());
    expect([first, third]).toEqual(["", "Q"]);
    expect(second?.replace(/[\u2061\s]/g, "")).toBe("ℝ(a,b)prox12");
    expect(lesson.querySelector(".temml-error")).toBeNull();
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
    expect(show({ "text/latex": "$\\displaystyle x^2$" })?.querySelector("math")).not.toBeNull();
    expect(show({ "application/json": { a: [1] } })?.textContent).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(show({ "text/plain": ["a<b"] })?.textContent).toBe("a<b");
    expect(show({ "application/x-unknown": "?" })?.textContent).toBe("");
  });

  const shown = (data: Record<string, unknown>, metadata: Record<string, unknown> = {}) =>
    page(code("x", { outputs: [{ output_type: "display_data", data, metadata }] })).querySelector(".output > *");

  test("gives pictures the size that the output's metadata names, and any other one its own", () => {
    const size = (data: Record<string, unknown>, metadata: Record<string, unknown>) => {
      const element = shown(data, metadata);
      return [element?.getAttribute("width"), element?.getAttribute("height"), element?.getAttribute("style")];
    };
    const both = { width: 320, height: 80 };
    for (const type of ["image/png", "image/jpeg", "image/webp", "image/gif"])
      expect(size({ [type]: "AA" }, { [type]: both })).toEqual(["320", "80", "height:auto;aspect-ratio:320/80"]);
    expect(size({ "image/png": "AA" }, { "image/png": { width: 320 } })).toEqual(["320", null, null]);
    expect(size({ "image/png": "AA" }, { "image/png": { height: 80 } })).toEqual([null, "80", "height:80px;object-fit:contain"]);
    expect(size({ "image/png": "AA" }, both)).toEqual(["320", "80", "height:auto;aspect-ratio:320/80"]);
    expect(size({ "image/png": "AA" }, { "image/jpeg": both })).toEqual([null, null, null]);
    expect(size({ "image/png": "AA" }, { "image/png": { width: '1" onload="x', height: -3 } })).toEqual([null, null, null]);
  });

  test("scales an SVG to the size that the metadata names", () => {
    const svg = (text: string, metadata: Record<string, unknown>) =>
      shown({ "image/svg+xml": text }, { "image/svg+xml": metadata })?.outerHTML;
    const style = 'style="height:auto;aspect-ratio:20/10"';
    expect(svg('<svg width="4px" height="2"><a width="1"></a></svg>', { width: 20, height: 10 })).toBe(
      `<svg viewBox="0 0 4 2" width="20" height="10" ${style}><a width="1"></a></svg>`,
    );
    expect(svg('<svg viewBox="0 0 1 1" width="4"></svg>', { width: 20 })).toBe('<svg viewBox="0 0 1 1" width="20"></svg>');
    expect(svg('<svg width="4" height="2"></svg>', {})).toBe('<svg width="4" height="2"></svg>');
  });

  test("shows what \\r and \\b leave of a stream, also over outputs that follow each other, as front ends do", () => {
    const stream = (name: "stdout" | "stderr", ...text: string[]) => ({ output_type: "stream", name, text }) as const;
    const told = (...outputs: ReturnType<typeof stream>[]) =>
      [...page(code("x", { outputs })).querySelectorAll("pre:not(.source)")].map((each) => `${each.className}: ${each.textContent}`);
    expect(told(stream("stdout", "10 %\r", "20 %\r"), stream("stdout", "100 %\n"), stream("stdout", "dx\bone"))).toEqual([
      "stdout: 100 %\ndone",
    ]);
    expect(told(stream("stderr", "50 %"), stream("stdout", "a"), stream("stderr", "\r100 %"))).toEqual([
      "stderr: 50 %",
      "stdout: a",
      "stderr: 100 %",
    ]);
    expect(told(stream("stdout", "\x1b[32m 50 %\x1b[0m"), stream("stdout", "\r\x1b[32m100 %\x1b[0m"))).toEqual(["stdout: 100 %"]);
  });

  test("reads TeX of a result as MathJax does, and leaves the text around it", () => {
    const tex = (text: string) => shown({ "text/latex": text });
    expect(tex("$\\displaystyle x$")?.querySelectorAll("math")).toHaveLength(1);
    expect(tex("\\begin{equation*}\nx\n\\end{equation*}")?.querySelector("math")?.getAttribute("display")).toBe("block");
    expect(tex("a < \\(b\\), \\[c\\]")?.innerHTML.replace(/<math.*?<\/math>/gs, "TEX")).toBe("a &lt; TEX, TEX");
    expect(tex("x^2")?.innerHTML).toBe("x^2");
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
