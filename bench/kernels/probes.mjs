/**
 * @file What the kernels are asked: a feature, the cells that use it, and what must come of them. The same cells run in every kernel, but for words that
 * each kernel has of its own. Every probe has a new kernel, in a folder with the files below.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Files beside the probes' notebook. @type {Readonly<Record<string, string>>} */
export const FILES = {
  "probe.json": '{ "answer": 42 }\n',
  "waits.mjs": "export const value = await Promise.resolve(7);\n",
};

/**
 * @typedef {object} Probe
 * @property {string} feature
 * @property {(session: import("./session.mjs").Session) => Promise<boolean | string>} try whether the kernel has it, or a text for the table
 */

/** Cells, the last of which must end well and print all these texts. @param {string} feature @param {readonly string[]} cells @param {...string} texts @returns {Probe} */
const prints = (feature, cells, ...texts) => ({
  feature,
  async try({ cell }) {
    let last;
    for (const code of cells) last = await cell(code);
    return last?.status === "ok" && texts.every((text) => last.printed.includes(text));
  },
});

const LINES = 20_000;
const ENDLESS = 'console.log("begun"); for (;;);';
const WAITS = 'console.log("begun"); await new Promise((resolve) => setTimeout(resolve, 1e9));';

/** Whether the kernel answers an interrupted cell, and then runs another that prints this text. */
const interrupts = (
  /** @type {string} */ feature,
  /** @type {string} */ before,
  /** @type {string} */ code,
  /** @type {string} */ after,
) => ({
  feature,
  async try(/** @type {import("./session.mjs").Session} */ { cell, interrupted }) {
    await cell(before);
    const stopped = await interrupted(code, "begun");
    if (!stopped.printed.includes("begun") || stopped.status === "unanswered") return false;
    return (await cell(after)).printed.includes("still 5");
  },
});

/** The forms of what a cell showed. @param {import("./session.mjs").Ran} ran @param {string} type */
const shown = ({ published }, type) =>
  published
    .filter((each) => each.type === type)
    .map(({ content }) => ({
      html: String(/** @type {Record<string, unknown> | undefined} */ (content.data)?.["text/html"] ?? ""),
      id: /** @type {Record<string, unknown> | undefined} */ (content.transient)?.display_id,
    }));

/** @type {readonly Probe[]} */
const LANGUAGE = [
  {
    feature: "compiler",
    async try({ info, kernel }) {
      const { name, version } = /** @type {Record<string, unknown>} */ (info.language_info);
      return name === "typescript" ? `TypeScript ${kernel.typescript ?? version}` : `none, ${name}`;
    },
  },
  prints("types in cells", ["const typed: number = 5;", 'console.log("typed", typed)'], "typed 5"),
  {
    feature: "a type error is found before the cell runs",
    async try({ cell }) {
      const right = await cell("const right: number = 5;");
      const wrong = await cell('console.log("ran"); const wrong: number = "text";');
      return right.status === "ok" && wrong.status === "error" && !/^ran$/m.test(wrong.printed);
    },
  },
  prints(
    "`using`",
    ['{ using resource = { [Symbol.dispose]() { console.log("disposed"); } }; console.log("used", typeof resource); }'],
    "used object\ndisposed",
  ),
  prints(
    "standard decorators",
    ['function seen(method, context) { console.log("decorates", context.kind, context.name); }\nclass Decorated { @seen go() {} }'],
    "decorates method go",
  ),
  prints("import attributes", ['import data from "./probe.json" with { type: "json" };\nconsole.log("answer", data.answer);'], "answer 42"),
  prints(
    "top-level `await`",
    ['const late = await new Promise((resolve) => setTimeout(() => resolve(5), 20));\nconsole.log("late", late);'],
    "late 5",
  ),
  prints("top-level `for await`", ['for await (const each of [Promise.resolve(5)]) console.log("each", each);'], "each 5"),
  prints("`export` declares", ["export const shared = 5;", 'console.log("shared", shared);'], "shared 5"),
  prints(
    "`import()` of a module with top-level `await`",
    ['const loaded = await import("./waits.mjs");\nconsole.log("value", loaded.value);'],
    "value 7",
  ),
  prints("`import.meta.dirname` is the notebook's folder", ['console.log("same", import.meta.dirname === process.cwd());'], "same true"),
  prints("`__dirname` is the notebook's folder", ['console.log("same", __dirname === process.cwd());'], "same true"),
];

/** @type {readonly Probe[]} */
const SCOPE = [
  prints(
    "functions see what later cells assign",
    ["let counter = 1; function readCounter() { return counter; }", "counter = 5;", 'console.log("seen", readCounter());'],
    "seen 5",
  ),
  prints(
    "functions see what later cells declare anew",
    ["const size = 1; function readSize() { return size; }", "const size = 5;", 'console.log("seen", readSize());'],
    "seen 5",
  ),
  prints(
    "a name is declared anew with another type",
    ["const thing = 1;", 'const thing = "text";\nconsole.log(thing.toUpperCase());'],
    "TEXT",
  ),
  prints(
    "a cell that throws keeps what it declared",
    ['const before = 5; throw new Error("no");', 'console.log("kept", before);'],
    "kept 5",
  ),
  prints(
    '`import "veduta"` from any folder',
    ['import { createRng } from "veduta";\nconsole.log("found", typeof createRng);'],
    "found function",
  ),
];

/** @type {readonly Probe[]} */
const OUTPUT = [
  prints("what a timer prints after its cell has ended arrives", ['setTimeout(() => console.log("later"), 200);'], "later"),
  {
    feature: `${LINES.toLocaleString("en")} lines of one loop arrive, three times`,
    async try({ cell }) {
      let least = LINES;
      for (let time = 0; time < 3; time++) {
        const { printed } = await cell(`for (let i = 0; i < ${LINES}; i++) console.log(i);`, 3000);
        least = Math.min(least, printed.split("\n").length - 1);
      }
      return least === LINES || `at least ${least.toLocaleString("en")} of them`;
    },
  },
  {
    feature: "an error is sent as Jupyter's `error`",
    async try({ cell }) {
      const { published } = await cell('throw new RangeError("no");');
      return published.some(({ type, content }) => type === "error" && content.ename === "RangeError" && content.evalue === "no");
    },
  },
  {
    feature: "a cell right after one that failed runs",
    async try({ ask }) {
      const failing = ask("execute_request", { code: 'throw new Error("no");', stop_on_error: false });
      const next = ask("execute_request", { code: "1", stop_on_error: false });
      await failing;
      return (await next)?.status === "ok";
    },
  },
  {
    feature: "rich output",
    async try({ cell, kernel }) {
      const ran = await cell(kernel.words.html);
      return [...shown(ran, "display_data"), ...shown(ran, "execute_result")].some(({ html }) => html === "<b>rich</b>");
    },
  },
  {
    feature: "an output that changes in place",
    async try({ cell, kernel }) {
      const ran = await cell(kernel.words.update);
      const [first] = shown(ran, "display_data");
      const [second] = shown(ran, "update_display_data");
      return first?.html === "one" && second?.html === "two" && first.id !== undefined && first.id === second.id;
    },
  },
  {
    feature: "a control whose value a page changes",
    async try({ cell, say, kernel }) {
      if (kernel.words.control === undefined) return "no such control";
      const { published } = await cell(kernel.words.control);
      const id = published.find(({ type }) => type === "comm_open")?.content.comm_id;
      say("comm_msg", { comm_id: id, data: { method: "update", state: { value: 7 }, buffer_paths: [] } });
      await sleep(300);
      return (await cell('console.log("value", control.value);')).printed.includes("value 7");
    },
  },
];

/** @type {readonly Probe[]} */
const KEYS = [
  interrupts("interrupt: an endless loop", "0", ENDLESS, 'console.log("still 5");'),
  interrupts("interrupt: an `await` without end", "0", WAITS, 'console.log("still 5");'),
  interrupts("what was declared stays after an interrupt", "let kept = 5;", ENDLESS, 'console.log("still", kept);'),
  {
    feature: "an interrupted loop of `await`s ends",
    async try({ cell, interrupted }) {
      await cell("let turns = 0;");
      const { status, printed } = await interrupted(
        'console.log("begun"); for (;;) { await new Promise((resolve) => setTimeout(resolve, 20)); turns++; }',
        "begun",
      );
      if (!printed.includes("begun") || status === "unanswered") return false;
      const turns = async () => /turns (\d+)/.exec((await cell('console.log("turns", turns);')).printed)?.[1];
      const first = await turns();
      await sleep(500);
      return first !== undefined && first === (await turns());
    },
  },
  {
    feature: "completion",
    async try({ cell, ask }) {
      await cell("const numbers = [1, 2];");
      const code = "numbers.fil";
      const reply = await ask("complete_request", { code, cursor_pos: code.length });
      return Array.isArray(reply?.matches) && reply.matches.some((match) => /fill|filter/.test(String(match)));
    },
  },
  {
    feature: "inspection says a name's type",
    async try({ cell, ask }) {
      await cell("const numbers = [1, 2];");
      const reply = await ask("inspect_request", { code: "numbers", cursor_pos: 3, detail_level: 0 });
      return reply?.found === true && JSON.stringify(reply.data).includes("number[]");
    },
  },
  {
    feature: "an unfinished cell is known as such",
    async try({ ask }) {
      return (await ask("is_complete_request", { code: "for (const a of [1]) {" }))?.status === "incomplete";
    },
  },
];

/** @type {readonly Probe[]} */
export const PROBES = [...LANGUAGE, ...SCOPE, ...OUTPUT, ...KEYS];
